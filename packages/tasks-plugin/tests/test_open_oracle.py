"""The oracle of the actions of spaCy's parsers: whoever does only what it calls good gets the true
tree."""

from __future__ import annotations

import numpy as np
import pytest

from spanloom_tasks.transitions.arc_eager_open import OpenActions
from spanloom_tasks.transitions.arc_eager_open_oracle import OpenOracle, WatchedStates


def projective(rng: np.random.Generator, start: int, end: int, head: int, heads: list[int]) -> None:
    """A tree over the tokens from ``start`` to ``end``, whose root hangs on ``head``."""
    if start == end:
        return
    root = int(rng.integers(start, end))
    heads[root] = root if head < 0 else head
    for low, high in ((start, root), (root + 1, end)):
        while low < high:
            cut = int(rng.integers(low + 1, high + 1))
            projective(rng, low, cut, root, heads)
            low = cut


@pytest.mark.parametrize("seed", range(20))
def test_good_actions_lead_to_the_true_tree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths, heads, starts = [], [], []
    for _ in range(30):
        first = len(heads)
        for _ in range(int(rng.integers(1, 4))):
            start, size = len(heads), int(rng.integers(1, 9))
            heads += [0] * size
            starts += [True, *[False] * (size - 1)]
            projective(rng, start, start + size, -1, heads)
        lengths.append(len(heads) - first)
    gold = np.asarray(heads)
    relations = rng.integers(0, 3, len(gold))
    actions = OpenActions([0, 1, 2], [0, 1, 2], breaks=1)
    states = WatchedStates(np.asarray(lengths), gold)
    oracle = OpenOracle(states, actions, relations, np.asarray(starts))
    for _ in range(10 * len(gold)):
        if not len(states.docs):
            break
        good = oracle.judge() & actions.valid[states.number]
        assert good.any(axis=1).all()
        chosen = np.where(good, rng.random(good.shape), -1).argmax(axis=1)
        states.apply(actions.kinds[chosen], actions.relations[chosen])
    assert not len(states.docs)
    size = len(gold)
    found = np.where(states.heads[:-1] == size, np.arange(size), states.heads[:-1])
    assert found.tolist() == gold.tolist()
    inner = gold != np.arange(size)
    assert states.relations[:-1][inner].tolist() == relations[inner].tolist()
