"""Features of a word that depend on its text alone, and the rules a language adds to them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = [
    "LexicalRules",
    "is_currency",
    "is_punct",
    "like_email",
    "like_num",
    "like_url",
    "word_shape",
    "word_shapes",
]

BRACKETS = frozenset("()<>[]{}")
QUOTES = frozenset([*"\"'`«»‘’‚‛“”„‟‹›❮❯", "''", "``"])
LEFT_PUNCT = frozenset([*"\"'(<[{«‘‚‛“„‟‹❮", "``"])
RIGHT_PUNCT = frozenset([*"\"')>]}»’”›❯", "''"])

#: Words of this many characters or more have the shape "LONG".
LONG = 100

_EMAIL = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")
_SCHEME = re.compile(r"(?:https?|ftps?|file)://.*|www\.[^.\s]+\..*", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(
    r"""(?!mailto:)(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*:[^\s@]*@)?     # user and password
        (?:[^\W_](?:[\w-]*[^\W_])?\.)+
        (?:(?![A-Z])[^\W\d_]){2,63}                                       # top level
        (?::\d{2,5})?(?:[/?\#]\S*)?""",
    re.VERBOSE,
)


def like_num(text: str) -> bool:
    """Whether ``text`` is a number written in digits: with a sign, separators, or as a fraction."""
    text = text[1:] if text.startswith(("+", "-", "±", "~")) else text
    text = text.replace(",", "").replace(".", "")
    if text.isdigit():
        return True
    above, slash, below = text.partition("/")
    return bool(slash) and above.isdigit() and below.isdigit()


def like_email(text: str) -> bool:
    """Whether ``text`` looks like an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def like_url(text: str) -> bool:
    """Whether ``text`` looks like a web address: one with a scheme, with ``www.``, or a host name
    whose top level is of letters, with or without a path."""
    if "." not in text and "://" not in text:
        return False
    return _SCHEME.fullmatch(text) is not None or _HOST.fullmatch(text) is not None


def is_punct(text: str) -> bool:
    """Whether all characters of ``text`` are of a Unicode category P."""
    return all(unicodedata.category(char)[0] == "P" for char in text)


def is_currency(text: str) -> bool:
    """Whether all characters of ``text`` are currency signs (Unicode category Sc)."""
    return all(unicodedata.category(char) == "Sc" for char in text)


class _ShapeTable(dict[int, str]):
    """For ``str.translate``: each character's shape, made when first met."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        if char.isalpha():
            shape = "X" if char.isupper() else "x"
        else:
            shape = "d" if char.isdigit() else char
        self[point] = shape
        return shape


_SHAPES = _ShapeTable()
_RUN = re.compile(r"(.)\1{4,}", re.DOTALL)


def word_shape(text: str) -> str:
    """The shape of a word: its letters as ``X`` and ``x``, digits as ``d``, anything else as it
    is, with runs of the same cut to four ("Apple-2026" is "Xxxxx-dddd")."""
    if len(text) >= LONG:
        return "LONG"
    return _RUN.sub(r"\1\1\1\1", text.translate(_SHAPES))


def word_shapes(texts: Sequence[str]) -> list[str]:
    """The shapes of many words, in one pass over all of their characters."""
    mark = "\x1e"
    joined = mark.join(texts)
    if joined.count(mark) != max(len(texts) - 1, 0):
        return [word_shape(text) for text in texts]
    shapes = _RUN.sub(_cut, joined.translate(_SHAPES)).split(mark) if texts else []
    if len(joined) >= LONG:
        shapes = ["LONG" if len(t) >= LONG else s for t, s in zip(texts, shapes, strict=True)]
    return shapes


def _cut(run: re.Match[str]) -> str:
    # A run of the mark is a run of empty words.
    return run[0] if run[1] == "\x1e" else run[1] * 4


@dataclass(frozen=True)
class LexicalRules:
    """What a language adds to the features of a word.

    ``norm_exceptions`` are norms that differ from the lower-cased word (looked up by the word,
    then by its lower case), ``stop_words`` are in lower case, ``like_num`` says whether a word is
    a number in digits or words.
    """

    norm_exceptions: Mapping[str, str] = field(default_factory=dict)
    stop_words: frozenset[str] = frozenset()
    like_num: Callable[[str], bool] = like_num

    def norm(self, text: str) -> str:
        """The norm of a word: its exception, else its lower case."""
        known = self.norm_exceptions.get(text)
        if known is not None:
            return known
        lower = text.lower()
        return self.norm_exceptions.get(lower, lower)
