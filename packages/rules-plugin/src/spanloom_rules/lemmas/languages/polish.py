"""Polish lemmas from a table for each part of speech, without the prefixes of negation ("nie-") and
of the superlative ("naj-")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..modes import LemmaTables, Word
from .by_pos import by_part, noun, words_of

__all__ = ["RULES"]

_NOT, _MOST = "nie", "naj"


def _by_pos(tables: LemmaTables, word: Word) -> Sequence[str]:
    pos, text = word.pos, word.text
    table = words_of(tables, "noun" if pos == "PROPN" else pos.lower())
    if pos == "NOUN":
        return [noun(text, table)]
    if pos == "PROPN":
        return [table.get(text, text.lower())]
    text = text.lower()
    if pos == "ADJ":
        return [_adjective(text, table)]
    if pos == "VERB" and text.startswith(_NOT) and (found := table.get(text.removeprefix(_NOT))):
        return [found]
    return [table.get(text, text)]


def _adjective(text: str, table: Mapping[Any, str]) -> str:
    stems = [text]
    if text.startswith(_NOT):
        stems.insert(0, text.removeprefix(_NOT))
    for stem in stems:
        short = stem.removeprefix(_MOST)
        for form in [short, stem] if short != stem else [stem]:
            if form in table:
                return table[form]
    return text


RULES = by_part(_by_pos, "adj", "adp", "adv", "aux", "noun", "num", "part", "pron", "verb")
