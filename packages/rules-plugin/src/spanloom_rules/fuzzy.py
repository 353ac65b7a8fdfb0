"""How alike two words are: the least number of characters to insert, delete or replace."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

__all__ = ["FuzzyCompare", "levenshtein", "levenshtein_compare", "make_levenshtein_compare"]

FuzzyCompare = Callable[[str, str, int], bool]
"""Takes a text, the text of a pattern, and the edits allowed (-1: by its length)."""


def levenshtein(a: str, b: str, k: int | None = None) -> int:
    """The distance of two strings. With ``k``, one above it is given as ``k + 1``."""
    cutoff = None if k is None or k < 0 else k
    return int(_distance()(a, b, score_cutoff=cutoff))


@cache
def _distance() -> Callable[..., Any]:
    from rapidfuzz.distance import Levenshtein  # not needed by most patterns

    return Levenshtein.distance


def levenshtein_compare(input_text: str, pattern_text: str, fuzzy: int = -1) -> bool:
    """Whether two texts differ by at most ``fuzzy`` edits; with -1 by at most 30 % of the length of
    the pattern's text, and two in any case."""
    most = fuzzy if fuzzy >= 0 else max(2, round(0.3 * len(pattern_text)))
    return levenshtein(input_text, pattern_text, most) <= most


def make_levenshtein_compare() -> FuzzyCompare:
    """:func:`levenshtein_compare`, as configs name it."""
    return levenshtein_compare
