"""Special cases with whitespace in them, which span chunks: "New York" as one token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..vocab.lexicon import Lexicon
from .chunks import Tokens
from .rules import SpecialCases

__all__ = ["put_together"]


def put_together(
    text: str, tokens: Tokens, lexicon: Lexicon, strings: Iterable[str], cases: SpecialCases
) -> Tokens:
    """Tokens of ``text`` with those of ``strings`` that start and end with a token made special
    cases, longer ones first."""
    rows, spaces = tokens
    lengths = np.fromiter(map(len, lexicon.texts_of(rows)), dtype=np.int64, count=len(rows))
    ends = np.cumsum(lengths + spaces)
    starts = ends - lengths - spaces
    first = dict(zip(starts.tolist(), range(len(rows)), strict=True))
    last = dict(zip((starts + lengths).tolist(), range(len(rows)), strict=True))
    chosen: dict[int, tuple[int, str]] = {}
    taken: set[int] = set()
    for string in sorted(strings, key=len, reverse=True):
        at = text.find(string)
        while at >= 0:
            start, end = first.get(at, -1), last.get(at + len(string), -1)
            inside = range(start, end + 1)
            if start >= 0 and end >= start and taken.isdisjoint(inside):
                taken.update(inside)
                chosen[start] = (end + 1, string)
            at = text.find(string, at + 1)
    return _rebuilt(tokens, chosen, lexicon, cases) if chosen else tokens


def _rebuilt(
    tokens: Tokens, chosen: dict[int, tuple[int, str]], lexicon: Lexicon, cases: SpecialCases
) -> Tokens:
    rows: list[int] = []
    spaces: list[bool] = []
    old_rows, old_spaces = (array.tolist() for array in tokens)
    done = 0
    for start, (end, string) in sorted(chosen.items()):
        rows += old_rows[done:start]
        spaces += old_spaces[done:start]
        pieces: Sequence[tuple[str, str | None]] = cases[string]
        rows += [lexicon.row(text, norm) for text, norm in pieces]
        spaces += [False] * (len(pieces) - 1) + [old_spaces[end - 1]]
        done = end
    rows += old_rows[done:]
    spaces += old_spaces[done:]
    return np.array(rows, dtype=np.int32), np.array(spaces, dtype=np.bool_)
