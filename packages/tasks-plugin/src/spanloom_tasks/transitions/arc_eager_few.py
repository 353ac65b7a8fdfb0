"""Arc-eager parsing of a few documents, one after the other, over plain numbers.

The steps of :mod:`~spanloom_tasks.transitions.arc_eager` are some sixty calls on arrays of as many
places as there are documents: for one or two of them plain Python is faster. The result is the
same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from .arc_eager import BREAK, LARGEST, LEFT, REDUCE, RIGHT, ParserActions, Trees, check_finite

__all__ = ["ArcsFew", "parse_few"]


class OneScorer(Protocol):
    """What gives scores for one state at a time."""

    size: int

    def scores_of(self, tokens: list[int]) -> Any:
        """Scores of the actions, shape ``(actions,)``: a new array."""


def parse_few(
    scorer: OneScorer,
    lengths: Sequence[int],
    actions: ParserActions,
    bounds: Sequence[int],
    breaks: Sequence[bool],
) -> Trees:
    """As :func:`~spanloom_tasks.transitions.arc_eager.parse`, with arguments as lists."""
    parser = _Parser(scorer, actions, sum(lengths))
    parser.bounds, parser.breaks = bounds, breaks
    return parser.trees(lengths)


class ArcsFew:
    """Arcs so far, for all documents. Lists over tokens have one more place, for no token."""

    def __init__(self, scorer: OneScorer, actions: ParserActions, size: int) -> None:
        self.scorer, self.none = scorer, size
        self.kinds: list[int] = actions.kinds.tolist()
        self.names: list[int] = actions.relations.tolist()
        self.barred = list(actions.barred)
        self.heads = [size] * (size + 1)
        self.relations = [-1] * (size + 1)
        self.starts = [False] * (size + 1)

    def trees(self, lengths: Sequence[int]) -> Trees:
        """Parse documents of these lengths."""
        start = 0
        for length in lengths:
            self.parse(start, start + length)
            start += length
        return Trees(
            np.asarray(self.heads[:-1], dtype=np.int64),
            np.asarray(self.relations[:-1], dtype=np.int64),
            np.asarray(self.starts[:-1], dtype=bool),
        )

    def parse(self, token: int, end: int) -> None:
        """Parse the document of the tokens from ``token`` to ``end``."""
        raise NotImplementedError

    def best(self, tokens: list[int], number: int) -> int:
        """The best action, of those that can be taken in states of this number."""
        scores = self.scorer.scores_of(tokens)
        scores += self.barred[number]
        action = int(scores.argmax())
        if not -LARGEST < scores[action] < LARGEST:
            check_finite(scores[action])
        return action


class _Parser(ArcsFew):
    bounds: Sequence[int]
    breaks: Sequence[bool]

    def __init__(self, scorer: OneScorer, actions: ParserActions, size: int) -> None:
        super().__init__(scorer, actions, size)
        self.children = [[size] * (size + 1) for _ in range(4)]

    def parse(self, token: int, end: int) -> None:
        """Parse a document sentence by sentence."""
        while token < end:
            self.starts[token] = True
            token = self._sentence(token, self.bounds[token])

    def _sentence(self, start: int, limit: int) -> int:
        """Parse one sentence; returns the token at which the next one starts."""
        none, heads, left_child = self.none, self.heads, self.children[0]
        stack, token, back = [start], start + 1, none
        while True:
            if back == none and token >= limit:
                # Return the nearest headless token to the input, or end.
                while heads[stack[-1]] != none:
                    stack.pop()
                back = stack.pop()
                if not stack:
                    heads[back] = back
                    return limit
            front = token if back == none else back
            top = stack[-1]
            code = 2 if back != none else 4 * (self.breaks[token] and left_child[token] == none)
            code += heads[top] != none
            action = self.best(self._tokens(stack, front, token, limit, back), code)
            kind = self.kinds[action]
            if kind == BREAK:
                limit = token
                continue
            if kind == LEFT:
                self._attach(top, front, self.names[action], 0)
            elif kind == RIGHT:
                self._attach(front, top, self.names[action], 1)
            if kind in (LEFT, REDUCE):
                stack.pop()
                if stack:
                    continue
            # Shift and Right push, and so does an empty stack.
            stack.append(front)
            if back == none:
                token += 1
            back = none

    def _attach(self, child: int, head: int, relation: int, side: int) -> None:
        self.heads[child], self.relations[child] = head, relation
        last, before = self.children[side], self.children[side + 2]
        before[head], last[head] = last[head], child

    def _tokens(self, stack: list[int], front: int, token: int, limit: int, back: int) -> list[int]:
        none, top = self.none, stack[-1]
        left, right, left_before, right_before = self.children
        second = token + 1 if back == none and token + 1 < limit else none
        under = stack[-2] if len(stack) > 1 else none
        below = stack[-3] if len(stack) > 2 else none
        tokens = [front, second, top, under, below, left[front], left[top], right[top]]
        if self.scorer.size == 13:
            tokens += [left_before[top], right_before[top], left[under], right[under]]
            tokens.append(right_before[under])
        return tokens
