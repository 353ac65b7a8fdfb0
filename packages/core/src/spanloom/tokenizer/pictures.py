"""Emoji of several characters: with skin tones, joiners, variation selectors, and flags.

What is seen as one picture is one token. The sequences are those of Unicode Technical Standard 51,
a little wider: an element is a picture with what modifies it, a pair of letters that make a flag,
or a key; elements are put together by zero width joiners.
"""

from __future__ import annotations

import re
from functools import cache

from .characters import icons

__all__ = ["characters_of", "parted"]

# One of these is in every picture of several characters: joiner, selectors, key, letters of flags,
# skin tones, tags.
_JOINS = re.compile(
    "[\u200d\ufe0e\ufe0f\u20e3\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
# Pictures that aren't of the Unicode category So.
_MORE = "\u203c\u2049\u2139\u2194-\u2199\u21a9\u21aa\u25f8-\u25ff\u2934\u2935\u3030\u303d"


@cache
def _picture() -> str:
    flag = "[\U0001f1e6-\U0001f1ff]{2}"
    key = "[0-9#*]\ufe0f?\u20e3"
    tone, tags = "[\U0001f3fb-\U0001f3ff]?\ufe0f?", "[\U000e0020-\U000e007f]*"
    element = f"(?:{flag}|{key}|[{icons()}{_MORE}][\ufe0e\ufe0f]?{tone}{tags})"
    return f"{element}(?:\u200d{element})*"


@cache
def _pictures() -> re.Pattern[str]:
    return re.compile(_picture())


@cache
def _characters() -> re.Pattern[str]:
    return re.compile(rf"\s+|{_picture()}|\S")


_SPACE_OR_CHARACTER = re.compile(r"\s+|\S")


def parted(chunk: str) -> list[str]:
    """A chunk in parts: by turns what is no picture of several characters, maybe empty, and one."""
    if not _JOINS.search(chunk):
        return [chunk]
    parts, done = [], 0
    for match in _pictures().finditer(chunk):
        start, end = match.span()
        if end - start > 1:
            parts += [chunk[done:start], chunk[start:end]]
            done = end
    return [*parts, chunk[done:]]


def characters_of(text: str) -> list[str]:
    """The characters of a text as they are seen, and runs of white space."""
    return (_characters() if _JOINS.search(text) else _SPACE_OR_CHARACTER).findall(text)
