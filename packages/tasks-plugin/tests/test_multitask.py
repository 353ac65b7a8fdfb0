"""One shared encoder, trained by corpora that each hold only some of the annotations."""

from __future__ import annotations

import numpy as np
import pytest
from thinc.api import fix_random_seed

import spanloom
from spanloom import Doc, Example
from spanloom.config import init_config

from .support import TOK2VEC

PIPELINE = ["tagger", "parser", "ner", "textcat"]


def small(shared: bool):
    """The config of all four components, on a small encoder of one or of each."""
    config = init_config("en", PIPELINE, optimize="efficiency").interpolate()
    tiny = {**TOK2VEC, "width": 16, "embed_size": 100}
    config["components"]["tok2vec"]["model"] = tiny
    for name in PIPELINE:
        tok2vec = config["components"][name]["model"]["tok2vec"]
        tok2vec["width"] = 16
        if not shared:
            config["components"][name]["model"]["tok2vec"] = tiny
    if not shared:
        del config["components"]["tok2vec"]
        config["nlp"]["pipeline"] = PIPELINE
    return config


def corpora(nlp):
    words = ["Ann", "saw", "Paris", "."]
    tree = {"heads": [1, 1, 1, 1], "deps": ["nsubj", "ROOT", "obj", "punct"]}
    tagged = Doc(nlp.vocab, words=words, tags=["NNP", "VBD", "NNP", "."], **tree)
    named = Doc(nlp.vocab, words=words, ents=["B-PER", "O", "B-LOC", "O"])
    liked = Doc(nlp.vocab, words=["so", "good"])
    liked.cats = {"good": 1.0, "bad": 0.0}
    disliked = Doc(nlp.vocab, words=["so", "bad"])
    disliked.cats = {"good": 0.0, "bad": 1.0}
    return [
        [Example(Doc(nlp.vocab, words=[t.text for t in doc]), doc) for doc in docs]
        for docs in ([tagged], [named], [liked, disliked])
    ]


@pytest.mark.lengthy
@pytest.mark.parametrize("shared", [True, False])
def test_partly_annotated_corpora_train_all_components(shared):
    nlp = spanloom.Pipeline.from_config(small(shared))
    parts = corpora(nlp)
    together = [example for part in parts for example in part]
    sgd = nlp.initialize(lambda: together)
    sgd.learn_rate = 0.01
    for step in range(60):
        nlp.update(parts[step % 3] if step % 2 else together, sgd=sgd)
    doc = nlp("Ann saw Paris.")
    assert [t.tag_ for t in doc] == ["NNP", "VBD", "NNP", "."]
    assert [(t.dep_, t.head.i) for t in doc] == [
        ("nsubj", 1),
        ("ROOT", 1),
        ("obj", 1),
        ("punct", 1),
    ]
    assert [(e.text, e.label_) for e in doc.ents] == [("Ann", "PER"), ("Paris", "LOC")]
    assert nlp("so good").cats["good"] > 0.5 > nlp("so bad").cats["good"]


def test_what_is_missing_is_no_negative_example():
    nlp = spanloom.Pipeline.from_config(small(True))
    tagged, named, liked = corpora(nlp)
    nlp.initialize(lambda: [*tagged, *named, *liked])
    for part, silent in [
        (tagged, {"ner", "textcat"}),
        (named, {"tagger", "parser", "textcat"}),
        (liked, {"tagger", "parser", "ner"}),
    ]:
        losses = nlp.update(part, sgd=False)
        assert {name for name, loss in losses.items() if loss == 0.0} == silent, part


def test_scores_of_what_is_not_annotated_are_none_not_zero():
    nlp = spanloom.Pipeline.from_config(small(True))
    tagged, named, liked = corpora(nlp)
    nlp.initialize(lambda: [*tagged, *named, *liked])
    scores = nlp.evaluate(tagged)
    assert scores["tag_acc"] is not None
    assert scores["ents_f"] is None and scores["cats_score"] is None


@pytest.mark.lengthy
def test_hidden_states_of_ner_are_dropped_in_a_training_with_dropout_only():
    def weights(rate, drop):
        config = small(shared=False)
        config["components"]["ner"]["hidden_dropout"] = rate
        fix_random_seed(1)
        nlp = spanloom.Pipeline.from_config(config)
        examples = corpora(nlp)[1]
        sgd = nlp.initialize(lambda: [example for part in corpora(nlp) for example in part])
        for _ in range(4):
            nlp.update(examples, sgd=sgd, drop=drop, losses={})
        return nlp.get_pipe("ner").model.get_ref("upper").get_param("W")

    assert np.array_equal(weights(0.0, drop=0.0), weights(0.9, drop=0.0))
    assert not np.allclose(weights(0.0, drop=0.1), weights(0.9, drop=0.1))
