"""Labels of tagger, morphologizer, text classifiers, entity recognizers and parser."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc, Example
from spanloom.errors import PipelineError

WORDS = ["she", "reads", "books"]
#: For each factory, annotation that has labels, and two labels more.
DATA = {
    "tagger": ({"tags": ["PRP", "VBZ", "NNS"]}, "X", "Y"),
    "morphologizer": ({"pos": ["PRON", "VERB", "NOUN"]}, "POS=X", "Number=Sing|POS=X"),
    "textcat": ({"cats": {"good": 1.0, "bad": 0.0}}, "x", "y"),
    "textcat_multilabel": ({"cats": {"good": 1.0, "bad": 0.0}}, "x", "y"),
    "ner": ({"entities": ["U-PER", "O", "U-WORK"]}, "X", "Y"),
    "beam_ner": ({"entities": ["U-PER", "O", "U-WORK"]}, "X", "Y"),
    "parser": ({"heads": [1, 1, 1], "deps": ["nsubj", "ROOT", "obj"]}, "x", "y"),
    "beam_parser": ({"heads": [1, 1, 1], "deps": ["nsubj", "ROOT", "obj"]}, "x", "y"),
}
GROWING = ("ner", "beam_ner", "parser", "beam_parser")
every = pytest.mark.parametrize("factory", DATA)


def examples_for(nlp, factory):
    return [Example.from_dict(Doc(nlp.vocab, words=WORDS), DATA[factory][0])] * 2


def pipeline(factory, **settings):
    nlp = spanloom.blank("en")
    component = nlp.add_pipe(factory, config=settings)
    return nlp, component


@every
def test_labels_come_before_those_that_the_examples_have(factory):
    nlp, component = pipeline(factory)
    first, second = DATA[factory][1:]
    assert component.add_label(first) == 1 and component.add_label(first) == 0
    nlp.initialize(lambda: examples_for(nlp, factory))
    assert first in component.labels and len(component.labels) >= 3
    if "parser" not in factory:  # whose labels are sorted
        assert component.labels[0] == first
    if factory in GROWING:
        assert component.add_label(second) == 1
        assert second in component.labels
    else:
        with pytest.raises(
            PipelineError, match="its output layer already has . classes. Add labels before"
        ):
            component.add_label(second)
        assert second not in component.labels


@every
def test_a_corpus_without_labels_is_an_error(factory):
    nlp, component = pipeline(factory)
    bare = Example(*(Doc(nlp.vocab, words=WORDS) for _ in "xy"))
    with pytest.raises(PipelineError, match=f"'{factory}' found no {component.kind} in"):
        nlp.initialize(lambda: [bare])


@every
@pytest.mark.parametrize("label", [3, None, ""])
def test_a_label_is_a_string(factory, label):
    component = pipeline(factory)[1]
    with pytest.raises(
        PipelineError, match=f"'{factory}': a label must be a string, not {label!r}"
    ):
        component.add_label(label)


@pytest.mark.lengthy
@every
def test_labels_are_saved_and_can_be_given(factory):
    nlp, component = pipeline(factory)
    nlp.initialize(lambda: examples_for(nlp, factory))
    given = pipeline(factory)[1]
    given.initialize(lambda: examples_for(nlp, factory), labels=component.label_data)
    assert given.labels == component.labels and given.label_data == component.label_data
    loaded = pipeline(factory)[1].from_bytes(component.to_bytes())
    assert loaded.labels == component.labels and loaded.cfg == component.cfg


@every
def test_no_labels_is_an_error_that_says_so(factory):
    nlp, component = pipeline(factory)
    bare = Example(Doc(nlp.vocab, words=WORDS), Doc(nlp.vocab, words=WORDS))
    with pytest.raises(PipelineError, match=f"'{factory}' found no .* in the training examples"):
        component.initialize(lambda: [bare])


@every
def test_settings_of_the_constructor_are_settings_of_the_factory(factory):
    nlp, component = pipeline(factory)
    config = nlp.config["components"][factory]
    same = {key for key in component.cfg if key in config}
    assert same and all(config[key] == component.cfg[key] for key in same)
    assert "settings" not in config and "exclusive" not in config
    key = sorted(key for key in same if isinstance(component.cfg[key], float | bool))[0]
    changed = not config[key] if isinstance(config[key], bool) else 0.5 - config[key] / 10
    assert pipeline(factory, **{key: changed})[1].cfg[key] == changed
