"""One shared layer under several components, trained on documents that each hold only some of the
annotation."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc, Example

from . import support
from .support import learn, transitions

TOK2VEC = {**support.TOK2VEC, "width": 48}
LISTENER = {"@architectures": "spanloom.Tok2VecListener.v1", "width": 48}
WORDS = ["Anna", "reads", "old", "books"]
PARTS = [
    {"tags": ["NNP", "VBZ", "JJ", "NNS"]},
    {"heads": [1, 1, 3, 1], "deps": ["nsubj", "ROOT", "amod", "obj"]},
    {"ents": ["B-PER", "O", "O", "O"]},
]


def build():
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    tagger = {"@architectures": "spanloom.Tagger.v2", "tok2vec": LISTENER}
    nlp.add_pipe("tagger", config={"model": tagger})
    nlp.add_pipe("parser", config={"model": transitions("parser", 32, tok2vec=LISTENER)})
    nlp.add_pipe("ner", config={"model": transitions("ner", 32, tok2vec=LISTENER)})
    examples = [
        Example(Doc(nlp.vocab, words=WORDS), Doc(nlp.vocab, words=WORDS, **part)) for part in PARTS
    ]
    return nlp, examples


def right(nlp):
    doc = nlp(Doc(nlp.vocab, words=WORDS))
    return (
        [token.tag_ for token in doc] == PARTS[0]["tags"]
        and [token.head.i for token in doc] == PARTS[1]["heads"]
        and [token.dep_ for token in doc] == PARTS[1]["deps"]
        and [(ent.text, ent.label_) for ent in doc.ents] == [("Anna", "PER")]
    )


@pytest.mark.lengthy
def test_documents_with_different_annotation_in_one_batch():
    nlp, examples = build()
    learn(nlp, examples, 80, nlp.initialize(lambda: examples))
    assert right(nlp)


@pytest.mark.lengthy
def test_batches_that_each_hold_one_kind_of_annotation():
    nlp, examples = build()
    sgd = nlp.initialize(lambda: examples)
    for _ in range(80):
        for example in examples:
            losses = nlp.update([example], sgd=sgd)
            assert sum(value > 0 for value in losses.values()) <= 1
    assert right(nlp)
