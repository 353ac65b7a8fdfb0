from __future__ import annotations

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example
from spanloom.errors import ConfigError, PipelineError, SerializationError
from spanloom_vectors import Table

WORDS = ["apple", "pear", "car", "bus", "blue", "plum", "tram"]
ROWS = np.array(
    [[1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 1, 0.1], [0, 0, 1], [1, 0, 0.1], [0.1, 1, 0]]
)
EXAMPLES = {"FRUIT": ["apple", "pear"], "VEHICLE": ["car"]}


def make(**settings):
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = Table.from_arrays(WORDS, ROWS)
    nlp.add_pipe("similarity_classifier", config={"examples": EXAMPLES, **settings})
    return nlp


def test_texts_are_scored_by_the_most_similar_example():
    nlp = make()
    fruit, vehicle, unknown = nlp.pipe(["a plum", "the tram", "xyz"])
    assert fruit.cats["FRUIT"] == pytest.approx(1 / np.sqrt(1.01), abs=1e-5)
    assert fruit.cats["FRUIT"] > 0.9 > fruit.cats["VEHICLE"]
    assert vehicle.cats["VEHICLE"] > 0.9 > vehicle.cats["FRUIT"]
    assert unknown.cats == {"FRUIT": 0, "VEHICLE": 0}
    assert nlp.get_pipe("similarity_classifier").labels == ("FRUIT", "VEHICLE")


def test_tokens_are_marked():
    doc = make(over="tokens", threshold=0.8)("a plum in the blue tram")
    found = [(span.text, span.label_) for span in doc.spans["similar"]]
    assert found == [("plum", "FRUIT"), ("tram", "VEHICLE")]
    assert not list(make(over="tokens")("")) and not doc.cats


def test_examples_can_be_added_and_are_saved(tmp_path):
    nlp = make()
    nlp("plum")
    nlp.get_pipe("similarity_classifier").add_examples("COLOUR", ["blue"])
    assert nlp("blue").cats["COLOUR"] == pytest.approx(1)
    nlp.to_disk(tmp_path / "m")
    again = spanloom.load(tmp_path / "m")
    assert again("blue plum").cats == nlp("blue plum").cats
    assert spanloom.blank("en").add_pipe("similarity_classifier").from_bytes(
        nlp.get_pipe("similarity_classifier").to_bytes()
    ).examples == {**EXAMPLES, "COLOUR": ["blue"]}


def test_examples_come_from_training_data_if_none_are_given():
    nlp = make(examples={})
    reference = Doc(nlp.vocab, words=["blue"])
    reference.cats = {"COLOUR": 1.0, "FRUIT": 0.0}
    nlp.initialize(lambda: [Example(Doc(nlp.vocab, words=["blue"]), reference)])
    assert nlp.get_pipe("similarity_classifier").examples == {"COLOUR": ["blue"]}


def test_what_is_missing_is_said():
    nlp = make()
    nlp.vocab.vectors = None
    with pytest.raises(PipelineError, match="vectors"):
        nlp("plum")
    with pytest.raises(PipelineError, match="examples"):
        make(examples={})("plum")
    with pytest.raises(ConfigError, match="over"):
        make(over="sentence")
    with pytest.raises(SerializationError):
        make().get_pipe("similarity_classifier").from_bytes(b"[1]")
