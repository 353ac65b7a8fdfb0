"""Phrases as a tree of words in sorted arrays, which takes a few bytes for each word.

Distinct values are *terms*, numbered from 1 in the order of the values; 0 is any other value. An
edge from a node by a term is the number ``node * width + term``. All edges are one sorted array,
and the node that the edge at ``i`` leads to is ``i + 1``: nodes are numbered level by level.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from .prepared import Match

__all__ = ["FEW", "PhraseIndex"]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)

FEW = 50
"""From so few places the tree is walked one after the other, which is quicker than in lock step."""
MOST_STEPS = 100_000
"""Steps of such walks that are remembered at most; then all are looked up anew."""

Ints = NDArray[np.int64]


class PhraseIndex:
    """The tree of ``phrases``: ``values`` one after the other, their ``lengths``, and the number of
    the rule of each, by which ``rules`` has its id.

    Texts are looked up as one array of terms; ``limits`` are the numbers of the terms after the
    last of each text.
    """

    def __init__(
        self, values: NDArray[np.uint64], lengths: Ints, numbers: Ints, rules: NDArray[np.uint64]
    ) -> None:
        self.terms, terms = np.unique(values, return_inverse=True)
        self.width = len(self.terms) + 1
        self._edges, ends = _tree(terms + 1, lengths, self.width)
        #: What stands after the last text: no term.
        self._beyond = np.zeros(int(lengths.max(initial=0)), dtype=np.int64)
        pairs = np.unique(np.stack([ends, numbers], axis=1), axis=0)
        self._rules = rules[pairs[:, 1]]
        ended, firsts = np.unique(pairs[:, 0], return_index=True)
        #: Where the rules of each node at which phrases end begin, in the order of these nodes.
        self._firsts = np.append(firsts, len(pairs))
        #: Of each node, its number among them, -1 if no phrase ends there.
        self._ended = np.full(len(self._edges) + 1, -1, dtype=np.int32)
        self._ended[ended] = np.arange(len(ended))
        below = self._edges[: np.searchsorted(self._edges, self.width)]
        #: Of each term, the node that it leads to from the root, 0 if no phrase begins with it.
        self._first = np.zeros(self.width, dtype=np.int64)
        self._first[below] = np.arange(1, len(below) + 1)
        self._level = memoryview(self._first.data)
        alone = self._ended[self._first] >= 0
        #: Of each term, whether it is a phrase by itself; ``None`` if there is no such phrase.
        self.alone = alone if alone.any() else None
        #: Of each term, what adds up to the hash of an edge: of the node that it leads to, with
        #: the next term's second one. Where it begins no phrase, of a node that isn't there.
        leads_to = np.where(self._first > 0, self._first, len(self._edges) + 1)
        parts = np.stack([leads_to * self.width, np.arange(self.width)], axis=1)
        self.hashes = parts.astype(np.uint64) * _FACTOR
        self._filter, self._shift = _filter(self._edges[len(below) :])
        self._steps = _Steps(self._edges)
        self._found = _Rules(self._ended, self._firsts, self._rules)

    def terms_of(self, values: NDArray[np.generic]) -> Ints:
        """The terms of values, 0 for those in no phrase."""
        wanted = values.astype(np.uint64)
        at = np.searchsorted(self.terms, wanted)
        at[at == len(self.terms)] = 0
        known: NDArray[np.bool_] = self.terms[at] == wanted
        return np.where(known, at + 1, 0)

    def begins(
        self,
        hashes: NDArray[np.uint64],
        alone: NDArray[np.bool_] | None = None,
        limits: Ints | None = None,
    ) -> Ints:
        """Where phrases may begin, given :attr:`hashes` and :attr:`alone` (if there are such
        phrases) of the terms of one text, or of texts with these limits."""
        edges = hashes[:-1, 0] + hashes[1:, 1]
        edges >>= self._shift
        begins = self._filter.take(edges.view(np.int64))
        if limits is not None:
            begins[limits[:-1] - 1] = False
        if alone is not None:
            begins |= alone[:-1]
            begins = np.append(begins, alone[-1])
        found: Ints = begins.nonzero()[0]
        return found

    def walk(self, terms: list[int], begins: list[int], first: int) -> list[Match]:
        """The phrases of one text that begin at ``begins``, by place, the shorter first: id of the
        rule, first token, and the one after the last, counted from ``first``."""
        steps, found, width, size = self._steps, self._found, self.width, len(terms)
        level, matches = self._level, list[Match]()
        for begin in begins:
            node, at = level[terms[begin]], begin + 1
            while node:
                if rules := found[node]:
                    matches += [(rule, first + begin, first + at) for rule in rules]
                if at == size:
                    break
                node = steps[node * width + terms[at]]
                at += 1
        return matches

    def matches(
        self, terms: Ints, begins: Ints, limits: Ints
    ) -> tuple[NDArray[np.uint64], Ints, Ints]:
        """The same in all texts, in lock step; tokens are numbered through the texts."""
        starts, ends, nodes = self._places(terms, begins, limits)
        low = self._firsts[nodes]
        if len(self._firsts) > len(self._rules):  # each phrase has one rule
            return self._rules[low], starts, ends
        counts = self._firsts[nodes + 1] - low
        places = np.repeat(low - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        return self._rules[places], np.repeat(starts, counts), np.repeat(ends, counts)

    def _places(self, terms: Ints, begins: Ints, limits: Ints) -> tuple[Ints, Ints, Ints]:
        """Places of phrases, and the numbers of the nodes where they end."""
        terms = np.append(terms, self._beyond)
        nodes = self._first[terms[begins]]
        on = nodes.nonzero()[0]
        levels, depth = [(begins[on], nodes[on])], 0
        while len(on):
            begins, nodes = levels[-1]
            depth += 1
            edges = nodes * self.width + terms[begins + depth]
            places = self._edges.searchsorted(edges)
            on = (self._edges.take(places, mode="clip") == edges).nonzero()[0]
            levels.append((begins[on], places[on] + 1))
        starts, nodes = (np.concatenate(each) for each in zip(*levels))
        ends = starts + np.repeat(np.arange(depth + 1) + 1, [len(each) for each, _ in levels])
        ended = self._ended[nodes].astype(np.int64)
        whole = ended >= 0
        if len(limits) > 1:  # what goes on in the next text is no phrase
            whole &= ends <= limits[limits.searchsorted(starts, side="right")]
        on = whole.nonzero()[0]
        on = on[starts[on].argsort(kind="stable")]
        return starts[on], ends[on], ended[on]


def _tree(terms: Ints, lengths: Ints, width: int) -> tuple[Ints, Ints]:
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


def _filter(edges: Ints) -> tuple[NDArray[np.bool_], np.uint64]:
    """A table that is true for the hashes of all edges, and of one in eight others at most."""
    bits = max(int(8 * len(edges)).bit_length(), 4)
    shift = np.uint64(64 - bits)
    table = np.zeros(1 << bits, dtype=np.bool_)
    table[edges.view(np.uint64) * _FACTOR >> shift] = True
    return table, shift


class _Steps(dict[int, int]):
    """Edge -> the node that it leads to, 0 if there is no such edge; as they are met."""

    def __init__(self, edges: Ints) -> None:
        super().__init__()
        self._edges = memoryview(edges.data)

    def __missing__(self, edge: int) -> int:
        if len(self) >= MOST_STEPS:
            self.clear()
        at = bisect_left(self._edges, edge)
        self[edge] = node = at + 1 if at < len(self._edges) and self._edges[at] == edge else 0
        return node


class _Rules(dict[int, tuple[int, ...]]):
    """Node -> ids of the rules whose phrases end there; as they are met."""

    def __init__(self, ended: NDArray[np.int32], firsts: Ints, rules: NDArray[np.uint64]) -> None:
        super().__init__()
        self._ended, self._firsts, self._rules = ended, firsts, rules

    def __missing__(self, node: int) -> tuple[int, ...]:
        if len(self) >= MOST_STEPS:
            self.clear()
        number = int(self._ended[node])
        low, high = self._firsts[[number, number + 1]].tolist() if number >= 0 else (0, 0)
        self[node] = found = tuple(self._rules[low:high].tolist())
        return found
