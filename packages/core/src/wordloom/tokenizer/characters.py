"""Character classes that the tokenizer's rules are written in.

Strings of single characters, and the bodies of regular expression classes (what stands between the
square brackets). Letters are classified by their Unicode category, so what counts as a letter grows
with the Unicode version of the Python that runs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

__all__ = [
    "CURRENCY_SIGNS",
    "CURRENCY_WORDS",
    "LETTER",
    "PUNCTUATION",
    "QUOTES",
    "UNITS",
    "icons",
    "lower",
    "ranges",
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
UNITS = tuple((files("wordloom.tokenizer") / "units.txt").read_text(encoding="utf8").split())

#: Any letter, as a class of its own: what is a word character but neither digit nor fraction.
LETTER = r"[^\W\d_²³¹¼-¾]"

_LAST = 0x1FFFF
_PLANES_ABOVE = r"\U00020000-\U0003ffff"


def ranges(points: Iterable[int]) -> str:
    """The body of a character class for ``points``, which ascend."""
    runs: list[list[int]] = []
    for point in points:
        if runs and point == runs[-1][1] + 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    parts = []
    for first, last in runs:
        start, end = (re.escape(chr(point)) for point in (first, last))
        parts.append(start if first == last else f"{start}-{end}")
    return "".join(parts)


@cache
def _categories() -> list[str]:
    return list(map(unicodedata.category, map(chr, range(_LAST + 1))))


def _of(*wanted: str) -> str:
    return ranges(p for p, category in enumerate(_categories()) if category in wanted)


@cache
def lower() -> str:
    """Lower-case letters, those of scripts without case, and the vowel signs that follow them."""
    return _of("Ll", "Lo", "Lm", "Mc") + _PLANES_ABOVE


@cache
def upper() -> str:
    """Capital letters, those of scripts without case, and the vowel signs that follow them."""
    return _of("Lu", "Lt", "Lo", "Lm", "Mc") + _PLANES_ABOVE


@cache
def icons() -> str:
    """Emoji and other pictures (Unicode category So)."""
    return _of("So")
