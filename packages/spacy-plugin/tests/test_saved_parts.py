"""Every kind of component that spaCy saves, in tiny pipelines: what it says there, it says here.
``make_saved_parts.py`` made them."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spanloom
from spanloom import Pipeline
from spanloom.errors import PipelineError, SerializationError
from spanloom_spacy import to_spacy

from .make_saved_parts import PIPELINES, TARGET, TEXTS, said

pytest.importorskip("spanloom_tasks")
pytest.importorskip("spanloom_vectors")

Load = Callable[[str], Pipeline]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    with tarfile.open(TARGET) as archive:
        archive.extractall(folder, filter="data")
    return folder


def check(nlp: Pipeline, expected: list[dict[str, Any]], *, together: bool) -> None:
    docs = list(nlp.pipe(TEXTS)) if together else list(map(nlp, TEXTS))
    for doc, theirs in zip(docs, expected, strict=True):
        ours = json.loads(json.dumps(said(doc)))
        for key in ("scores", "vectors"):
            assert ours.pop(key) == pytest.approx(theirs[key], abs=1e-5), (doc.text, key)
        assert ours == {key: theirs[key] for key in ours}, doc.text


@pytest.mark.parametrize("name", PIPELINES)
def test_it_says_what_it_says_in_spacy(tmp_path: Path, saved: Path, name: str) -> None:
    expected = json.loads((saved / f"{name}.json").read_text("utf8"))
    nlp = spanloom.load(saved / name)
    for together in (True, False):
        check(nlp, expected, together=together)
    nlp.to_disk(tmp_path / "ours")
    check(spanloom.load(tmp_path / "ours"), expected, together=True)
    to_spacy(nlp, tmp_path / "theirs")
    check(spanloom.load(tmp_path / "theirs"), expected, together=True)


def test_a_classifier_takes_more_labels_and_the_old_keep_their_scores(saved: Path) -> None:
    names = json.loads((saved / "texts" / "meta.json").read_text("utf8"))["pipeline"]
    nlp = spanloom.load(saved / "texts", exclude=[name for name in names if name != "cnn2_many"])
    before = dict(nlp(TEXTS[0]).cats)
    nlp.get_pipe("cnn2_many").add_label("new")
    after = nlp(TEXTS[0]).cats
    assert after.pop("new") < 0.01
    assert after == pytest.approx(before)


def test_a_sentencizer_of_ours_is_not_written_as_spacys(tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    with pytest.raises(PipelineError, match="system = 'spacy'"):
        to_spacy(nlp, tmp_path / "it")


def test_a_sentence_begins_with_white_space_where_spacys_sentencizer_says_so() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer", config={"system": "spacy"})
    doc = nlp('It works.  "Well," she said.')
    assert [sent.text for sent in doc.sents] == ["It works.", ' "Well," she said.']


@pytest.mark.parametrize("part", ["cfg", "model"])
def test_a_part_that_is_missing_is_named(tmp_path: Path, saved: Path, part: str) -> None:
    folder = tmp_path / "groups"
    for path in (saved / "groups").rglob("*"):
        if path.is_file() and path != saved / "groups" / "spancat" / part:
            target = folder / path.relative_to(saved / "groups")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    with pytest.raises(SerializationError, match="spancat"):
        spanloom.load(folder)
    assert "span_finder" in spanloom.load(folder, exclude=["spancat"]).pipe_names
