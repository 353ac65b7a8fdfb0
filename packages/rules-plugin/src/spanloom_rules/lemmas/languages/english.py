"""English lemmas: words whose analysis says that they are uninflected stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

from ..modes import LOOKUP, NO_WORDS, LemmaRules, LemmaTables, Word, by_rules, rule_mode

__all__ = ["RULES", "is_base_form"]


def is_base_form(word: Word) -> bool:
    """Whether a word isn't inflected: a singular noun, an infinitive, a form of the present without
    number, or a positive."""
    pos, features = word.pos, word.features
    form = features.get("VerbForm")
    if form in ("Inf", "None") or features.get("Degree") == "Pos":
        return True
    if pos == "NOUN":
        return features.get("Number") == "Sing"
    present = form == "Fin" and features.get("Tense") == "Pres"
    return pos == "VERB" and present and "Number" not in features


def _by_rules(tables: LemmaTables, word: Word) -> Sequence[str]:
    if word.pos.lower() not in NO_WORDS and is_base_form(word):
        return [word.text.lower()]
    return by_rules(tables, word)


RULES = LemmaRules("rule", {"lookup": LOOKUP, "rule": rule_mode(_by_rules, "POS", "MORPH")})
