"""Phrases as a tree of words in sorted arrays, which takes a few bytes for each word.

Distinct values are *terms*, numbered from 1 in the order of the values; 0 is any other value. An
edge from a node by a term is the number ``node * width + term``. All edges are one sorted array,
and the node that the edge at ``i`` leads to is ``i + 1``: nodes are numbered level by level.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

__all__ = ["PhraseIndex"]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
#: Steps that are remembered at most; then all are looked up anew.
MOST_STEPS = 500_000


class PhraseIndex:
    """The tree of ``phrases``: ``values`` one after the other, their ``lengths``, and the number of
    the rule of each, by which ``rules`` has its id."""

    def __init__(
        self,
        values: NDArray[np.uint64],
        lengths: NDArray[np.int64],
        numbers: NDArray[np.int64],
        rules: NDArray[np.uint64],
    ) -> None:
        self.terms, terms = np.unique(values, return_inverse=True)
        self.width = len(self.terms) + 1
        self._edges, ends = _tree(terms + 1, lengths, self.width)
        pairs = np.unique(np.stack([ends, numbers], axis=1), axis=0)
        self._ends: NDArray[np.int64] = pairs[:, 0]
        self._rules = rules[pairs[:, 1]]
        is_end = np.zeros(len(self._edges) + 1, dtype=np.bool_)
        is_end[self._ends] = True
        below = self._edges[: np.searchsorted(self._edges, self.width)]
        nodes = np.zeros(self.width, dtype=np.int64)
        nodes[below] = np.arange(1, len(below) + 1)
        #: Of each term, the node that it leads to from the root, 0 if no phrase begins with it.
        self.first: list[int] = nodes.tolist()
        #: Of each term, whether it is a phrase by itself; ``None`` if there is no such phrase.
        self.alone = is_end[nodes] if is_end[nodes].any() else None
        #: Of each term, what adds up to the hash of an edge: of the node that it leads to, with
        #: the next term's second one. Where it begins no phrase, of a node that isn't there.
        leads_to = np.where(nodes > 0, nodes, len(self._edges) + 1)
        parts = np.stack([leads_to * self.width, np.arange(self.width)], axis=1)
        self.hashes = parts.astype(np.uint64) * _FACTOR
        #: Of each node, whether phrases end there.
        self.is_end = is_end.tobytes()
        self._filter, self._shift = _filter(self._edges[len(below) :])
        self.steps = _Steps(self._edges)
        self.found = _Rules(self._ends, self._rules)

    def terms_of(self, values: NDArray[np.generic]) -> NDArray[np.int64]:
        """The terms of values, 0 for those in no phrase."""
        wanted = values.astype(np.uint64)
        at = np.searchsorted(self.terms, wanted)
        at[at == len(self.terms)] = 0
        known: NDArray[np.bool_] = self.terms[at] == wanted
        return np.where(known, at + 1, 0)

    def begins(self, hashes: NDArray[np.uint64], alone: NDArray[np.bool_] | None) -> list[int]:
        """Where phrases may begin, given :attr:`hashes` and :attr:`alone` (if there are such
        phrases) of the terms of a text."""
        edges = (hashes[:-1, 0] + hashes[1:, 1]) >> self._shift
        begins = self._filter[edges.view(np.int64)]
        if alone is None:
            found: list[int] = begins.nonzero()[0].tolist()
            return found
        begins |= alone[:-1]
        found = begins.nonzero()[0].tolist()
        return [*found, len(alone) - 1] if alone[-1] else found


def _tree(
    terms: NDArray[np.int64], lengths: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The edges, and the node at which each phrase ends."""
    starts = np.cumsum(lengths) - lengths
    nodes = np.zeros(len(lengths), dtype=np.int64)
    on = np.arange(len(lengths))
    edges, count = [], 0
    for depth in range(int(lengths.max(initial=0))):
        on = on[lengths[on] > depth]
        found = nodes[on] * width + terms[starts[on] + depth]
        level, inverse = np.unique(found, return_inverse=True)
        nodes[on] = count + 1 + inverse
        count += len(level)
        edges.append(level)
    return np.concatenate(edges) if edges else np.zeros(0, dtype=np.int64), nodes


def _filter(edges: NDArray[np.int64]) -> tuple[NDArray[np.bool_], np.uint64]:
    """A table that is true for the hashes of all edges, and of one in eight others at most."""
    bits = max(int(8 * len(edges)).bit_length(), 4)
    shift = np.uint64(64 - bits)
    table = np.zeros(1 << bits, dtype=np.bool_)
    table[edges.view(np.uint64) * _FACTOR >> shift] = True
    return table, shift


class _Steps(dict[int, int]):
    """Edge -> the node that it leads to, 0 if there is no such edge; as they are met."""

    def __init__(self, edges: NDArray[np.int64]) -> None:
        super().__init__()
        self._edges = memoryview(edges.data)

    def __missing__(self, edge: int) -> int:
        if len(self) >= MOST_STEPS:
            self.clear()
        at = bisect_left(self._edges, edge)
        self[edge] = node = at + 1 if at < len(self._edges) and self._edges[at] == edge else 0
        return node


class _Rules(dict[int, tuple[int, ...]]):
    """Node -> ids of the rules whose phrases end there."""

    def __init__(self, ends: NDArray[np.int64], rules: NDArray[np.uint64]) -> None:
        super().__init__()
        self._ends, self._rules = ends, rules

    def __missing__(self, node: int) -> tuple[int, ...]:
        low, high = np.searchsorted(self._ends, [node, node + 1]).tolist()
        self[node] = found = tuple(self._rules[low:high].tolist())
        return found
