"""Languages whose rules were taken from an installed spaCy: data, in a file for each language.

spaCy's language data isn't shipped: ``spanloom languages import`` writes the files where spaCy is
installed (:mod:`~spanloom_spacy.importing`), and what is here reads them anywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from spanloom.errors import MissingFileError, SerializationError
from spanloom.lang.base import LanguageDefaults, base_norms
from spanloom.plugins.installed import user_folder
from spanloom.tokenizer.rules import TokenizerRules
from spanloom.vocab.features import LexicalRules, like_num
from spanloom.vocab.strings import hash_strings

from .norms import TableNorms

__all__ = [
    "ImportedLanguage",
    "NumberWords",
    "digest_of",
    "imported",
    "languages_folder",
    "read_language",
]

FORMAT = 1


def languages_folder() -> Path:
    """The folder of the files: ``SPANLOOM_LANGUAGES``, or in the user's folder for data."""
    chosen = os.environ.get("SPANLOOM_LANGUAGES")
    return Path(chosen).expanduser() if chosen else user_folder().parent / "languages"


def imported() -> list[str]:
    """The codes of the languages whose files are there."""
    return sorted(path.stem for path in languages_folder().glob("*.json"))


def digest_of(data: Mapping[str, Any]) -> str:
    """The SHA-256 of what a file holds beside its digest."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_language(code: str) -> LanguageData | None:
    """What the file of a language holds; ``None`` if there is none. Raises
    :class:`SerializationError` for a damaged one."""
    path = languages_folder() / f"{code}.json"
    if not re.fullmatch("[a-z]+", code) or not path.is_file():
        return None
    return _read(path, path.stat().st_mtime_ns)


@dataclass(frozen=True)
class LanguageData:
    """The rules of one language, and which spaCy they are from."""

    tokenizer: TokenizerRules
    lexical: TableNorms
    direction: str
    version: str


@cache
def _read(path: Path, _changed: int) -> LanguageData:
    try:
        data = json.loads(path.read_bytes())
        digest = data.pop("sha256")
        if data["format"] != FORMAT or digest != digest_of(data):
            raise ValueError("its format or its digest is another")
        cases = {
            string: tuple((text, norm) for text, norm in pieces)
            for string, pieces in data["tokenizer"].pop("special_cases").items()
        }
        words = list(data["norms"])
        table = dict(zip(hash_strings(words).tolist(), data["norms"].values(), strict=True))
        numbers = NumberWords(**{**data["numbers"], "words": frozenset(data["numbers"]["words"])})
        lexical = TableNorms(base_norms(), frozenset(data["stop_words"]), numbers, table)
        rules = TokenizerRules(**data["tokenizer"], special_cases=cases)
        return LanguageData(rules, lexical, str(data["direction"]), str(data["spacy"]))
    except Exception as error:
        raise SerializationError(
            f"'{path}' is damaged ({error}): make it again with 'spanloom languages import "
            f"{path.stem}'"
        ) from error


@dataclass(frozen=True)
class NumberWords:
    """Whether a word is a number: in digits, unless ``digits`` is false, with a sign if ``signs``
    are known, one of ``words``, in any case if they ``fold``, or digits with one of ``suffixes``.
    """

    words: frozenset[str]
    suffixes: tuple[str, ...] = ()
    fold: bool = True
    digits: bool = True
    signs: bool = True

    def __call__(self, text: str) -> bool:
        """Whether it is."""
        signed = text.startswith(("+", "-", "±", "~"))
        if self.digits and (self.signs or not signed) and like_num(text):
            return True
        bare = text[1:] if signed and self.signs else text
        bare = bare.replace(",", "").replace(".", "") if self.digits else bare
        bare = bare.lower() if self.fold else bare
        if bare in self.words:
            return True
        return any(bare.endswith(end) and bare[: -len(end)].isdigit() for end in self.suffixes)


class ImportedLanguage(LanguageDefaults):
    """A language by its file. Without one, saved pipelines still have their own rules."""

    @classmethod
    def tokenizer_rules(cls) -> TokenizerRules:
        """See :class:`LanguageDefaults`. Raises :class:`MissingFileError` without
        the file."""
        data = read_language(cls.code)
        if data is None:
            there = ", ".join(imported()) or "none"
            raise MissingFileError(
                f"the rules of '{cls.code}' aren't there (imported: {there}). Where spaCy is "
                f"installed, run 'spanloom languages import {cls.code}', and take the file along "
                f"('{languages_folder()}', or the folder that SPANLOOM_LANGUAGES names); or use "
                "'xx', the neutral rules"
            )
        return data.tokenizer

    @classmethod
    def lexical_rules(cls) -> LexicalRules:
        """See :class:`LanguageDefaults`; the neutral ones without the file."""
        data = read_language(cls.code)
        return super().lexical_rules() if data is None else data.lexical


_RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")


def __getattr__(name: str) -> type[ImportedLanguage]:
    """The class of each code of two or three letters."""
    if not re.fullmatch("[a-z]{2,3}", name):
        raise AttributeError(f"there is no language '{name}'")
    return _class(name)


@cache
def _class(code: str) -> type[ImportedLanguage]:
    direction = "rtl" if code in _RIGHT_TO_LEFT else "ltr"
    return type(code.capitalize(), (ImportedLanguage,), {"code": code, "direction": direction})
