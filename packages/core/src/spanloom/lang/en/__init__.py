"""English."""

from __future__ import annotations

from functools import cache

from ...tokenizer.rules import Piece, TokenizerRules, base_rules
from ...vocab.features import LexicalRules, like_num
from ..base import LanguageDefaults, base_cases, base_norms, data_lines
from .contractions import contractions

__all__ = ["English"]

_PACKAGE = "spanloom.lang.en"
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
             "nine": "ninth", "twelve": "twelfth"}  # fmt: skip


@cache
def _number_words() -> frozenset[str]:
    cardinals = " ".join(data_lines(_PACKAGE, "numbers.txt")).split()
    ordinals = []
    for word in cardinals[1:]:
        stem = word[:-1] + "ie" if word.endswith("y") else word
        ordinals.append(_ORDINALS.get(word, f"{stem}th"))
    return frozenset([*cardinals, *ordinals])


def english_like_num(text: str) -> bool:
    """Whether a word is a number: in digits ("3,000", "1/2"), spelt ("twelve") or ordinal ("2nd",
    "third")."""
    if like_num(text):
        return True
    lower = (text[1:] if text.startswith(("+", "-", "±", "~")) else text).lower()
    if lower in _number_words():
        return True
    return lower[-2:] in ("st", "nd", "rd", "th") and lower[:-2].isdigit()


class English(LanguageDefaults):
    """English: contractions, abbreviations, times of day, and compounds split at hyphens."""

    code = "en"

    @classmethod
    def tokenizer_rules(cls) -> TokenizerRules:
        """Rules for :class:`~spanloom.tokenizer.Tokenizer`."""
        return _rules()

    @classmethod
    def lexical_rules(cls) -> LexicalRules:
        """Rules for the features of words."""
        return LexicalRules(
            norm_exceptions=base_norms(), stop_words=_stop_words(), like_num=english_like_num
        )


@cache
def _rules() -> TokenizerRules:
    more: dict[str, tuple[Piece, ...]] = {}
    for line in data_lines(_PACKAGE, "abbreviations.txt"):
        text, _, norm = line.partition("\t")
        more[text] = ((text, norm or None),)
    for hour in range(1, 13):
        for half in ("a.m.", "p.m."):
            for form in (half, half.replace(".", "")):
                more[f"{hour}{form}"] = ((str(hour), None), (form, half))
    for text in ("’", "’’", ":’(", ":’)", ":’-(", ":’-)"):
        more[text] = ((text, None),)
    rules = base_rules(digit_before_hyphen=True)
    return rules.with_cases(base_cases(), more, contractions())


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(" ".join(data_lines(_PACKAGE, "stop_words.txt")).split())
