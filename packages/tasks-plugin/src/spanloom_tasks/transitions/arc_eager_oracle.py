"""The dynamic oracle of the arc-eager system: which actions lose no true arc that isn't lost yet.

After Goldberg and Nivre (2013), https://aclanthology.org/Q13-1033.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arc_eager import BREAK, REDUCE, SHIFT, ParserActions, ParserStates

__all__ = ["ParserOracle", "sentence_starts"]

Array = Any


def sentence_starts(heads: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where no arc goes over the border to the token before: bool of shape ``(tokens,)``.

    Borders of tokens with unknown heads (-1) aren't known to be any, but for those of documents.
    """
    size = len(heads)
    tokens = np.arange(size)
    known = heads >= 0
    to = np.where(known, heads, tokens)
    over = np.zeros(size + 1, dtype=np.int64)
    np.add.at(over, np.minimum(tokens, to) + 1, 1)
    np.add.at(over, np.maximum(tokens, to) + 1, -1)
    starts: NDArray[np.bool_] = np.cumsum(over)[:size] == 0
    unknown = ~known
    starts[unknown] = False
    starts[1:][unknown[:-1]] = False
    starts[(np.cumsum(lengths) - lengths)[lengths > 0]] = True
    return starts


class ParserOracle:
    """Knows the true trees, which must be projective, and follows states to keep count.

    ``heads``: of shape ``(tokens,)``, a root is its own, -1 unknown. ``relations``: numbers, -1
    unknown. ``starts``: true beginnings of sentences.
    """

    def __init__(
        self,
        states: ParserStates,
        actions: ParserActions,
        heads: Array,
        relations: Array,
        starts: Array,
    ) -> None:
        none = self.none = states.none
        self.states, self.actions = states, actions
        self.heads = np.append(np.where(heads < 0, none, heads), none)
        self.starts = np.append(starts, False)
        self.relations = np.append(relations, -1)
        self.of_left = self._numbers(actions.left, 3)
        self.of_right = self._numbers(actions.right, actions.first_right)
        # Dependents sorted by head and place, to count those in a range.
        tokens = np.arange(none)
        own = self.heads[:-1] != tokens
        self.arcs = np.sort((self.heads[:-1] * (none + 1) + tokens)[own])
        states.watch(self.heads)

    def _numbers(self, relations: list[int], offset: int) -> Array:
        """For each token the action that gives it its relation, -1 if there is none."""
        places = np.full(max([*relations, 0]) + 2, -1)
        places[relations] = np.arange(len(relations)) + offset
        table = places
        known = (self.relations >= 0) & (self.relations < len(places) - 1)
        return np.where(known, table[np.where(known, self.relations, 0)], -1)

    def judge(self) -> Array:
        """Which actions are good in the present states: bool, ``(states, actions)``. Some of them
        may not be valid."""
        s = self.states
        top, front, next_, limit, returned = s.top, s.front, s.next, s.limit, s.returned
        top_head, front_head = self.heads[top], self.heads[front]
        known = front_head != self.none
        to_top = front_head == top
        begins = self.starts[next_] & ~returned
        # True arcs from the top into the input.
        base = top * (self.none + 1)
        ahead = np.searchsorted(self.arcs, base + limit) - np.searchsorted(self.arcs, base + next_)
        loses_top = np.where(returned, to_top, ahead > 0)
        later = ~returned & (top_head > next_) & (top_head < limit)
        # True arcs between the next token and the stack: to its head, and from it to others.
        stacked = known & self._stacked(front_head)
        waited = s.waiting[front] > 0
        left_bad = loses_top | later | (top_head == top) | begins
        ahead_head = known & ~returned & (front_head > next_) & (front_head < limit)
        elsewhere = ~to_top & (stacked | ahead_head | (front_head == front))
        right_bad = elsewhere | waited | begins
        good = np.empty((len(top), self.actions.size), dtype=bool)
        good[:, SHIFT] = ~(stacked | to_top | waited | begins)
        good[:, REDUCE] = ~(loses_top | begins)
        good[:, BREAK] = begins
        actions = np.arange(self.actions.size)
        split = self.actions.first_right
        wanted = np.where(top_head == front, self.of_left[top], -1)[:, None]
        fits = (wanted < 0) | (actions[3:split] == wanted)
        good[:, 3:split] = ~left_bad[:, None] & fits
        wanted = np.where(to_top, self.of_right[front], -1)[:, None]
        fits = (wanted < 0) | (actions[split:] == wanted)
        good[:, split:] = ~right_bad[:, None] & fits
        return good

    def _stacked(self, tokens: Array) -> Array:
        """Whether tokens (of the documents of the states, in order) are on the stack."""
        s = self.states
        head = s.heads[tokens]
        pushed = (tokens < s.next) & (tokens < s.front) & (tokens != s.back)
        return pushed & ((head == self.none) | ((head < tokens) & ~s.reduced[tokens]))
