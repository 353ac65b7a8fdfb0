"""Decoding and oracle of the BILUO system, without a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom_tasks.transitions import biluo
from spanloom_tasks.transitions.biluo import Actions, Entities, Places, decode
from spanloom_tasks.transitions.biluo_oracle import (
    GoldEntities,
    States,
    gold_states,
    predicted_states,
)


class RandomScorer:
    """Scores that depend on the tokens of a state, and on nothing else."""

    def __init__(self, tokens, actions, size, seed):
        rng = np.random.default_rng(seed)
        self.none, self.size = tokens, size
        self.table = rng.normal(size=(size, tokens + 1, actions))
        self.bias = rng.normal(size=actions) * rng.choice([0.0, 2.0])

    def scores(self, ids):
        return (
            np.tanh(sum(self.table[place, ids[:, place]] for place in range(self.size)))
            * (1 + np.arange(self.table.shape[2]) % 2)
            + self.bias
        )

    def outside_scores(self):
        ids = np.full((self.none, self.size), self.none)
        ids[:, 0] = np.arange(self.none)
        return self.scores(ids)


def read_from_the_left(scorer, places, actions, lengths):
    """The plain definition: one document after the other, one token after the other."""
    found, begin = [], 0
    for length in lengths:
        end, first, label = begin + length, None, None
        for token in range(begin, end):
            opened = scorer.none if first is None else first
            ids = biluo.state_ids(
                np.array([token]), np.array([opened]), np.array([end]), scorer.none, scorer.size
            )
            scores = scorer.scores(ids)[0]
            edge, onward = places.edge[token], places.onward[token]
            if first is None:
                valid = np.zeros(actions.size, dtype=bool)
                valid[0] = True
                valid[1 : 1 + actions.count] = edge and onward
                valid[1 + actions.count : actions.outside] = edge
                best = int(np.where(valid, scores, -np.inf).argmax())
                if best > actions.count:
                    found.append((token, token + 1, best - 1 - actions.count))
                elif best:
                    first, label = token, best - 1
            elif edge and (
                not onward or scores[actions.last(label)] > scores[actions.inside(label)]
            ):
                found.append((first, token + 1, label))
                first = None
        begin = end
    return found


@st.composite
def batches(draw):
    lengths = draw(st.lists(st.integers(0, 12), min_size=1, max_size=5))
    size = sum(lengths)
    flags = st.lists(st.booleans(), min_size=size, max_size=size)
    rare = st.lists(st.sampled_from([False] * 5 + [True]), min_size=size, max_size=size)
    space, closed, starts = (np.array(draw(each), dtype=bool) for each in (rare, rare, flags))
    some = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    places = Places.of(
        np.array(lengths),
        space=space if some[0] else None,
        closed=closed if some[1] else None,
        starts=starts if some[2] else None,
    )
    return lengths, places, draw(st.integers(0, 10**6))


@pytest.mark.lengthy
@given(batches(), st.integers(1, 3), st.sampled_from([3, 6]), st.sampled_from([0, 1, 3, 24]))
@settings(max_examples=150, deadline=None)
def test_speculative_decoding_equals_reading_from_the_left(batch, labels, size, steps):
    lengths, places, seed = batch
    actions = Actions(labels)
    scorer = RandomScorer(sum(lengths), actions.size, size, seed)
    before = biluo.SPECULATIVE_STEPS
    try:
        biluo.SPECULATIVE_STEPS = steps
        found = decode(scorer, places, actions)
    finally:
        biluo.SPECULATIVE_STEPS = before
    wanted = read_from_the_left(scorer, places, actions, lengths)
    assert list(zip(found.starts.tolist(), found.ends.tolist(), found.labels.tolist())) == wanted


@pytest.mark.lengthy
@given(batches(), st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_entities_keep_to_their_places(batch, _):  # noqa: PT019
    lengths, places, seed = batch
    actions = Actions(2)
    found = decode(RandomScorer(sum(lengths), actions.size, 3, seed), places, actions)
    ends = np.cumsum(lengths)
    for start, end in zip(found.starts.tolist(), found.ends.tolist()):
        assert places.edge[start] and places.edge[end - 1]
        assert places.onward[start : end - 1].all()
        assert np.searchsorted(ends, start, side="right") == np.searchsorted(ends, end - 1, "right")


@pytest.mark.lengthy
def test_a_long_document_of_one_open_entity_stays_linear():
    actions = Actions(1)

    class AlwaysOn:
        none, size = 20_000, 3
        calls = 0

        def scores(self, ids):
            AlwaysOn.calls += len(ids)
            scores = np.zeros((len(ids), actions.size))
            scores[:, [int(actions.begin(0)), int(actions.inside(0))]] = 1.0
            return scores

        def outside_scores(self):
            return self.scores(np.zeros((self.none, 3), dtype=int))

    found = decode(AlwaysOn(), Places.of(np.array([20_000])), actions)
    assert (found.starts.tolist(), found.ends.tolist()) == ([0], [20_000])
    assert AlwaysOn.calls < 30 * 20_000


# -- the oracle


@st.composite
def golds(draw):
    size = draw(st.integers(1, 25))
    starts, ends, labels, at = [], [], [], 0
    while at < size:
        at += draw(st.integers(0, 4))
        length = draw(st.integers(1, 4))
        if at + length > size:
            break
        starts.append(at)
        ends.append(at + length)
        labels.append(draw(st.integers(0, 2)))
        at += length
    known = np.array(
        draw(st.lists(st.sampled_from([True] * 4 + [False]), min_size=size, max_size=size))
    )
    entities = Entities(*(np.array(each, dtype=np.int64) for each in (starts, ends, labels)))
    for start, end in zip(starts, ends):
        known[start:end] = True
    return size, entities, known


def follow(gold, size, choose):
    """Walk one document by the actions that ``choose`` takes of the good ones."""
    places, actions = Places.of(np.array([size])), Actions(3)
    found, first, label = [], -1, -1
    for token in range(size):
        state = States(*(np.array([each]) for each in (token, first, label)))
        valid, good = gold.judge(state, places, actions)
        action = choose(np.flatnonzero(valid[0]), np.flatnonzero((valid & good)[0]))
        kind = (action + 2) // 3 if action else 0  # Out, Begin, Unit, In, Last
        if kind == 1:
            first, label = token, action - 1
        elif kind == 2:
            found.append((token, token + 1, action - 4))
        elif kind == 4:
            found.append((first, token + 1, label))
            first = label = -1
    return found


@pytest.mark.lengthy
@given(golds())
@settings(max_examples=100, deadline=None)
def test_good_actions_lead_to_the_true_entities(gold):
    size, entities, _ = gold
    oracle = GoldEntities(entities, np.ones(size, dtype=bool))
    found = follow(oracle, size, lambda valid, good: int(good[0]) if len(good) == 1 else -1)
    assert found == list(
        zip(entities.starts.tolist(), entities.ends.tolist(), entities.labels.tolist())
    )


@pytest.mark.lengthy
@given(golds(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_after_a_mistake_the_rest_can_still_be_right(gold, random):
    """One random action, then good ones: all true entities are found that it didn't touch."""
    size, entities, _ = gold
    oracle = GoldEntities(entities, np.ones(size, dtype=bool))
    wrong_at, turn = random.randrange(size), [-1]

    def choose(valid, good):
        turn[0] += 1
        assert len(good), "every state has a good action"
        return int(random.choice(valid)) if turn[0] == wrong_at else int(good[-1])

    found = follow(oracle, size, choose)
    lost = [e for e in zip(entities.starts, entities.ends, entities.labels) if e not in found]
    assert len(lost) <= 2


