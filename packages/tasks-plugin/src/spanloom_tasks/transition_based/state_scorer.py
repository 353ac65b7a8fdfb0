"""Scores of the states of a transition system, by what each token adds to the hidden layer."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

__all__ = ["StateScorer", "contributions"]

Array = Any


class StateScorer:
    """Scores states of the documents of one batch.

    Tokens are numbered through the batch, and ``none`` (the number of all tokens) stands for no
    token. ``ids`` is an int array of shape ``(states, nF)``.
    """

    __slots__ = (
        "_bias",
        "_lower",
        "_made",
        "_offsets",
        "_upper",
        "_vectors",
        "none",
        "pieces",
        "size",
        "width",
        "xp",
    )

    def __init__(
        self,
        vectors: Array,
        lower: tuple[Array, Array, Array],
        pieces: int,
        size: int,
        upper: tuple[Array, Array] | None,
        xp: Any,
    ) -> None:
        """``vectors`` of the tokens have shape ``(tokens, nI)``. ``lower`` holds what makes
        contributions of them: weights, shape ``(size * pieces * width, nI)``, what no token adds,
        ``(size * pieces * width,)``, and biases, ``(pieces * width,)``; ``upper`` weights
        ``(width, actions)`` and biases."""
        self.none = len(vectors)
        self.size = size
        self.pieces = pieces
        self.width = len(lower[2]) // pieces
        self.xp = xp
        self._vectors, self._lower, self._upper = vectors, lower, upper
        self._bias = lower[2]
        self._offsets = xp.arange(size)
        self._made: Array = None

    @property
    def _table(self) -> Array:
        """The contributions, shape ``((tokens + 1) * size, pieces * width)``."""
        if self._made is None:
            table = contributions(self._vectors, *self._lower[:2], self.xp)
            self._made = table.reshape(-1, len(self._bias))
        return self._made

    def part(self, start: int, end: int) -> StateScorer:
        """A scorer for the tokens from ``start`` to ``end``. What it computes is freed with it."""
        if (start, end) == (0, self.none):
            return self
        vectors = self._vectors[start:end]
        return StateScorer(vectors, self._lower, self.pieces, self.size, self._upper, self.xp)

    def on_host(self) -> StateScorer:
        """A scorer that computes on the CPU. Each state depends on the one before, so it would wait
        for the GPU each time; contributions and weights are copied once instead."""
        if self.xp is np:
            return self
        host = copy(self)
        host._made, host._bias = self._table.get(), self._bias.get()
        if self._upper is not None:
            weights, biases = self._upper
            host._upper = weights.get(), biases.get()
        host.xp, host._offsets = np, np.arange(self.size)
        return host

    def sums(self, ids: Array) -> Array:
        """Inputs of the maxout, shape ``(states, pieces * width)``, those of a piece together."""
        rows = ids * self.size
        rows += self._offsets
        total = self._table.take(rows.ravel(), axis=0)
        total = total.reshape(len(ids), self.size, len(self._bias)).sum(axis=1)
        total += self._bias
        return total

    def activate(self, sums: Array) -> Array:
        """The maxout of :meth:`sums`, shape ``(states, width)``."""
        width = self.width
        best = sums[:, :width]
        for start in range(width, self.pieces * width, width):
            best = self.xp.maximum(best, sums[:, start : start + width])
        return best

    def output(self, hidden: Array) -> Array:
        """Scores of the actions for hidden states, shape ``(states, actions)``."""
        if self._upper is None:
            return hidden.copy()
        scores = self.xp.matmul(hidden, self._upper[0])
        scores += self._upper[1]
        return scores

    def scores(self, ids: Array, mask: Array = None) -> Array:
        """Scores of the actions, shape ``(states, actions)``: a new array. ``mask``, of shape
        ``(states, width)``, is multiplied with the hidden layer."""
        hidden = self.activate(self.sums(ids))
        if mask is not None:
            hidden *= mask
        return self.output(hidden)

    def scores_of(self, tokens: Array | list[int]) -> Array:
        """Scores of the actions for one state of ``nF`` tokens, shape ``(actions,)``: a new array.
        As :meth:`scores`, with fewer calls."""
        size = self.size
        rows = [token * size + place for place, token in enumerate(tokens)]
        total = self.xp.add.reduce(self._table.take(rows, axis=0), axis=0)
        total += self._bias
        hidden = total.reshape(self.pieces, self.width).max(axis=0)
        return self.output(hidden)

    def outside_scores(self) -> Array:
        """Scores of the actions for all states that have one token, in its first place: shape
        ``(tokens, actions)``."""
        base = self.none * self.size
        rest = self._table[base + 1 : base + self.size].sum(axis=0)
        rest += self._bias
        return self.output(self.activate(self._table[: base : self.size] + rest))


def contributions(H: Array, weights: Array, nothing: Array, xp: Any) -> Array:
    """What each token adds in each place, and in the last row no token: ``(tokens + 1, ...)``."""
    table = xp.empty((len(H) + 1, len(weights)), dtype="f")
    xp.matmul(H, weights.T, out=table[:-1])
    table[-1] = nothing
    return table
