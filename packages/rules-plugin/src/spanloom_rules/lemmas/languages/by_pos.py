"""What the languages share that have a table of words for each part of speech."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..modes import LOOKUP, RULE, LemmaRules, LemmaTables, Mode, Word

__all__ = ["by_part", "noun", "words_of"]


def by_part(
    lemmas: Callable[[LemmaTables, Word], Sequence[str]], *parts: str, further: tuple[str, ...] = ()
) -> LemmaRules:
    """Rules of the mode ``pos_lookup``, which needs the tables of these parts of speech, and
    ``further`` ones."""
    tables = (*(f"lemma_lookup_{part}" for part in parts), *further)
    own = Mode(lemmas, tables, reads=("POS",))
    return LemmaRules("pos_lookup", {"lookup": LOOKUP, "rule": RULE, "pos_lookup": own})


def words_of(tables: LemmaTables, part: str) -> Mapping[Any, str]:
    """The table of a part of speech."""
    found: Mapping[Any, str] = tables.table(f"lemma_lookup_{part}")
    return found


def noun(text: str, table: Mapping[Any, str]) -> str:
    """The lemma of a noun: one with capital letters may be a proper name that was taken for one."""
    lower = text.lower()
    if text == lower:
        return table.get(text, text)
    return table.get(lower) or table.get(text) or lower
