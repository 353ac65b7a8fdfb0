"""Tests of loom-table."""

from __future__ import annotations

import spanloom
from spanloom import Example
from spanloom.config import init_config
from spanloom_devkit.testing import ComponentConformance


class TestWordTable(ComponentConformance):
    name = "word_table"
    listener = {"@architectures": "loom-table.TableListener.v1"}


def test_a_tagger_learns_through_it() -> None:
    config = init_config("en", ["word_table", "tagger"])
    assert config["nlp"]["pipeline"] == ["word_table", "tagger"]
    nlp = spanloom.Pipeline.from_config(config)
    gold = {"tags": ["N", "V"] * 3}
    examples = [Example.from_dict(nlp.make_doc("Ann sleeps Bob runs Eve sings"), gold)]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    assert [token.tag_ for token in nlp("Bob sleeps")] == ["N", "V"]
