"""Pipelines with transformers that spaCy saved say here what they say there, without spaCy.
``make_saved_by_spacy.py`` made them."""

from __future__ import annotations

import importlib.util
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import srsly
import torch

import spanloom
from spanloom import Pipeline
from spanloom.errors import ConfigError, PipelineError, SerializationError, SpanloomError
from spanloom_spacy import to_spacy

from .make_saved_by_spacy import PIPELINES, TARGET, TEXTS, said


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    with tarfile.open(TARGET) as archive:
        archive.extractall(folder, filter="data")
    return folder


def check(nlp: Pipeline, expected: list[dict[str, Any]], *, together: bool) -> None:
    docs = list(nlp.pipe(TEXTS)) if together else list(map(nlp, TEXTS))
    tagger = nlp.get_pipe("tagger")
    for doc, theirs in zip(docs, expected, strict=True):
        (vectors,) = tagger.model.get_ref("tok2vec").predict(tagger.ready([doc]))
        ours = said(doc, vectors)
        assert np.allclose(ours.pop("vectors"), theirs["vectors"], atol=1e-5), doc.text
        assert ours == {key: theirs[key] for key in ours}


@pytest.mark.parametrize("name", PIPELINES)
def test_it_says_what_it_says_in_spacy(tmp_path: Path, saved: Path, name: str) -> None:
    if name == "curated_xlmr":
        pytest.importorskip("sentencepiece")
    expected = json.loads((saved / f"{name}.json").read_text("utf8"))
    nlp = spanloom.load(saved / name)
    for together in (True, False):
        check(nlp, expected, together=together)
    nlp.to_disk(tmp_path / "ours")
    check(spanloom.load(tmp_path / "ours"), expected, together=True)
    if name.startswith("curated"):
        with pytest.raises(PipelineError, match="spacy-transformers can't have"):
            to_spacy(nlp, tmp_path / "theirs")
        return
    to_spacy(nlp, tmp_path / "theirs")
    check(spanloom.load(tmp_path / "theirs"), expected, together=True)


class Evil:
    """Would leave a file behind if anything unpickled it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_weights_are_never_unpickled(tmp_path: Path, saved: Path) -> None:
    file = saved / "bert" / "transformer" / "model"
    before = file.read_bytes()
    message = srsly.msgpack_loads(before)
    inner = srsly.msgpack_loads(message["shims"][1][0])
    torch.save({"embeddings.word_embeddings.weight": Evil(tmp_path / "ran")}, tmp_path / "evil")
    inner["state"] = (tmp_path / "evil").read_bytes()
    message["shims"][1][0] = srsly.msgpack_dumps(inner)
    file.write_bytes(srsly.msgpack_dumps(message))
    try:
        with pytest.raises(SerializationError, match="no tensors by name"):
            spanloom.load(saved / "bert")
    finally:
        file.write_bytes(before)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["bert", "curated_bert"])
@pytest.mark.parametrize("part", ["transformer/model", "tagger/model"])
@pytest.mark.parametrize("damage", ["short", "flipped"])
def test_damaged_parts_are_our_errors(saved: Path, name: str, part: str, damage: str) -> None:
    (first, _, last) = part.partition("/")
    found = sorted((saved / name).glob(f"*{first}/{last}"))
    before = found[0].read_bytes()
    data = bytearray(before)
    if damage == "short":
        data = data[: len(data) // 2]
    else:
        for at in range(0, len(data), max(1, len(data) // 50)):
            data[at] ^= 0x55
    found[0].write_bytes(data)
    try:
        spanloom.load(saved / name)(TEXTS[0])
    except SpanloomError:
        pass
    else:
        assert damage == "flipped"  # a flipped weight is a weight
    finally:
        found[0].write_bytes(before)


def test_pieces_that_need_a_package_name_it(saved: Path) -> None:
    if importlib.util.find_spec("sentencepiece"):
        pytest.skip("it is installed")
    with pytest.raises(ConfigError, match=r"spanloom-transformers\[sentencepiece\]"):
        spanloom.load(saved / "curated_xlmr")


def test_the_rest_loads_without_the_transformer(saved: Path) -> None:
    nlp = spanloom.load(saved / "bert", exclude=["transformer", "tagger", "ner"])
    assert nlp("It works.").words == ["It", "works", "."]
