"""Italian lemmas from a table for each part of speech; articles and clitics by rule."""

from __future__ import annotations

from collections.abc import Sequence

from ..modes import LemmaTables, Word
from .by_pos import by_part, noun, words_of

__all__ = ["RULES"]

_TABLES = {"PROPN": "noun", "PART": "pron"}

_ONE = dict.fromkeys(["un'", "un", "una"], "uno")

#: Lemmas of single forms, before the table.
_FORMS: dict[str, dict[str, str]] = {
    "DET": dict.fromkeys(["l'", "lo", "la", "i", "gli", "le"], "il") | _ONE,
    "PRON": dict.fromkeys(["l'", "li", "la", "gli", "le"], "lo") | _ONE,
    "ADP": {"d'": "di"},
    "ADJ": {},
}

#: Lemmas of the table that are shortened forms.
_FULL = {"alcun": "alcuno", "qualcun": "qualcuno"}


def _by_pos(tables: LemmaTables, word: Word) -> Sequence[str]:
    pos, text = word.pos, word.text
    table = words_of(tables, _TABLES.get(pos, pos.lower()))
    if pos == "NOUN":
        return [noun(text, table)]
    text = text if pos == "PROPN" else text.lower()
    if pos in _FORMS:
        lemma = _FORMS[pos].get(text) or table.get(text, text)
        return [_FULL.get(lemma, lemma) if pos in ("PRON", "ADJ") else lemma]
    other = words_of(tables, "other")
    return [table.get(text) or other.get(text) or tables.word(text, text.lower())]


RULES = by_part(
    _by_pos,
    *("num", "det", "adp", "adj", "noun", "pron", "verb", "aux", "adv", "other"),
    further=("lemma_lookup",),
)
