"""Rulers of a pipeline that spaCy saved; what of one cannot be read is named, never empty."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

import spanloom
from spanloom.errors import SpanloomError

SMALL = Path(__file__).parent / "data" / "small_spacy.zip"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    with zipfile.ZipFile(SMALL) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "model"


def test_rulers_keep_the_patterns_that_spacy_saved(small: Path) -> None:
    nlp = spanloom.load(small)
    saved = (small / "entity_ruler" / "patterns.jsonl").read_text("utf8").splitlines()
    assert len(nlp.get_pipe("entity_ruler").patterns) == len(saved) > 0
    saved = (small / "span_ruler" / "patterns").read_text("utf8").splitlines()
    assert len(nlp.get_pipe("span_ruler").patterns) == len(saved) > 0


def test_a_component_that_cannot_be_read_is_named_and_the_rest_loads(small: Path) -> None:
    config = (small / "config.cfg").read_text("utf8")
    config = config.replace('"span_ruler"', '"entity_linker"')
    config = config.replace("[components.span_ruler", "[components.entity_linker")
    (small / "config.cfg").write_text(config, "utf8")
    shutil.move(small / "span_ruler", small / "entity_linker")
    with pytest.raises(SpanloomError, match=r"'entity_linker'"):
        spanloom.load(small)
    assert "ner" in spanloom.load(small, exclude=["entity_linker"]).pipe_names
