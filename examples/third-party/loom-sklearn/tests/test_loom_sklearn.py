"""Tests of loom-sklearn."""

from __future__ import annotations

from pathlib import Path

import pytest

import spanloom
from spanloom import Example
from spanloom.errors import PipelineError, SerializationError
from spanloom_devkit.testing import ComponentConformance

TEXTS = [
    ("rain and wind tomorrow", "WEATHER"),
    ("a cold and wet morning", "WEATHER"),
    ("our team won the match", "SPORT"),
    ("she scored two goals", "SPORT"),
]


class TestSklearnTextcat(ComponentConformance):
    name = "sklearn_textcat"


def test_learns_in_a_training_run(tmp_path: Path) -> None:
    """As any component: `spanloom train` knows nothing of scikit-learn."""
    from spanloom.config import init_config

    lines = [
        f'{{"text": "{text}", "cats": {{"WEATHER": {float(label == "WEATHER")}, '
        f'"SPORT": {float(label == "SPORT")}}}}}\n'
        for text, label in TEXTS * 5
    ]
    (tmp_path / "train.jsonl").write_text("".join(lines))
    config = init_config("en", ["sklearn_textcat"])
    path = str(tmp_path / "train.jsonl")
    config["paths"] = {"train": path, "dev": path, "vectors": None, "init_tok2vec": None}
    config["training"]["max_steps"] = 20
    config["training"]["eval_frequency"] = 10
    result = spanloom.train(config, tmp_path / "out")
    nlp = spanloom.load(result.best)
    for doc, (_, label) in zip(nlp.pipe([text for text, _ in TEXTS]), TEXTS, strict=True):
        assert doc.cats[label] > 0.5


def test_faults_are_named() -> None:
    nlp = spanloom.blank("en")
    component = nlp.add_pipe("sklearn_textcat")
    doc = nlp.make_doc("No categories here.")
    with pytest.raises(PipelineError, match="needs two or more"):
        nlp.initialize(lambda: [Example(doc, doc.copy())])
    with pytest.raises(SerializationError, match="sklearn_textcat"):
        component.from_bytes(b"rubbish")
