"""Arc-eager states, their oracle, and pseudo-projective trees, without a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom_tasks.transitions.arc_eager import ParserActions, ParserStates, parse
from spanloom_tasks.transitions.arc_eager_few import parse_few
from spanloom_tasks.transitions.arc_eager_oracle import ParserOracle, sentence_starts
from spanloom_tasks.transitions.projective import DELIMITER, crossing, lift, lower


@st.composite
def trees(draw, largest=10):
    """Heads of a random tree, most of them not projective; a root is its own head."""
    size = draw(st.integers(1, largest))
    order = draw(st.permutations(range(size)))
    heads = np.zeros(size, dtype=np.int64)
    heads[order[0]] = order[0]
    for place in range(1, size):
        heads[order[place]] = order[draw(st.integers(0, place - 1))]
    return heads


def crossing_by_definition(heads):
    found = []
    for token, head in enumerate(heads.tolist()):
        low, high = sorted((token, head))
        inner = range(low + 1, high)
        found.append(any(not low <= heads[k] <= high or heads[k] == k for k in inner))
    return found


def is_tree(heads):
    roots = [i for i, head in enumerate(heads.tolist()) if head == i]
    if len(roots) != 1:
        return False
    for token in range(len(heads)):
        for _ in range(len(heads)):
            token = int(heads[token])
        if token != roots[0]:
            return False
    return True


@st.composite
def documents(draw):
    """Projective trees of several documents of several sentences, and relations."""
    lengths, parts, offset = [], [], 0
    for _ in range(draw(st.integers(1, 4))):
        length = 0
        for heads in draw(st.lists(trees(8), min_size=1, max_size=3)):
            projective, _ = lift(heads, ["x"] * len(heads))
            parts.append(projective + offset)
            offset += len(heads)
            length += len(heads)
        lengths.append(length)
    heads = np.concatenate(parts)
    relations = draw(st.lists(st.integers(0, 2), min_size=len(heads), max_size=len(heads)))
    return np.array(lengths), heads, np.array(relations)


def walk(lengths, heads, relations, choose):
    actions = ParserActions([0, 1, 2], [2, 1, 0])
    states = ParserStates(lengths, breaks=np.ones(len(heads), dtype=bool))
    starts = sentence_starts(heads, lengths)
    oracle = ParserOracle(states, actions, heads, relations, starts)
    steps = 0
    while len(states.docs):
        valid = actions.valid[states.number]
        assert valid.any(axis=1).all()
        chosen = choose(valid, oracle.judge() & valid)
        states.apply(actions.kinds[chosen], actions.relations[chosen])
        steps += 1
    assert steps <= 2 * lengths.max()
    return states, starts


@pytest.mark.lengthy
@given(documents(), st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_good_actions_lead_to_the_true_trees(document, seed):
    lengths, heads, relations = document
    rng = np.random.default_rng(seed)

    def choose(valid, good):
        assert good.any(axis=1).all()
        return (good * rng.uniform(0.1, 1.0, good.shape)).argmax(axis=1)

    states, starts = walk(lengths, heads, relations, choose)
    assert states.heads[:-1].tolist() == heads.tolist()
    assert states.starts[:-1].tolist() == starts.tolist()
    attached = heads != np.arange(len(heads))
    assert states.relations[:-1][attached].tolist() == relations[attached].tolist()


@pytest.mark.lengthy
@given(documents(), st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_any_actions_give_one_tree_for_each_sentence(document, seed):
    lengths, heads, relations = document
    rng = np.random.default_rng(seed)
    states, _ = walk(
        lengths,
        heads,
        relations,
        lambda valid, good: (valid * rng.uniform(0.1, 1.0, valid.shape)).argmax(axis=1),
    )
    found, starts = states.heads[:-1], states.starts[:-1]
    bounds = [*np.flatnonzero(starts).tolist(), len(heads)]
    assert starts[np.cumsum(lengths) - lengths].all()
    for start, end in zip(bounds, bounds[1:]):
        assert is_tree(found[start:end] - start)
    assert not crossing(found).any()


class Scorer:
    """Random scores for tokens of a state."""

    def __init__(self, tokens, actions, seed, size=8):
        self.table = np.random.default_rng(seed).normal(size=(size, tokens + 1, actions))
        self.size = size

    def scores(self, ids):
        return sum(self.table[place, ids[:, place]] for place in range(self.size))

    def scores_of(self, tokens):
        return self.scores(np.array([tokens]))[0]


@pytest.mark.lengthy
@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
    st.integers(0, 10**6),
    st.sampled_from([8, 13]),
)
@settings(max_examples=100, deadline=None)
def test_documents_are_parsed_alike_together_and_alone(lengths, seed, size):
    total = sum(lengths)
    actions = ParserActions([0, 1], [0, 1])
    breaks = np.ones(total, dtype=bool)
    scorer = Scorer(total, actions.size, seed, size)
    together = parse(scorer, np.array(lengths), actions, breaks=breaks)
    start = 0
    for length in lengths:
        alone = Scorer(length, actions.size, seed, size)
        rows = [*range(start, start + length), total]
        alone.table = scorer.table[:, rows]
        states = parse(alone, np.array([length]), actions, breaks=breaks[:length])
        part = slice(start, start + length)
        assert (together.heads[part] - start).tolist() == states.heads.tolist()
        assert together.relations[part].tolist() == states.relations.tolist()
        start += length


@pytest.mark.lengthy
@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
    st.integers(0, 10**6),
    st.sampled_from([8, 13]),
    st.data(),
)
@settings(max_examples=150, deadline=None)
def test_lock_step_equals_one_document_after_the_other(lengths, seed, size, data):
    total = sum(lengths)
    flags = st.lists(st.booleans(), min_size=total, max_size=total)
    begins, breaks = np.array(data.draw(flags)), data.draw(flags)
    begins[np.cumsum(lengths) - lengths] = True
    barriers = np.append(np.flatnonzero(begins), total)
    bounds = barriers[np.searchsorted(barriers, np.arange(total), side="right")]
    actions = ParserActions([0, 1], [0, 1])
    scorer = Scorer(total, actions.size, seed, size)
    together = parse(scorer, np.array(lengths), actions, bounds=bounds, breaks=np.array(breaks))
    one_by_one = parse_few(scorer, lengths, actions, bounds.tolist(), breaks)
    assert one_by_one.heads.tolist() == together.heads.tolist()
    assert one_by_one.relations.tolist() == together.relations.tolist()
    assert one_by_one.starts.tolist() == together.starts.tolist()


@pytest.mark.lengthy
@given(st.integers(2, 20), st.integers(0, 10**6), st.data())
@settings(max_examples=100, deadline=None)
def test_known_starts_of_sentences_are_kept(size, seed, data):
    flags = st.lists(st.booleans(), min_size=size, max_size=size)
    begins, denied = np.array(data.draw(flags)), np.array(data.draw(flags))
    begins[0] = True
    denied &= ~begins
    barriers = np.append(np.flatnonzero(begins), size)
    bounds = barriers[np.searchsorted(barriers, np.arange(size), side="right")]
    actions = ParserActions([0], [0])
    states = parse(
        Scorer(size, actions.size, seed), np.array([size]), actions, bounds=bounds, breaks=~denied
    )
    assert states.starts[begins].all()
    assert not states.starts[denied].any()


# -- projective trees


@given(st.lists(trees(), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_crossing_arcs_are_those_of_the_definition(parts):
    offsets = np.cumsum([0, *map(len, parts)])
    heads = np.concatenate([part + offset for part, offset in zip(parts, offsets)])
    assert crossing(heads).tolist() == crossing_by_definition(heads)


@given(trees())
@settings(max_examples=100, deadline=None)
def test_lifting_gives_projective_trees_and_marks_what_it_lifted(heads):
    names = [f"r{i}" for i in range(len(heads))]
    lifted, renamed = lift(heads, names)
    assert is_tree(lifted) and not crossing(lifted).any()
    for token, name in enumerate(renamed):
        if lifted[token] == heads[token] and DELIMITER not in name:
            assert name == names[token]
        else:
            assert name == f"{names[token]}{DELIMITER}{names[int(heads[token])]}"
    # Relations that differ say where a token came from, unless its true head was lifted too.
    if sum(DELIMITER in name for name in renamed) == 1:
        assert lower(lifted, renamed)[0].tolist() == heads.tolist()


def test_projective_trees_are_left_alone():
    heads = np.array([1, 1, 1, 4, 1])
    lifted, names = lift(heads, list("abcde"))
    assert lifted.tolist() == heads.tolist() and names == list("abcde")


@given(trees())
@settings(max_examples=100, deadline=None)
def test_unknown_heads_never_make_lifting_fail(heads):
    heads[::3] = -1
    lifted, _ = lift(heads, ["a"] * len(heads))
    assert not crossing(lifted).any()
    assert (lifted[::3] == -1).all()
