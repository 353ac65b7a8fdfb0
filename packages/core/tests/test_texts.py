"""Texts that commands read, from files of any format that has them."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

import spanloom
from spanloom import Doc, Pipeline
from spanloom.corpora.corpus import read_docs
from spanloom.corpora.texts import read_texts
from spanloom.errors import DataError, FormatError, MissingFileError
from spanloom.tokens.storage.docfile import write_docs


@pytest.fixture
def nlp() -> Pipeline:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp


def test_sources(nlp: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("One.\nTwo.\n\n", "utf8")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'"Three."\n\n{"text": "Four."}\n'))
    (tmp_path / "c.md").write_text("not read", "utf8")
    write_docs(tmp_path / "d.loom", [nlp("One.\nTwo.\n")])
    texts = [each.text if isinstance(each, Doc) else each for each in read_texts(tmp_path, nlp)]
    assert texts == ["One.\nTwo.\n", "Three.", "Four.", "One.\nTwo.\n"]
    assert list(read_texts(tmp_path / "a.txt", nlp, lines=True)) == ["One.", "Two."]
    monkeypatch.setattr("sys.stdin", io.StringIO("Said. So.\n\nSeen. So.\n"))
    assert list(read_texts("-", nlp, lines=True)) == ["Said. So.", "Seen. So."]


def test_what_cannot_be_read_is_named(nlp: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\n{"txt": "b"}\n')
    with pytest.raises(FormatError, match="line 2: has no text at 'text'"):
        list(read_texts(tmp_path / "bad.jsonl", nlp))
    (tmp_path / "bad.jsonl").write_text("{")
    with pytest.raises(FormatError, match="line 1: isn't valid JSON"):
        list(read_texts(tmp_path / "bad.jsonl", nlp))
    with pytest.raises(MissingFileError):
        list(read_texts(tmp_path / "none.txt", nlp))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="contains no texts"):
        list(read_texts(tmp_path / "empty", nlp))


def test_documents_of_a_folder_are_read(nlp: Pipeline, tmp_path: Path) -> None:
    for name in ("two", "one"):
        write_docs(tmp_path / f"{name}.loom", [nlp(f"Said {name}. So.")])
    docs = list(read_docs(tmp_path, nlp.vocab))
    assert [doc.text for doc in docs] == ["Said one. So.", "Said two. So."]
    assert all(len(list(doc.sents)) == 2 for doc in docs)
