"""White space in CoNLL-U: how MISC writes it, and tokens made of it.

``SpaceAfter=No`` is of the format itself; ``SpacesBefore``, ``SpacesAfter`` and ``SpacesInToken``
are UDPipe's, with the escapes ``\\s``, ``\\t``, ``\\r``, ``\\n``, ``\\p`` for ``|``. Other
white space, which would end a line for some readers, is written as ``\\u2028``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..sentences import Sentence

__all__ = ["escaped", "laid_out", "space_after", "unescaped"]

_ESCAPES = {" ": "s", "\t": "t", "\r": "r", "\n": "n", "|": "p", "\\": "\\"}
_PLAIN = {code: char for char, code in _ESCAPES.items()}
_CODE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SPECIAL = re.compile(r"[\s|\\]")


def escaped(text: str) -> str:
    """``text`` as the value of a key in MISC."""
    return _SPECIAL.sub(lambda found: "\\" + _code(found[0]), text)


def _code(char: str) -> str:
    return _ESCAPES.get(char) or f"u{ord(char):04x}"


def unescaped(value: str) -> str:
    """The text that :func:`escaped` was given. What isn't an escape stays as it is."""
    return _CODE.sub(_char, value)


def _char(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) == 5 else _PLAIN.get(code, found[0])


def space_after(misc: Sequence[str]) -> str:
    """The white space after a word whose MISC has these parts."""
    for part in misc:
        if part.startswith("SpacesAfter="):
            space = unescaped(part.removeprefix("SpacesAfter="))
            return space if not space.strip() else " "
    return "" if "SpaceAfter=No" in misc else " "


def laid_out(sentence: Sentence, before: str, after: Sequence[str]) -> Sentence:
    """The sentence with ``before`` in front of it and ``after`` each of its words. White space that
    is more than one space becomes a token without annotation, which hangs on the word before it."""
    sentence.spaces = [space.startswith(" ") for space in after]
    extra = {i: space.removeprefix(" ") for i, space in enumerate(after)}
    extra = {i: space for i, space in extra.items() if space}
    if before:
        extra[-1] = before
    if not extra:
        return sentence
    size = len(sentence.words)
    order: list[int | None] = []
    for i in range(-1, size):
        order += [i] * (i >= 0) + ([None] if i in extra else [])
    places = {i: place for place, i in enumerate(order)}
    spaces = iter(extra[i] for i in range(-1, size) if i in extra)
    result = replace(sentence, words=[], spaces=[], heads=[], ents=[])
    for place, old in enumerate(order):
        result.words.append(next(spaces) if old is None else sentence.words[old])
        result.spaces.append(False if old is None else sentence.spaces[old])
        result.heads.append(max(place - 1, 0) if old is None else places[sentence.heads[old]])
    if before and size:
        result.heads[0] = places[0]
    if sentence.extras:
        result.extras = [{} if i is None else sentence.extras[i] for i in order]
    for name in ("tags", "pos", "morphs", "lemmas", "deps"):
        values = getattr(sentence, name)
        setattr(result, name, ["" if i is None else values[i] for i in order])
    if sentence.ents:
        result.ents = [
            _inner(order[place + 1 :], sentence.ents) if i is None else sentence.ents[i]
            for place, i in enumerate(order)
        ]
    return result


def _inner(following: Sequence[int | None], ents: Sequence[str]) -> str:
    """The entity tag of white space: that of the entity that goes on after it."""
    tag = ents[following[0]] if following and following[0] is not None else "O"
    return f"I{tag[1:]}" if tag[0] in "IL" else "O"