@given(golds())
@settings(max_examples=100, deadline=None)
def test_nothing_is_learnt_where_nothing_is_known(gold):
    size, entities, known = gold
    oracle = GoldEntities(entities, known)
    places, actions = Places.of(np.array([size])), Actions(3)
    states = gold_states(oracle)
    assert known[states.tokens].all()
    unknown = np.flatnonzero(~known)
    outside = np.full(len(unknown), -1)
    valid, good = oracle.judge(States(unknown, outside, outside), places, actions)
    singles = slice(1 + actions.count, actions.outside)
    assert good[:, 0].all() and good[:, singles].all()
    assert len(states) + len(predicted_states(entities, oracle)) == size
    assert valid[:, 0].all()


def test_entities_that_are_said_to_be_wrong_are_not_good():
    none = Entities(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
    wrong = Entities(np.array([1, 3]), np.array([2, 5]), np.array([0, 1]))
    oracle = GoldEntities(none, np.zeros(6, dtype=bool), wrong)
    actions, places = Actions(2), Places.of(np.array([6]))
    _, good = oracle.judge(States(np.array([1]), np.array([-1]), np.array([-1])), places, actions)
    assert not good[0, actions.unit(0)] and good[0, actions.unit(1)]
    _, good = oracle.judge(States(np.array([4]), np.array([3]), np.array([1])), places, actions)
    assert not good[0, actions.last(1)] and good[0, actions.inside(1)]


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_no_tokens_give_no_entities(lengths):
    found = decode(RandomScorer(0, 5, 3, 0), Places.of(np.array(lengths, dtype=int)), Actions(1))
    assert len(found.starts) == 0
