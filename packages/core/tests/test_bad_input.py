"""Texts that are no usual texts, given to a trained pipeline. Bad configs, corpora and saves have
their tests in test_config_*.py, test_training.py and test_cli_commands.py."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spanloom
from spanloom import Pipeline
from spanloom.errors import ConfigError, MissingFileError, SerializationError, SpanloomError
from spanloom.examples.example import Example
from spanloom.tokens import Doc

from .support import save_trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trained pipeline."""
    root = tmp_path_factory.mktemp("trained")
    return save_trained(root, "tagger", "morphologizer", "senter", steps=4)


@pytest.fixture(scope="module")
def nlp(folder: Path) -> Pipeline:
    return spanloom.load(folder)


@pytest.mark.parametrize(
    "text", ["", " ", "   ", "\n", "\n \t\n", "\u3000", "\x00", "\u200b", "\ufeff"]
)
def test_empty_and_whitespace_texts(nlp: Pipeline, text: str) -> None:
    for doc in (nlp(text), *nlp.pipe([text, "Dogs run.", text])):
        assert doc.text in (text, "Dogs run.")
        assert len(list(doc.sents)) == bool(len(doc))
        assert all(isinstance(token.tag_, str) for token in doc)


@given(st.text(max_size=40))
def test_any_text_is_annotated_and_comes_back(nlp: Pipeline, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert "".join(token.text_with_ws for token in doc) == text
    assert "".join(sentence.text_with_ws for sentence in doc.sents) == text


def test_a_text_of_a_megabyte(nlp: Pipeline) -> None:
    text = "Dogs run quickly past 10 cats' houses, don't they? " * 20_000
    start = time.process_time()
    doc = nlp(text)
    assert doc.text == text and len(text) > 1_000_000
    assert time.process_time() - start < 60
    assert len(list(doc.sents)) >= 1


def test_a_word_of_a_megabyte(nlp: Pipeline) -> None:
    text = "a" * 1_000_000
    assert nlp(text).text == text


def test_what_is_no_text_is_an_error(nlp: Pipeline) -> None:
    for thing in (None, 3, b"bytes", ["list"]):
        with pytest.raises((SpanloomError, TypeError)):
            nlp(thing)  # type: ignore[arg-type]


def test_evaluation_of_empty_and_bare_documents(nlp: Pipeline) -> None:
    bare = [Example(nlp.make_doc(text), nlp.make_doc(text)) for text in ("", " ", "Dogs run.")]
    scores = nlp.evaluate(bare)
    assert scores["tag_acc"] is None and scores["sents_f"] is None and scores["token_f"] == 1.0
    empty = nlp.evaluate([])
    assert empty["tag_acc"] is None and empty["token_f"] is None


def test_a_reference_of_another_text_is_an_error(nlp: Pipeline) -> None:
    reference = Doc(nlp.vocab, words=["Something", "else"], spaces=[True, False], tags=["X", "Y"])
    with pytest.raises(SpanloomError):
        nlp.evaluate([Example(nlp.make_doc("Dogs run."), reference)])


def test_a_saved_pipeline_that_was_damaged(folder: Path, tmp_path: Path) -> None:
    def damaged(name: str, content: bytes | None) -> Path:
        copy = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(folder, copy)
        if content is None:
            (copy / name).unlink()
        else:
            (copy / name).write_bytes(content)
        return copy

    with pytest.raises(MissingFileError, match="config"):
        spanloom.load(damaged("config.cfg", None))
    with pytest.raises(ConfigError, match="line 1"):
        spanloom.load(damaged("config.cfg", b"not a config"))
    with pytest.raises(SerializationError, match="meta.json"):
        spanloom.load(damaged("meta.json", b"{"))
    with pytest.raises(SpanloomError, match="tagger"):
        spanloom.load(damaged("tagger/model", b"garbage"))
    with pytest.raises(MissingFileError, match="nowhere"):
        spanloom.load(tmp_path / "nowhere")
