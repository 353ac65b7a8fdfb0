"""What a language sets: its tokenizer rules, its lexical rules, and how it is written."""

from __future__ import annotations

import string
from functools import cache
from importlib.resources import files
from typing import ClassVar

from ..tokenizer.rules import Piece, TokenizerRules, base_rules
from ..vocab.features import LexicalRules

__all__ = ["LanguageDefaults", "base_cases", "base_norms", "data_lines"]


def data_lines(package: str, name: str) -> list[str]:
    """Lines of a text file of a package that aren't empty and don't start with ``# ``."""
    text = (files(package) / name).read_text(encoding="utf8")
    return [line for line in text.split("\n") if line and not line.startswith("# ")]


@cache
def base_norms() -> dict[str, str]:
    """Norms of signs in any language: quotation marks, dashes and wide punctuation are written in
    ASCII, and every currency is a dollar, so that signs of one use share their features."""
    norms = {"…": "...", "।": "."}
    norms |= dict.fromkeys("‘’`´", "'")
    norms |= dict.fromkeys(["’s", "'s", "’S", "'S"], "'s")
    norms |= dict.fromkeys(["“", "”", "„", "«", "»", "''", "``", "´´", "‘‘", "’’"], '"')
    norms |= dict.fromkeys(["–", "—", "--", "---", "——"], "-")
    norms |= dict.fromkeys([*"€£¥฿₺₹৳₩₣", "US$", "C$", "A$", "Mex$", "E£"], "$")
    norms |= dict(zip("？！，；：。", "?!,;:.", strict=True))
    return norms


@cache
def base_cases() -> dict[str, tuple[Piece, ...]]:
    """Special cases of any language: emoticons, initials ("b."), temperatures and a few more."""
    whole = data_lines("spanloom.lang", "emoticons.txt")
    whole += [f"{letter}." for letter in string.ascii_lowercase + "äöü"]
    whole += [" ", "\t", "\n", "\\n", "\\t", "<space>", "'", "''", '\\")', "—", "C++"]
    cases: dict[str, tuple[Piece, ...]] = {text: ((text, None),) for text in whole}
    cases["\xa0"] = (("\xa0", "  "),)
    for scale in "CFKcfk":
        cases[f"°{scale}."] = (("°", None), (scale, None), (".", None))
    return cases


class LanguageDefaults:
    """Settings of one language. Subclass it for a new one and register the subclass::

        @registry.languages("tlh")
        class Klingon(LanguageDefaults):
            code = "tlh"

    An instance is cheap; what it returns is computed once.
    """

    #: Code of the language, ISO 639 (two or three letters); "xx" for many or none in particular.
    code: ClassVar[str] = "xx"
    #: "ltr" or "rtl".
    direction: ClassVar[str] = "ltr"
    #: Whether words are separated by spaces. If not, the tokenizer gives one token per character.
    spaced: ClassVar[bool] = True
    #: Whether the script has upper and lower case.
    has_case: ClassVar[bool] = True
    #: Words that carry little meaning of their own, in lower case.
    stop_words: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def tokenizer_rules(cls) -> TokenizerRules:
        """Rules for :class:`~spanloom.tokenizer.Tokenizer`. Those that are in a file may raise
        :class:`MissingFileError`."""
        return _neutral_rules()

    @classmethod
    def lexical_rules(cls) -> LexicalRules:
        """Rules for the features of words."""
        return LexicalRules(norm_exceptions=base_norms(), stop_words=cls.stop_words)


@cache
def _neutral_rules() -> TokenizerRules:
    return base_rules().with_cases(base_cases())
