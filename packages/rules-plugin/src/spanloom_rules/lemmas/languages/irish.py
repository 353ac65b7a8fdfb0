"""Irish lemmas from a table for each part of speech, where words stand without what the word before
them does to their beginning: eclipsis ("gcat"), lenition ("chat"), and prefixed n, t and h."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..modes import LOOKUP, RULE, LemmaRules, LemmaTables, Mode, Word
from .by_pos import words_of

__all__ = ["RULES"]

#: Letters with a dot, as they were written before an "h" took the dot's place.
_DOTTED = str.maketrans(
    {each: plain + "h" for each, plain in zip("ḃċḋḟġṁṗṡṫ", "bcdfgmpst")}
    | {each: plain + "H" for each, plain in zip("ḂĊḊḞĠṀṖṠṪ", "BCDFGMPST")}
)
_VOWELS = frozenset("aáeéiíoóuú")
_CAPITALS = frozenset("AÁEÉIÍOÓUÚ")
_ECLIPSED = {"bhf": 2, "bh-f": 3, "ts": 1, "t-s": 2} | {
    f"{first}{dash}{second}": 1 + len(dash)
    for first, second in ("mb", "gc", "nd", "ng", "bp", "dt")
    for dash in ("", "-")
}
_LENITED = frozenset(f"{letter}h" for letter in "bcdfgmpst")
_TABLES = ("adj", "adp", "noun", "verb")


def _by_pos(tables: LemmaTables, word: Word) -> Sequence[str]:
    text, pos = word.text.translate(_DOTTED), word.pos
    part = "noun" if pos == "PROPN" else pos.lower()
    if part not in _TABLES:
        return [text.lower()]
    table = words_of(tables, part)
    if pos == "ADP":
        return _listed(table.get(text, text.lower()))
    form = word.features.get("VerbForm", "").split(",")
    if pos == "NOUN" and {"Vnoun", "Inf"} & set(form):
        prefixed = "HPref" in word.features.get("Form", "").split(",")
        return [_bare(text, prefixed).lower()]
    if pos == "ADJ" and "Part" in form:
        return [_bare(text).lower()]
    without_h = text[1:] if text[:1] in ("h", "H") and text[1:2].lower() in _VOWELS else ""
    stems = [_bare(text), without_h]
    if pos != "PROPN":
        stems = [stem.lower() for stem in stems]
    found = [lemma for stem in stems for lemma in _listed(table.get(stem))]
    return found or [text.lower()]


def _listed(found: Any) -> list[str]:
    if found is None:
        return []
    return list(found) if isinstance(found, list) else [found]


def _bare(text: str, prefixed: bool = False) -> str:
    """A word without what was done to its beginning; ``prefixed`` says that its h is none of its
    own."""
    lower = text.lower()
    start = next((cut for begin, cut in _ECLIPSED.items() if lower.startswith(begin)), 0)
    if not start and text[1:2] in _CAPITALS and text[0] in "nh":
        start = 1
    if not start and prefixed and text[0] == "h":
        start = 1
    if not start and lower.startswith("n-") and text[2:3] in _VOWELS:
        start = 2
    bare = text[start:]
    # A word may have both.
    return bare[:1] + bare[2:] if lower[:2] in _LENITED else bare


RULES = LemmaRules(
    "pos_lookup",
    {
        "lookup": LOOKUP,
        "rule": RULE,
        "pos_lookup": Mode(
            _by_pos, tuple(f"lemma_lookup_{part}" for part in _TABLES), reads=("POS", "MORPH")
        ),
    },
)
