"""French and Catalan lemmas: a word of the index is its own lemma, and what no rule knows is looked
up in the table of words."""

from __future__ import annotations

from collections.abc import Sequence

from ..modes import LOOKUP, NO_WORDS, LemmaRules, LemmaTables, Mode, Word, by_lookup, endings

__all__ = ["RULES"]

#: The parts of speech that rules are for.
_RULED = frozenset(
    ["noun", "verb", "adj", "adp", "adv", "aux", "cconj", "det", "pron", "punct", "sconj"]
)


def _by_rules(tables: LemmaTables, word: Word) -> Sequence[str]:
    pos, text = word.pos.lower(), word.text.lower()
    if pos in NO_WORDS:
        return [text]
    if pos not in _RULED:
        return by_lookup(tables, word)
    index = tables.index(pos)
    if text in index:
        return [text]
    if irregular := tables.exceptions(pos).get(text):
        return list(dict.fromkeys(irregular))
    known, unknown = endings(text, tables.rules(pos), index)
    if forms := known or unknown:
        return list(dict.fromkeys(forms))
    found = tables.word(text, text)
    return [found] if isinstance(found, str) else found[:1]


RULES = LemmaRules(
    "rule",
    {
        "lookup": LOOKUP,
        "rule": Mode(
            _by_rules, ("lemma_lookup", "lemma_rules", "lemma_exc", "lemma_index"), reads=("POS",)
        ),
    },
)
