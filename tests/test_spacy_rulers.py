"""Rulers of a pipeline that spaCy saved; what of one cannot be read is named, never empty."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

import spanloom
from spanloom.errors import SerializationError

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
    config = config.replace('"span_ruler"', '"textcat"').replace("span_ruler]", "textcat]")
    blocks = config.split("\n[")
    kept = [block for block in blocks if not block.startswith("components.textcat.")]
    (small / "config.cfg").write_text(
        "\n[".join(
            '[components.textcat]\nfactory = "textcat"\n'[1:]
            if block.startswith("components.textcat]")
            else block
            for block in kept
        ),
        "utf8",
    )
    shutil.move(small / "span_ruler", small / "textcat")
    with pytest.raises(SerializationError, match=r"'textcat'.*exclude=\['textcat'\]"):
        spanloom.load(small)
    assert "ner" in spanloom.load(small, exclude=["textcat"]).pipe_names


def test_states_of_more_tokens_are_refused(small: Path) -> None:
    path = small / "config.cfg"
    config = path.read_text("utf8")
    assert "extra_state_tokens = false" in config
    path.write_text(
        config.replace("extra_state_tokens = false", "extra_state_tokens = true"), "utf8"
    )
    with pytest.raises(SerializationError, match=r"'ner'.*extra_state_tokens"):
        spanloom.load(small)
