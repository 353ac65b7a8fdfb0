"""Greek lemmas: a word of the index is its own lemma."""

from __future__ import annotations

from collections.abc import Sequence

from ..modes import LOOKUP, NO_WORDS, LemmaRules, LemmaTables, Word, endings, rule_mode

__all__ = ["RULES"]


def _by_rules(tables: LemmaTables, word: Word) -> Sequence[str]:
    pos, text = word.pos.lower(), word.text.lower()
    index = tables.index(pos)
    if pos in NO_WORDS or text in index:
        return [text]
    irregular = tables.exceptions(pos).get(text)
    known, unknown = endings(text, tables.rules(pos), index)
    return list(dict.fromkeys(irregular or known or unknown or [text]))


RULES = LemmaRules("rule", {"lookup": LOOKUP, "rule": rule_mode(_by_rules, "POS")})
