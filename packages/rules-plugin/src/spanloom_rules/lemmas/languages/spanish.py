"""Spanish lemmas: the analysis of a word chooses the rules for its endings; accents and vowels that
change in the stem are put back, and pronouns behind a verb get lemmas of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..modes import LOOKUP, NO_WORDS, LemmaRules, LemmaTables, Mode, Word

__all__ = ["RULES"]

#: Parts of speech whose words don't change.
_FIXED = frozenset(["adp", "cconj", "intj", "part", "propn", "punct", "sconj", "sym", "x"])

_CLITIC = re.compile(r"(?:[mts]e|l[aeo]s?|n?os)$")
_MOST_CLITICS = 4

_THOUSANDS = re.compile(r"\.[0-9]{3}$")


def _by_rules(tables: LemmaTables, word: Word) -> Sequence[str]:
    pos, text = word.pos.lower(), word.text.lower()
    if pos in NO_WORDS:
        return [text]
    if pos in _FIXED:
        return [text if word.sent_start and pos != "propn" else word.text]
    irregular = tables.exceptions(pos).get(text)
    if irregular is not None:
        return list(irregular)
    features = frozenset(word.morph.split("|"))
    return list(dict.fromkeys(_lemmas(tables, "verb" if pos == "aux" else pos, text, features)))


def _lemmas(tables: LemmaTables, pos: str, text: str, features: frozenset[str]) -> Sequence[str]:
    if pos == "num":
        return [_number(tables, text)]
    if pos == "adv":
        return [_listed(tables, text, "adverbs") or text]
    if pos in ("det", "pron"):
        return _determiner(tables, pos, text)
    if pos in ("noun", "adj"):
        return _noun(tables, pos, text, features)
    if pos == "verb" and "PronType=Prs" in features:
        return [_verb_with_clitics(tables, text, features)]
    return _verb(tables, text, features) if pos == "verb" else [text]


def _listed(tables: LemmaTables, text: str, *groups: str) -> str | None:
    """The lemma of a whole word in groups of rules."""
    return next((new for name in groups for old, new in tables.rules(name) if old == text), None)


def _rules(tables: LemmaTables, pos: str, features: frozenset[str]) -> Sequence[Sequence[str]]:
    """The rules for words of these features."""
    for name, needed in tables.table("lemma_rules_groups").get(pos, ()):
        if features.issuperset(needed):
            return tables.rules(name)
    return ()


def _replaced(text: str, rules: Iterable[Sequence[str]]) -> list[str]:
    """The forms with another ending that differ from the word."""
    forms = (text[: len(text) - len(old)] + new for old, new in rules if text.endswith(old))
    return [form for form in forms if form != text]


def _unaccented(tables: LemmaTables, forms: Iterable[str]) -> list[str]:
    """Each form without one of the accents, by turns."""
    return [form.replace(old, new) for form in forms for old, new in tables.rules("accents")]


def _noun(tables: LemmaTables, pos: str, text: str, features: frozenset[str]) -> Sequence[str]:
    forms = _replaced(text, _rules(tables, pos, features))
    if "Number=Plur" in features:  # "jóvenes": "joven"
        forms += _unaccented(tables, [form for form in forms if form.endswith(("n", "s"))])
    return _chosen(forms, tables.index(pos)) or [text]


def _chosen(forms: list[str], index: frozenset[str]) -> list[str]:
    """The forms that are in the index; all, if none is."""
    return [form for form in forms if form in index] or forms


def _determiner(tables: LemmaTables, pos: str, text: str) -> Sequence[str]:
    if lemma := _listed(tables, text, pos, "det_and_pron_fixed"):
        return [lemma]
    rules = tables.rules("det_and_pron_general")
    if pos == "pron":
        forms = _replaced(text, rules)
    else:  # each rule gives a form, be it the word itself
        forms = [next(iter(_replaced(text, [rule])), text) for rule in rules]
    return _chosen([*forms, text], tables.index(pos))


def _number(tables: LemmaTables, text: str) -> str:
    if lemma := _listed(tables, text, "num"):
        return lemma
    if _THOUSANDS.search(text.partition(",")[0]):
        text = text.replace(".", "")
    return text.replace(",", ".")


def _verb(tables: LemmaTables, text: str, features: frozenset[str]) -> Sequence[str]:
    forms = _replaced(text, _rules(tables, "verb", features))
    index = tables.index("verb")
    known = [form for form in forms if form in index] or [
        each for form in forms for each in _other_vowels(tables, form) if each in index
    ]
    return known or [*forms, *_unaccented(tables, forms)] or [text]


def _other_vowels(tables: LemmaTables, form: str) -> Iterable[str]:
    """A form with one vowel of the stem as it is where the stress lies elsewhere."""
    for old, new in tables.rules("voc_alt_1"):
        for i, letter in enumerate(form):
            if letter == old:
                yield form[:i] + new + form[i + 1 :]
    for old, new in tables.rules("voc_alt_2"):
        if old in form:
            yield form.replace(old, new, 1)


def _verb_with_clitics(tables: LemmaTables, text: str, features: frozenset[str]) -> str:
    clitics: list[str] = []
    while len(clitics) < _MOST_CLITICS and (found := _CLITIC.search(text)):
        clitics.insert(0, found[0])
        text = text[: found.start()]
    for old, new in tables.rules("accents"):
        text = text.replace(old, new)
    lemmas = [_first(tables, "verb", text, features - {"PronType=Prs"})]
    return " ".join([*lemmas, *(_first(tables, "pron", each, features) for each in clitics)])


def _first(tables: LemmaTables, pos: str, text: str, features: frozenset[str]) -> str:
    irregular = tables.exceptions(pos).get(text)
    return (irregular or _lemmas(tables, pos, text, features))[0]


RULES = LemmaRules(
    "rule",
    {
        "lookup": LOOKUP,
        "rule": Mode(
            _by_rules,
            ("lemma_rules", "lemma_rules_groups", "lemma_index", "lemma_exc"),
            reads=("POS", "MORPH", "SENT_START"),
        ),
    },
)
