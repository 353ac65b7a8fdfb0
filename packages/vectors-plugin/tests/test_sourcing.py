"""Components that were trained with a table of vectors, in another pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example, Pipeline
from spanloom.errors import PipelineError
from spanloom_vectors import Table

WORDS = ["the", "cat", "sat", "mat", "ran"]
MODEL = {
    "@architectures": "spanloom.Tagger.v2",
    "tok2vec": {
        "@architectures": "spanloom.Tok2Vec.v2",
        "embed": {
            "@architectures": "spanloom.MultiHashEmbed.v2",
            "width": 8,
            "attrs": ["SHAPE"],
            "rows": [20],
            "include_static_vectors": True,
        },
        "encode": {
            "@architectures": "spanloom.MaxoutWindowEncoder.v2",
            "width": 8,
            "depth": 1,
            "window_size": 1,
            "maxout_pieces": 2,
        },
    },
}


@pytest.fixture
def source(table: Table) -> Pipeline:
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = table
    nlp.add_pipe("tagger", config={"model": MODEL})
    reference = Doc(nlp.vocab, words=WORDS, tags=["D", "N", "V", "N", "V"])
    data = [Example(Doc(nlp.vocab, words=WORDS), reference)]
    sgd = nlp.initialize(lambda: data)
    for _ in range(20):
        nlp.update(data, sgd=sgd)
    return nlp


def tags(nlp: Any) -> list[str]:
    return [token.tag_ for token in nlp(" ".join(WORDS))]


def test_a_component_brings_its_table(source: Pipeline, table: Table, tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger", source=source)
    assert nlp.vocab.vectors is table
    assert tags(nlp) == tags(source)
    nlp.to_disk(tmp_path / "saved")
    assert tags(spanloom.load(tmp_path / "saved")) == tags(source)


@pytest.mark.lengthy
def test_the_same_table_from_another_file_will_do(source: Pipeline, tmp_path: Path) -> None:
    source.to_disk(tmp_path / "source")
    nlp = spanloom.blank("en")
    nlp.add_pipe("tagger", name="one", source=spanloom.load(tmp_path / "source"))
    nlp.add_pipe("tagger", name="two", source=spanloom.load(tmp_path / "source"))
    assert tags(nlp) == tags(source)


def test_another_table_is_refused(source: Pipeline, rows: np.ndarray) -> None:
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = Table.from_arrays(WORDS, rows[: len(WORDS)] + 1)
    with pytest.raises(PipelineError, match="'tagger' was trained with different word vectors"):
        nlp.add_pipe("tagger", source=source)
    assert nlp.pipe_names == []


def test_components_without_static_vectors_bring_none(source: Pipeline) -> None:
    source.add_pipe("sentencizer")
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer", source=source)
    assert nlp.vocab.vectors is None
