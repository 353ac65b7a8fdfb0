"""The chances of entities: against all readings of short documents, and as a component."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spanloom
from spanloom import Doc
from spanloom.errors import PipelineError
from spanloom_tasks.transitions.biluo import Actions, Places, state_ids
from spanloom_tasks.transitions.biluo_lattice import candidates, entity_chances, most_likely

from .support import entities, named, taught, transitions

MODEL = transitions("ner")


class RandomScorer:
    size = 3

    def __init__(self, tokens, actions, seed):
        self.none = tokens
        self.table = np.random.default_rng(seed).normal(size=(3, tokens + 1, actions))

    def scores(self, ids):
        return sum(self.table[place, ids[:, place]] for place in range(3))


def readings(scorer, places, actions, size):
    """Each reading of a document of ``size`` tokens, as its entities, with its chance."""

    def softmax(scores, valid):
        chance = np.where(valid, np.exp(scores), 0.0)
        return chance / chance.sum()

    def score(token, first):
        ends = np.array([size])
        ids = state_ids(np.array([token]), np.array([first]), ends, scorer.none, 3)
        return scorer.scores(ids)[0]

    found = [((), 1.0, None)]
    for token in range(size):
        longer = []
        for spans, chance, open_ in found:
            valid = np.zeros(actions.size, dtype=bool)
            if open_ is None:
                valid[0] = True
                valid[1 : 1 + actions.count] = places.edge[token] and places.onward[token]
                valid[1 + actions.count : actions.outside] = places.edge[token]
                p = softmax(score(token, scorer.none), valid)
                longer.append((spans, chance * p[0], None))
                for label in range(actions.count):
                    unit = (*spans, (token, token + 1, label))
                    longer.append((unit, chance * p[actions.unit(label)], None))
                    longer.append((spans, chance * p[actions.begin(label)], (token, label)))
            else:
                first, label = open_
                valid[actions.inside(label)] = places.onward[token]
                valid[actions.last(label)] = places.edge[token]
                p = softmax(score(token, first), valid)
                longer.append((spans, chance * p[actions.inside(label)], open_))
                closed = (*spans, (first, token + 1, label))
                longer.append((closed, chance * p[actions.last(label)], None))
        found = [each for each in longer if each[1] > 0]
    return [(spans, chance) for spans, chance, _ in found]


@pytest.mark.lengthy
@given(st.integers(1, 5), st.integers(0, 10**6), st.lists(st.booleans(), min_size=5, max_size=5))
@settings(max_examples=60, deadline=None)
def test_chances_are_those_of_all_readings(size, seed, space):
    actions = Actions(2)
    places = Places.of(np.array([size]), space=np.array(space[:size]) & (np.arange(size) % 2 == 1))
    scorer = RandomScorer(size, actions.size, seed)
    found = candidates(scorer, places, actions, density=1e-12, width=2)
    every = readings(scorer, places, actions, size)
    assert sum(chance for _, chance in every) == pytest.approx(1.0)
    spans = found.entities
    keys = zip(spans.starts.tolist(), spans.ends.tolist(), spans.labels.tolist())
    for key, chance in zip(keys, entity_chances(found).tolist(), strict=True):
        assert chance == pytest.approx(sum(p for each, p in every if key in each))
    best = most_likely(found)
    wanted = max(every, key=lambda each: each[1])[0]
    assert list(zip(best.starts.tolist(), best.ends.tolist(), best.labels.tolist())) == list(wanted)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=4), st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_what_is_left_out_keeps_chances_below_one(lengths, seed):
    actions = Actions(3)
    scorer = RandomScorer(sum(lengths), actions.size, seed)
    found = candidates(scorer, Places.of(np.array(lengths)), actions, density=0.05, width=1)
    chances = entity_chances(found)
    covered = np.zeros(sum(lengths) + 1)
    for start, end, chance in zip(found.entities.starts, found.entities.ends, chances):
        covered[start:end] += chance
    assert (chances >= 0).all() and (covered <= 1 + 1e-9).all()


def test_the_component_sets_entities_and_gives_scores():
    sentence = ("Anna met New York", ["B-PER", "O", "B-LOC", "I-LOC"])
    nlp, ner, _ = taught("beam_ner", MODEL, named, 40, [sentence])
    words = sentence[0].split()
    doc = nlp(Doc(nlp.vocab, words=words))
    assert entities(doc) == [("Anna", "PER"), ("New York", "LOC")]
    docs = [Doc(nlp.vocab, words=each) for each in (["met"], [], words)]
    scores = ner.scored_ents(docs)
    assert len(scores) == 3 and scores[1] == {}
    assert scores[2][0, 1, "PER"] > 0.8 and scores[2][2, 4, "LOC"] > 0.8
    assert all(doc.column("ENT_IOB") is None for doc in docs)


@pytest.mark.parametrize("setting", [{"beam_width": 0}, {"beam_density": 0.0}])
def test_settings_that_can_not_be(setting):
    nlp = spanloom.blank("en")
    with pytest.raises(PipelineError, match="beam_width is"):
        nlp.add_pipe("beam_ner", config={"model": MODEL, **setting})
