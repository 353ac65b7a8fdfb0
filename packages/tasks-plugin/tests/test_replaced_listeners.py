"""Heads of the tasks that get a copy of the shared encoder predict as before."""

from __future__ import annotations

import pytest

import spanloom
from spanloom import Doc, Pipeline
from spanloom.layers import find_listeners

from .support import annotated, learn, listening

HEADS = ["beam_ner", "beam_parser", "ner", "parser", "textcat", "textcat_multilabel"]


@pytest.mark.lengthy
@pytest.mark.parametrize("factory", HEADS)
def test_every_head_predicts_as_before_with_its_own_encoder(factory, tmp_path):
    nlp, examples = listening([factory])
    learn(nlp, examples, 6, nlp.initialize(lambda: examples))

    def said(pipeline):
        return [
            pipeline(Doc(pipeline.vocab, words=doc.words)).to_json()
            for doc in annotated(pipeline.vocab)
        ]

    before = said(nlp)
    nlp.replace_listeners("tok2vec", factory)
    assert said(nlp) == before
    assert not find_listeners(nlp.get_pipe(factory).model)
    nlp.to_disk(tmp_path / "saved")
    assert said(spanloom.load(tmp_path / "saved", exclude=["tok2vec"])) == before
    again = Pipeline.from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert said(again) == before
    assert nlp.update(examples, sgd=nlp.create_optimizer())[factory] > 0
