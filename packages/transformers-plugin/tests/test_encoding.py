"""Encoders of texts: each text alone, whatever stands beside it."""

from __future__ import annotations

import numpy as np
import pytest

import spanloom
from spanloom.errors import ConfigError, PipelineError
from spanloom.vocab.encoding import TextEncoder, open_encoder

WORDS = ["fox", "unbelievable", "Köln", "a", "internationalization", "dogs"]
KINDS = ["bert", "deberta", "distilbert", "roberta", "t5", "xlmr"]


def alone(folder: str, text: str) -> tuple[np.ndarray, int, int]:
    """The last layer for one text by transformers alone, and how many special pieces it has at
    its start and its end."""
    import torch
    from transformers import AutoModel, AutoModelForTextEncoding, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    whole = tokenizer(text)["input_ids"]
    bare = tokenizer(text, add_special_tokens=False)["input_ids"]
    prefix = next(i for i in range(len(whole)) if whole[i : i + len(bare)] == bare)
    kind = AutoModelForTextEncoding if "t5" in folder else AutoModel
    model = kind.from_pretrained(folder).eval()
    with torch.inference_mode():
        last = model(input_ids=torch.tensor([whole]))[0][0].numpy()
    return last, prefix, len(whole) - len(bare) - prefix


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_those_of_each_text_alone(folder, kind):
    encoders = {
        pooling: open_encoder(folder(kind), pooling=pooling)
        for pooling in ("pieces", "all", "first")
    }
    found = {pooling: encoder.encode(WORDS) for pooling, encoder in encoders.items()}
    for i, word in enumerate(WORDS):
        last, prefix, suffix = alone(folder(kind), word)
        inner = last[prefix : len(last) - suffix]
        np.testing.assert_allclose(found["pieces"][i], inner.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(found["all"][i], last.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(found["first"][i], last[0], atol=1e-5)


def test_it_is_what_core_asks_for(folder):
    encoder = open_encoder(folder("bert"))
    assert isinstance(encoder, TextEncoder)
    found = encoder.encode(WORDS)
    assert found.dtype == np.float32 and found.shape == (len(WORDS), encoder.width)
    np.testing.assert_array_equal(found, encoder.encode(WORDS))
    assert encoder.encode([]).shape == (0, encoder.width)


def test_what_has_no_pieces_has_zeros(folder):
    found = open_encoder(folder("bert")).encode(["fox", "", " \n", "dogs"])
    assert found.any(axis=1).tolist() == [True, False, False, True]
    assert not open_encoder(folder("bert")).encode([" "]).any()


def test_long_texts_are_cut_and_averaged(folder):
    assert len(alone(folder("bert"), "a")[0]) == 3  # one piece and two special ones
    room = 64 - 2  # of the tiny model's positions
    texts = [" ".join(["a"] * count) for count in (room, 3 * room, room + 10, 10)]
    full, three, more, ten = open_encoder(folder("bert")).encode(texts)
    np.testing.assert_allclose(three, full, atol=1e-5)
    np.testing.assert_allclose(more, (room * full + 10 * ten) / (room + 10), atol=1e-5)


def test_many_characters_go_through_in_parts(folder, monkeypatch):
    encoder = open_encoder(folder("bert"))
    whole = encoder.encode(WORDS * 3)
    monkeypatch.setattr("spanloom_transformers.encoding._CHARACTERS", 10)
    np.testing.assert_allclose(encoder.encode(WORDS * 3), whole, atol=1e-6)


def test_the_transformer_of_a_pipeline(build, folder, tmp_path):
    nlp = build()
    expected = open_encoder(folder("bert")).encode(WORDS)
    np.testing.assert_allclose(open_encoder(nlp).encode(WORDS), expected, atol=1e-6)
    nlp.to_disk(tmp_path / "saved")
    np.testing.assert_allclose(open_encoder(tmp_path / "saved").encode(WORDS), expected, atol=1e-6)


def test_errors_are_said(tmp_path):
    with pytest.raises(PipelineError, match="no transformer"):
        open_encoder(spanloom.blank("en"))
    with pytest.raises(ConfigError, match="device"):
        open_encoder(spanloom.blank("en"), device="cuda:0")
    with pytest.raises(ConfigError, match="pooling"):
        open_encoder(tmp_path, pooling="median")
    with pytest.raises(ConfigError, match="can't load a model"):
        open_encoder(tmp_path)
