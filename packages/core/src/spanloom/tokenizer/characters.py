"""Character classes that the tokenizer's rules are written in.

Strings of single characters, and the bodies of regular expression classes (what stands between the
square brackets). Letters are classified by their Unicode category, so what counts as a letter grows
with the Unicode version of the Python that runs.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from itertools import groupby

__all__ = [
    "CURRENCY_SIGNS",
    "CURRENCY_WORDS",
    "PUNCTUATION",
    "QUOTES",
    "UNITS",
    "icons",
    "letter",
    "lower",
    "upper",
]

#: Signs that stand alone wherever they begin or end a word.
PUNCTUATION = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪"

#: Quotation marks, and the brackets of East Asian and mathematical text.
QUOTES = "'\"”“`‘´’‚„»«「」『』（）〔〕【】《》〈〉\u2329\u232a⟦⟧"

#: Currency signs of one character.
CURRENCY_SIGNS = "$£€¥฿﷼" + "".join(map(chr, range(0x20A0, 0x20C0)))

#: Currency signs that begin with a country's letters.
CURRENCY_WORDS = ("US$", "C$", "A$")

#: Units of measurement that are split from a number.
UNITS = tuple((files("spanloom.tokenizer") / "units.txt").read_text(encoding="utf8").split())

_LAST = 0x1FFFF
_PLANES_ABOVE = r"\U00020000-\U0003ffff"
# Letters of scripts without case, and the vowel signs and accents that follow a letter.
_UNCASED = frozenset(["Lo", "Lm", "Mc", "Mn"])


@cache
def _runs() -> list[tuple[str, int, int]]:
    """Runs of characters of one Unicode category: category, first and last."""
    runs = []
    start = 0
    for category, run in groupby(map(unicodedata.category, map(chr, range(_LAST + 1)))):
        end = start + sum(1 for _ in run)
        runs.append((category, start, end - 1))
        start = end
    return runs


def _of(*wanted: str) -> str:
    """The body of a character class for all characters of some categories."""
    merged: list[list[int]] = []
    for category, first, last in _runs():
        if category not in wanted:
            continue
        if merged and merged[-1][1] == first - 1:
            merged[-1][1] = last
        else:
            merged.append([first, last])
    return "".join(
        chr(first) if first == last else f"{chr(first)}-{chr(last)}" for first, last in merged
    )


def letter() -> str:
    """Any letter, as a pattern: a word character that is neither digit nor fraction, or a mark
    that follows one."""
    return rf"(?:[^\W\d_²³¹¼-¾]|[{_of('Mc', 'Mn')}])"


@cache
def lower() -> str:
    """Lower-case letters, those of scripts without case, and marks that follow a letter."""
    return _of("Ll", *_UNCASED) + _PLANES_ABOVE


@cache
def upper() -> str:
    """Capital letters, those of scripts without case, and marks that follow a letter."""
    return _of("Lu", "Lt", *_UNCASED) + _PLANES_ABOVE


@cache
def icons() -> str:
    """Emoji and other pictures (Unicode category So)."""
    return _of("So")
