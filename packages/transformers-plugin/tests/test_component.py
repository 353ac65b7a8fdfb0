"""The transformer component: what it leaves on documents, batches, long texts, devices."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom.errors import ConfigError, DataError, MissingFileError
from spanloom_onnx.vectors import token_vectors
from spanloom_transformers import TransformerData, embedding

from .support import TEXTS, WIDTH, transformer_block

KINDS = ["bert", "deberta", "distilbert", "roberta", "t5", "xlmr"]
LONG = "internationalization of words " * 60


def vectors(nlp: Any, text: str) -> np.ndarray:
    return token_vectors(nlp(text))


@pytest.mark.parametrize("kind", KINDS)
def test_output_is_that_of_the_model_itself(kind: str, build: Any) -> None:
    import torch

    nlp = build(kind, heads=())
    shim = nlp.get_pipe("transformer").model.shims[0]
    text = "The quick brown fox isn't in Köln."
    data = nlp(text)._.trf_data
    ids = shim.tokenizer.encode([text]).ids.tolist()
    whole = [*shim.tokenizer.prefix.tolist(), *ids, *shim.tokenizer.suffix.tolist()]
    assert data.pieces.ids.tolist() == whole
    with torch.no_grad():
        expected = shim.module(torch.tensor([whole])).last_hidden_state[0].numpy()
    np.testing.assert_allclose(data.tensors[-1], expected, atol=1e-5)
    assert data.width == WIDTH and data.tensors[-1].dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_its_documents_give(kind: str, build: Any) -> None:
    nlp = build(kind, heads=())
    texts = [*TEXTS[:6], LONG, "", " ", "One"]
    for doc, text in zip(list(nlp.pipe(texts, batch_size=16)), texts):
        np.testing.assert_allclose(token_vectors(doc), vectors(nlp, text), atol=2e-5)
        assert token_vectors(doc).shape == (len(doc), WIDTH)


@pytest.mark.parametrize("empty", ["", " ", "\n\n"])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_empty_documents_change_no_bit_of_the_others(empty: str, place: int, build: Any) -> None:
    nlp = build()
    texts = TEXTS[:4]
    plain = list(nlp.pipe(texts))
    mixed = list(nlp.pipe([*texts[:place], empty, *texts[place:]]))
    del mixed[place]
    for one, two in zip(plain, mixed):
        assert np.array_equal(one._.trf_data.tensors[-1], two._.trf_data.tensors[-1])
        assert [token.tag_ for token in one] == [token.tag_ for token in two]


@pytest.mark.parametrize("kind", KINDS)
def test_long_texts_are_cut_into_windows(kind: str, build: Any) -> None:
    nlp = build(kind, heads=(), window=32)
    shim = nlp.get_pipe("transformer").model.shims[0]
    assert shim.limit == 32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doc = nlp(LONG)
    data = doc._.trf_data
    assert len(data.pieces) > 32 and len(data.pieces.lengths) == 1
    assert np.isfinite(data.tensors[-1]).all()
    assert (token_vectors(doc) != 0).any(axis=1)[:-1].all()
    assert not data.truncated


@pytest.mark.parametrize(("kind", "limit"), [("bert", 64), ("roberta", 64), ("xlmr", 64)])
def test_the_limit_is_the_models_not_the_tokenizers(kind: str, limit: int, build: Any) -> None:
    shim = build(kind, heads=()).get_pipe("transformer").model.shims[0]
    assert shim.tokenizer.tokenizer.model_max_length > 10**6
    assert shim.limit == limit


def test_one_word_longer_than_a_window(build: Any) -> None:
    nlp = build("roberta", heads=())
    word = "contact" * 400
    doc = nlp(f"See {word} now")
    assert doc[1].text == word and len(doc._.trf_data.align[1]) > 64
    assert np.isfinite(token_vectors(doc)).all()
    assert np.isfinite(vectors(nlp, "It still works.")).all()


def test_both_sides_of_much_white_space_are_seen_alike(build: Any) -> None:
    nlp = build()
    text = "My name is robert"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doc = nlp(text + " \r\n " * 1000 + text)
    tags = [token.tag_ for token in doc if not token.is_space]
    assert tags[:4] == tags[4:]
    assert len(doc._.trf_data.pieces) == 2 * len(nlp(text)._.trf_data.pieces) - 2


def test_windows_agree_with_the_whole_where_they_can(build: Any) -> None:
    """A piece far from the ends of its window has nearly the vector that the whole text gives."""
    text = "the quick brown fox jumps over the lazy dog " * 2
    whole = vectors(build(heads=()), text)
    cut = vectors(build(heads=(), window=24, overlap=0.5), text)
    assert whole.shape == cut.shape
    cosines = (whole * cut).sum(1) / np.linalg.norm(whole, axis=1) / np.linalg.norm(cut, axis=1)
    assert np.median(cosines) > 0.6


def test_truncation_is_reported_with_the_document(build: Any) -> None:
    nlp = build(heads=(), overflow="truncate")
    short, long = nlp.pipe([TEXTS[0], LONG])
    assert short._.trf_data.truncated == ()
    (cut,) = long._.trf_data.truncated
    lengths = long._.trf_data.align.lengths
    assert len(long._.trf_data.pieces) == 64
    assert cut.pieces > 0 and cut.end == len(LONG.rstrip())
    assert abs(cut.tokens - int((lengths == 0).sum())) <= 1
    assert not token_vectors(long)[-1].any()
    again = TransformerData.from_bytes(long._.trf_data.to_bytes())
    assert again.truncated == long._.trf_data.truncated


def test_overflow_can_be_an_error(build: Any) -> None:
    nlp = build(heads=(), overflow="error")
    nlp(TEXTS[0])
    with pytest.raises(DataError, match="word pieces, and the model takes 62"):
        nlp(LONG)
    with pytest.raises(ConfigError, match="overflow"):
        build(overflow="ignore")


def test_keep_chooses_what_stays_on_documents(build: Any) -> None:
    text = TEXTS[1]
    last = build(heads=())(text)
    assert len(last._.trf_data.tensors) == 1
    assert build(keep="none")(text)._.trf_data is None
    pooled = build(heads=(), keep="pooled")(text)
    np.testing.assert_allclose(pooled._.trf_data.tensors[0], token_vectors(last), atol=1e-6)
    every = build(heads=(), keep="all", transformer_config={"output_hidden_states": True})(text)
    assert len(every._.trf_data.tensors) == 3
    np.testing.assert_allclose(every._.trf_data.tensors[-1], last._.trf_data.tensors[0], atol=1e-6)


def test_kept_data_holds_nothing_of_the_batch(build: Any) -> None:
    nlp = build(heads=())
    for doc in nlp.pipe(TEXTS[:4]):
        (tensor,) = doc._.trf_data.tensors
        assert isinstance(tensor, np.ndarray) and tensor.base is None


def test_data_as_bytes(build: Any) -> None:
    data = build(heads=())(TEXTS[1])._.trf_data
    again = TransformerData.from_bytes(data.to_bytes())
    assert np.array_equal(again.tensors[0], data.tensors[0])
    assert again.pieces.strings == data.pieces.strings
    assert again.align.rows.tolist() == data.align.rows.tolist()


def test_embedding_of_documents_spans_and_tokens(build: Any) -> None:
    nlp = build(heads=(), get_spans={"@span_getters": "spanloom.strided_spans.v1", "window": 4,
                                     "stride": 2})  # fmt: skip
    doc = nlp(TEXTS[1])
    data = doc._.trf_data
    token = embedding(doc[3])
    np.testing.assert_allclose(token, data.tensors[0][data.align[3]].mean(axis=0), atol=1e-5)
    assert embedding(doc).shape == embedding(doc[2:5]).shape == (WIDTH,)
    assert embedding([doc, doc[1:2], doc[0]]).shape == (3, WIDTH)
    first, last = embedding(doc[2:4], pool="first"), embedding(doc[2:4], pool="last")
    assert not np.allclose(first, last)
    assert embedding(doc, pool=lambda rows: rows.min(axis=0)).shape == (WIDTH,)
    starts = [0, *np.cumsum(data.pieces.lengths)[:-1].tolist()]
    np.testing.assert_allclose(
        embedding(doc, pool="cls"), data.tensors[0][starts].mean(axis=0), atol=1e-6
    )
    with pytest.raises(DataError, match="wasn't kept"):
        embedding(doc, layer=-2)
    with pytest.raises(DataError, match="no pooling 'middle'"):
        embedding(doc, pool="middle")
    with pytest.raises(DataError, match="no transformer has left"):
        embedding(spanloom.blank("en")("text"))


def test_embedding_follows_tokens_that_were_merged_or_split(build: Any) -> None:
    doc = build(heads=())(TEXTS[0])
    before = embedding(doc[1:3])
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[1:3])
    np.testing.assert_allclose(embedding(doc[1]), before, atol=1e-6)
    assert doc[1].text == "quick brown"


def test_vector_hooks(build: Any) -> None:
    nlp = build(heads=(), vector_hooks=True)
    one, two = nlp.pipe([TEXTS[0], TEXTS[1]])
    np.testing.assert_allclose(one.vector, embedding(one))
    np.testing.assert_allclose(one[2].vector, embedding(one[2]))
    assert one.has_vector and one[0:2].has_vector
    assert one.similarity(one) == pytest.approx(1.0, abs=1e-5)
    assert -1 <= one[1:3].similarity(two) < 1


def test_sentences_as_spans(build: Any) -> None:
    nlp = build(heads=(), get_spans={"@span_getters": "spacy-transformers.sent_spans.v1"})
    text = "The fox jumps. It is lazy."
    with pytest.warns(UserWarning, match="without sentence boundaries"):
        assert len(nlp(text)._.trf_data.pieces.lengths) == 1
    nlp.add_pipe("sentencizer", first=True)
    assert len(nlp(text)._.trf_data.pieces.lengths) == 2
    assert len(nlp("fox " * 200)._.trf_data.pieces) > 64  # a sentence that is too long


def test_many_threads_agree_with_one(build: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    nlp = build()
    texts = TEXTS[:6] * 8
    serial = [token_vectors(nlp(text)) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for one, two in zip(serial, pool.map(lambda text: vectors(nlp, text), texts)):
            np.testing.assert_allclose(one, two, atol=1e-6)


def test_out_of_memory_halves_the_budget(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    nlp = build(heads=())
    module = nlp.get_pipe("transformer").model.shims[0].module
    expected = [token_vectors(doc) for doc in nlp.pipe((TEXTS * 2)[:8])]
    sizes = []
    original = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        if kwargs["input_ids"].numel() > 64:
            raise torch.OutOfMemoryError("out of memory")
        sizes.append(kwargs["input_ids"].numel())
        return original(*args, **kwargs)

    monkeypatch.setattr(module, "forward", forward)
    for doc, vector in zip(nlp.pipe((TEXTS * 2)[:8]), expected):
        np.testing.assert_allclose(token_vectors(doc), vector, atol=1e-5)
    assert len(sizes) > 1


def test_global_defaults_of_torch_stay(build: Any) -> None:
    import torch

    before = torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()
    build()(TEXTS[0])
    assert before == (
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
    )


def test_without_weights_the_error_says_what_to_do(folder: Any) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(folder("bert")))
    with pytest.raises(MissingFileError, match=r"nlp.initialize\(\)"):
        nlp("text")


def test_unknown_model(tmp_path: Any) -> None:
    nlp = spanloom.blank("en")
    (tmp_path / "empty").mkdir()
    nlp.add_pipe("transformer", config=transformer_block(str(tmp_path / "empty")))
    with pytest.raises(ConfigError, match="can't load a model from"):
        nlp.initialize()


def test_names_and_splitter_import_no_torch() -> None:
    code = (
        "import sys, spanloom, spanloom_transformers, spanloom_onnx.token_splitter;"
        "spanloom_transformers.get_doc_spans; nlp = spanloom.blank('en');"
        "nlp.add_pipe('token_splitter');"
        "assert not {'torch', 'transformers'} & set(sys.modules), 'torch is imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
