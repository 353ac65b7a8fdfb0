"""What the languages share that have a table of words for each part of speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..modes import LemmaTables

__all__ = ["noun", "table_names", "words_of"]


def table_names(*parts: str) -> tuple[str, ...]:
    """The names of the tables of parts of speech."""
    return tuple(f"lemma_lookup_{part}" for part in parts)


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
