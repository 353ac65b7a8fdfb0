"""Macedonian lemmas: adverbs in "-јќи" are forms of verbs, and unknown forms aren't made."""

from __future__ import annotations

from collections.abc import Sequence

from ..modes import LOOKUP, NO_WORDS, LemmaRules, LemmaTables, Word, endings, rule_mode

__all__ = ["RULES"]

_CONVERB = "јќи"


def _by_rules(tables: LemmaTables, word: Word) -> Sequence[str]:
    pos, text = word.pos.lower(), word.text
    if pos in NO_WORDS:
        return [text.lower()]
    if text.endswith(_CONVERB):
        pos, text = "verb", text.removesuffix(_CONVERB)
    index, exceptions, rules = tables.index(pos), tables.exceptions(pos), tables.rules(pos)
    if not (index or exceptions or rules):
        return [text if pos == "propn" else text.lower()]
    forms = dict.fromkeys(endings(text.lower(), rules, index)[0])
    irregular = exceptions.get(text.lower(), ())
    first = dict.fromkeys(form for form in irregular if form not in forms)
    return [*reversed(first), *forms] or [text]


RULES = LemmaRules("rule", {"lookup": LOOKUP, "rule": rule_mode(_by_rules, "POS")})
