"""Dutch lemmas, all in lower case: index, exceptions and the table of words before rules."""

from __future__ import annotations

from collections.abc import Sequence

from ..modes import LemmaRules, LemmaTables, Mode, Word

__all__ = ["RULES"]

_RULED = frozenset(["noun", "verb", "aux", "adj", "adv", "pron", "det", "adp", "num"])


def _by_lookup(tables: LemmaTables, word: Word) -> Sequence[str]:
    text = word.text.lower()
    return [tables.word(text, text)]


def _by_rules(tables: LemmaTables, word: Word) -> Sequence[str]:
    pos, text = word.pos.lower(), word.text.lower()
    if pos not in _RULED:
        return [text]
    index, exceptions = tables.index(pos), tables.exceptions(pos)
    if text in index:
        return [text]
    if text in exceptions:
        return exceptions[text][:1]
    listed = tables.word(text)
    if listed and listed in index:
        return [listed]
    forms = _forms(text, tables.rules(pos))
    for likely in (index, exceptions):
        for form in forms:
            if form in likely:
                return [form]
    return [listed] if listed else forms or [text]


def _forms(text: str, rules: Sequence[Sequence[str]]) -> list[str]:
    forms = (text[: len(text) - len(old)] + new for old, new in rules if text.endswith(old))
    return list(dict.fromkeys(filter(None, forms)))


RULES = LemmaRules(
    "rule",
    {
        "lookup": Mode(_by_lookup, ("lemma_lookup",)),
        "rule": Mode(
            _by_rules, ("lemma_lookup", "lemma_rules", "lemma_exc", "lemma_index"), reads=("POS",)
        ),
    },
)
