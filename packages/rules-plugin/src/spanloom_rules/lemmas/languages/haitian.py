"""Haitian Creole lemmas: words hardly change, so that the rule is to write them small."""

from __future__ import annotations

from collections.abc import Sequence

from ..modes import LOOKUP, LemmaRules, LemmaTables, Mode, Word

__all__ = ["RULES"]

_TABLES = ("lemma_lookup", "lemma_rules", "lemma_exc", "lemma_index")


def _small(_: LemmaTables, word: Word) -> Sequence[str]:
    return [word.text.lower()]


RULES = LemmaRules("rule", {"lookup": LOOKUP, "rule": Mode(_small, optional=_TABLES)})
