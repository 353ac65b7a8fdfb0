"""Training of the parser: visit the states of a batch, then learn from all of them at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..transitions.arc_eager import ParserActions, ParserStates, check_finite
from ..transitions.arc_eager_open import OpenActions
from ..transitions.arc_eager_open_oracle import OpenOracle, WatchedStates
from ..transitions.arc_eager_oracle import ParserOracle
from ..transitions.loss import oracle_gradient
from .trees import GoldTrees

__all__ = ["explore"]


def explore(
    scorer: Any, gold: GoldTrees, actions: ParserActions, exploration: float
) -> tuple[float, tuple[Any, Any] | None]:
    """Parse with the present weights, and judge each action that could be taken on the way.

    With the chance ``exploration`` the model's best action is taken, else its best among the good
    ones. Returns the loss, and the tokens of the visited states with the gradients of their scores.
    Where scores aren't finite, the loss is NaN, and there is nothing to learn.
    """
    states, oracle = _watched(gold, actions)
    random = np.random.default_rng(np.random.randint(0, 2**31 - 1))
    visited: list[tuple[Any, Any, Any, Any]] = []
    while len(states.docs):
        ids, number = states.ids(scorer.size), states.number
        scores = scorer.scores(ids)
        good = oracle.judge()
        visited.append((ids, scores, number, good))
        barred = scores + actions.barred[number]
        guided = random.random(len(ids)) >= exploration
        guided &= (good & actions.valid[number]).any(axis=1)
        barred[guided] = np.where(good[guided], barred[guided], -2e30)
        best = barred.argmax(axis=1)
        try:
            check_finite(barred[np.arange(len(best)), best])
        except FloatingPointError:
            return math.nan, None
        states.apply(actions.kinds[best], actions.relations[best])
    if not visited:
        return 0.0, None
    ids, scores, number, good = (np.concatenate(parts) for parts in zip(*visited))
    loss, gradient = oracle_gradient(scores, actions.valid[number], good)
    return loss, (ids, gradient)


def _watched(gold: GoldTrees, actions: ParserActions) -> tuple[Any, Any]:
    """States at their beginning, and the oracle that follows them."""
    if isinstance(actions, OpenActions):
        watched = WatchedStates(gold.lengths, gold.heads)
        return watched, OpenOracle(watched, actions, gold.relations, gold.starts)
    every = np.ones(len(gold.heads), dtype=bool)
    states = ParserStates(gold.lengths, breaks=every)
    return states, ParserOracle(states, actions, gold.heads, gold.relations, gold.starts)
