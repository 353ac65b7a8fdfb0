"""Patterns made ready to be looked for: their classes of tokens and their automaton."""

from __future__ import annotations

from functools import cached_property
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError
from spanloom.tokens import Doc

from ..fuzzy import FuzzyCompare
from .automaton import Automaton, Found
from .classes import TokenClasses
from .columns import NEEDED, lacks
from .index import PatternIndex
from .time_limit import RegexLimit

__all__ = ["Match", "Prepared"]

Match = tuple[int, int, int]
"""The id of the rule, the first token, and the one after the last."""

_Place = tuple[int, int, Found]


class Prepared:
    """What finds the patterns of an index, which isn't changed any more."""

    def __init__(
        self, index: PatternIndex, compare: FuzzyCompare, limit: RegexLimit | None = None
    ) -> None:
        self._index = index
        self._limit = limit
        self._classes = TokenClasses(index.conditions, index.strings, compare, limit)
        self._automaton = Automaton(index.patterns, index.tests, self._classes.held)
        self._needed = self._classes.wanted(NEEDED)
        self._table = np.zeros(0, dtype=np.int32)
        self._alive = np.zeros(0, dtype=np.bool_)

    @cached_property
    def _aligning(self) -> Automaton:
        index, held = self._index, self._classes.held
        return Automaton(index.patterns, index.tests, held, aligned=True)

    def check_annotation(self, doc: Doc) -> None:
        """Raise :class:`DataError` if patterns ask for annotation that isn't there."""
        for attr in self._needed:
            if lacks(doc, attr):
                raise DataError(
                    f"a pattern asks for {attr}, and the document has none: add a component that "
                    f"sets it before (such as '{NEEDED[attr]}'), or call the matcher with "
                    f"allow_missing=True"
                )

    def matches(self, doc: Doc, start: int, end: int) -> list[Match]:
        """Key, first token and the one after the last of each match, counted from ``start``, in
        the order in which reading token by token comes upon them."""
        keys = self._index.keys
        found = [
            (keys[each[0]], begin, begin + each[1])
            for _, begin, each in self._places(self._automaton, doc, start, end)
        ]
        return list(dict.fromkeys(found)) if len(found) > 1 else found

    def aligned(self, doc: Doc, start: int, end: int) -> dict[Match, tuple[int, ...]]:
        """The same, each with the number of the dict that each of its tokens answers to."""
        keys = self._index.keys
        matches: dict[Match, tuple[int, ...]] = {}
        for _, begin, each in self._places(self._aligning, doc, start, end):
            matches.setdefault((keys[each[0]], begin, begin + each[1]), each[4])
        return matches

    def _places(self, automaton: Automaton, doc: Doc, start: int, end: int) -> list[_Place]:
        classes = self._classes
        if self._limit is not None:
            self._limit.start()
        if classes.by_word:
            table = classes.table(doc.lexicon)
            if table is not self._table:
                self._alive = automaton.alive_rows(table)
                self._table = table
            rows = doc.rows if end - start == len(doc) else doc.rows[start:end]
            starts: NDArray[np.int64] = self._alive[rows].nonzero()[0]
            if not len(starts):
                return []
            numbers = table[rows].tolist()
            scan = automaton.scan(numbers, starts.tolist())
        else:
            numbers = classes.of(doc, start, end)
            scan = automaton.scan(numbers, automaton.starts(numbers))
        found = [(step, begin, each) for step, begin, group in scan for each in group]
        if len(found) > 1:
            branched = any(each[2] for _, _, each in found)
            found.sort(key=_order if branched else itemgetter(0))
        return found


def _order(place: _Place) -> tuple[int, ...]:
    """Where a match stands in the order: by the token at which it's known; of those known at one
    token, by when the way that led to it was taken up. A way that branched off at a token was taken
    up after those that begin there, and before those that begin at the next."""
    step, begin, (pattern, _, births, turns, _) = place
    if not births:
        return step, 2 * begin, pattern
    return step, *(2 * (begin + offset) + 1 for offset in births), 2 * begin, pattern, *turns
