"""Russian and Ukrainian lemmas by the dictionaries of pymorphy3 (``pip install
'spanloom-rules[pymorphy]'``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

from spanloom.errors import DataError

from ..modes import LOOKUP, RULE, LemmaRules, LemmaTables, Mode, Word

__all__ = ["RUSSIAN", "UKRAINIAN"]

#: Universal parts of speech and features by the marks of OpenCorpora, which pymorphy uses.
_POS = {
    **dict.fromkeys(("ADJF", "ADJS", "COMP"), "ADJ"),
    **dict.fromkeys(("GRND", "INFN", "PRTF", "PRTS", "VERB"), "VERB"),
    **dict.fromkeys(("NUMR", "NUMB"), "NUM"),
    "ADVB": "ADV",
    "Apro": "DET",
    "CONJ": "CCONJ",
    "INTJ": "INTJ",
    "NOUN": "NOUN",
    "NPRO": "PRON",
    "PNCT": "PUNCT",
    "PRCL": "PART",
    "PREP": "ADP",
}
_NAMES = frozenset(("Name", "Patr", "Surn", "Geox", "Orgn"))
_FEATURES: Mapping[str, Mapping[str, str]] = {
    "Aspect": {"impf": "imp", "perf": "perf"},
    "Case": {
        "nomn": "nom",
        "gent": "gen",
        "gen1": "gen",
        "gen2": "gen",
        "datv": "dat",
        "accs": "acc",
        "ablt": "ins",
        "loct": "loc",
        "loc2": "loc",
        "voct": "voc",
    },
    "Gender": {"femn": "fem", "masc": "masc", "neut": "neut"},
    "Mood": {"impr": "imp", "indc": "ind"},
    # The mark of nouns without a singular counts before that of the form.
    "Number": {"Pltm": "ptan", "plur": "plur", "sing": "sing"},
    "Person": {"1per": "1", "2per": "2", "3per": "3", "excl": "2", "incl": "1"},
    "Tense": {"futr": "fut", "past": "past", "pres": "pres"},
    "VerbForm": {"GRND": "conv", "INFN": "inf", "PRTF": "part", "PRTS": "part", "VERB": "fin"},
    "Voice": {"actv": "act", "pssv": "pass"},
}
_OF_NOUNS = ("Case", "Number", "Gender")
#: The features that must agree, by part of speech.
_COMPARED = {
    **dict.fromkeys(("ADJ", "DET", "NOUN", "PROPN"), _OF_NOUNS),
    "NUM": ("Case", "Gender"),
    "PRON": (*_OF_NOUNS, "Person"),
    "VERB": ("Aspect", "Gender", "Mood", "Number", "Tense", "VerbForm", "Voice"),
}
_QUOTES = {"«": '"', "»": '"'}


@cache
def _analyzer(lang: str) -> Any:
    """The analyses of a language; they are loaded once."""
    try:
        from pymorphy3 import MorphAnalyzer

        return MorphAnalyzer(lang=lang)
    except (ImportError, ValueError) as error:
        raise DataError(
            f"the lemmatizer's mode 'pymorphy3' needs pymorphy3 and its dictionaries of '{lang}': "
            f"pip install 'spanloom-rules[pymorphy]', or take the mode 'lookup' with a table"
        ) from error


def _by_analysis(lang: str, tables: LemmaTables, word: Word) -> Sequence[str]:
    """The lemmas of the analyses that have the word's part of speech, and none of its features
    otherwise."""
    text, pos = word.text, word.pos
    if pos == "PUNCT":
        return [_QUOTES.get(text, text)]
    if pos not in _COMPARED:
        return _by_word(lang, tables, word)
    wanted = {name: word.features.get(name, "").lower() for name in _COMPARED[pos]}
    found = dict.fromkeys(
        each.normal_form
        for each in _analyzer(lang).parse(text)
        if each.is_known and _fits(str(each.tag).replace(" ", ",").split(","), pos, wanted)
    )
    return list(found) or [text.lower()]


def _fits(marks: Sequence[str], pos: str, wanted: Mapping[str, str]) -> bool:
    own = next((_POS[mark] for mark in reversed(marks) if mark in _POS), "X")
    if not _NAMES.isdisjoint(marks):
        own = "PROPN"
    names = ("NOUN", "PROPN")
    if not (own == pos or (own in names and pos in names) or (own, pos) == ("PRON", "DET")):
        return False
    for name, value in wanted.items():
        given = next((own for mark, own in _FEATURES[name].items() if mark in marks), value)
        if value and given != value:
            return False
    return True


def _by_word(lang: str, _: LemmaTables, word: Word) -> Sequence[str]:
    """The lemma of the word's analyses, if they have the same."""
    lemmas = {each.normal_form for each in _analyzer(lang).parse(word.text)}
    return list(lemmas) if len(lemmas) == 1 else [word.text]


def _rules(lang: str) -> LemmaRules:
    modes = {
        "pymorphy3": Mode(partial(_by_analysis, lang), reads=("POS", "MORPH")),
        "pymorphy3_lookup": Mode(partial(_by_word, lang)),
        "lookup": LOOKUP,
        "rule": RULE,
    }
    return LemmaRules("pymorphy3", modes)


RUSSIAN = _rules("ru")
UKRAINIAN = _rules("uk")
