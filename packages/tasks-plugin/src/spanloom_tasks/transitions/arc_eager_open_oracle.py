"""The dynamic oracle of :mod:`~spanloom_tasks.transitions.arc_eager_open`: which actions lose no
true arc that can still be had.

Where each token is, and how many true dependents it has on the stack and in the input, is counted
along with the actions, so that judging a state takes a few look-ups.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arc_eager import BREAK, LEFT, REDUCE, RIGHT, SHIFT
from .arc_eager_open import CAN_BREAK, OpenActions, OpenStates

__all__ = ["OpenOracle", "WatchedStates"]

Array = Any

INPUT, STACK, GONE = range(3)


class WatchedStates(OpenStates):
    """States that keep count of true dependents; ``gold`` are true heads, -1 where unknown, a root
    its own."""

    def __init__(self, lengths: NDArray[np.int64], gold: NDArray[np.int64]) -> None:
        none = int(lengths.sum())
        gold = np.asarray(gold)
        self.gold = np.append(np.where(gold < 0, none, gold), none)
        self.places = np.full(none + 1, INPUT)
        self.places[none] = GONE
        #: True dependents on the stack, and in the input. A root isn't its own.
        self.stacked, self.ahead = (np.zeros(none + 1, dtype="int64") for _ in range(2))
        tokens = np.arange(none)
        above = self.gold[:-1]
        self.ahead += np.bincount(above[above != tokens], minlength=none + 1)
        super().__init__(lengths)

    def _take(self, kinds: Array, relations: Array) -> None:
        none = self.none
        top, front = self.top, self.front
        gone = (kinds == LEFT) | (kinds == REDUCE)
        back = (kinds == REDUCE) & (self.heads[top] == none) & (self.below[top] != none)
        pushed = np.where((kinds == SHIFT) | (kinds == RIGHT), front, none)
        popped = np.where(gone, top, none)
        returned = np.where(back, top, none)
        super()._take(kinds, relations)
        self._count(pushed, self.stacked, 1)
        self._count(pushed, self.ahead, -1)
        self._count(popped, self.stacked, -1)
        self._count(returned, self.ahead, 1)
        self.places[pushed] = STACK
        self.places[popped] = GONE
        self.places[returned] = INPUT
        self.places[none] = GONE

    def _count(self, tokens: Array, counts: Array, step: int) -> None:
        # The tokens are of different documents, so that their heads are different, too.
        above = self.gold[tokens]
        counts[np.where(above == tokens, self.none, above)] += step


class OpenOracle:
    """Judges the actions of states. ``relations``: numbers, -1 unknown; ``starts``: true beginnings
    of sentences. The true trees must be projective."""

    def __init__(
        self, states: WatchedStates, actions: OpenActions, relations: Array, starts: Array
    ) -> None:
        self.states, self.actions = states, actions
        self.starts = np.append(np.asarray(starts), False)
        relations = np.append(np.asarray(relations), -1)
        self.of_left = self._numbers(relations, actions.left, actions.first_left)
        self.of_right = self._numbers(relations, actions.right, actions.first_right)

    def _numbers(self, relations: Array, known: list[int], offset: int) -> Array:
        """For each token the action that gives it its relation, -1 if there is none."""
        places = np.full(max([*known, 0]) + 2, -1)
        places[known] = np.arange(len(known)) + offset
        named = (relations >= 0) & (relations < len(places) - 1)
        return np.where(named, places[np.where(named, relations, 0)], -1)

    def judge(self) -> Array:
        """Which actions are good in the present states: bool, ``(states, actions)``. Some of them
        may not be valid."""
        s = self.states
        top, front, second, none = s.top, s.front, s.second, s.none
        above_top, above_front = s.gold[top], s.gold[front]
        free = ~s.starts[front]
        has_head = s.heads[top] != none
        lone = s.below[top] == none
        # What the top would lose if it went; across a marked start nothing can be had.
        ahead = (s.ahead[top] > 0) & free
        later = (s.places[above_top] == INPUT) & (above_top != top) & free
        settled = has_head & (s.heads[top] == above_top)
        under = ~has_head & (s.places[above_top] == STACK) & (above_top != top)
        # What the next token would lose if it were pushed.
        waited = s.stacked[front] > 0
        due = self.starts[second] & ((s.number & CAN_BREAK) > 0)
        kept = ~waited & ~due
        on_stack = (s.places[above_front] == STACK) & free
        beyond = (s.places[above_front] == INPUT) | on_stack
        to_front, to_top = above_top == front, above_front == top
        to_front &= top != none
        to_top &= (front != none) & (top != none)
        lost_top = ~later & ~settled & ~under & (above_top != top)
        good = np.zeros((len(top), self.actions.size), dtype=bool)
        good[:, SHIFT] = ~on_stack & kept
        returns = ~has_head & ~lone
        wanted_again = under | (s.stacked[top] > 0) | ~free
        good[:, REDUCE] = np.where(returns, wanted_again, ~ahead & ~later)
        first = self.actions.first_left
        good[:, BREAK:first] = self.starts[second][:, None]
        actions = np.arange(self.actions.size)
        split = self.actions.first_right
        wanted = np.where(to_front, self.of_left[top], -1)[:, None]
        fits = (wanted < 0) | (actions[first:split] == wanted)
        good[:, first:split] = (~ahead & (to_front | lost_top))[:, None] & fits
        wanted = np.where(to_top, self.of_right[front], -1)[:, None]
        fits = (wanted < 0) | (actions[split:] == wanted)
        good[:, split:] = (kept & (to_top | ~beyond))[:, None] & fits
        return good
