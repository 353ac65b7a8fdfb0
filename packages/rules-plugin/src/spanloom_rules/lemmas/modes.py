"""Ways to find lemmas: in a table of words, and by the endings of each part of speech."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from spanloom.errors import DataError
from spanloom.vocab.morphology import feats_to_dict

from .lookups import Lookups

__all__ = [
    "BY_LOOKUP",
    "BY_RULES",
    "LOOKUP",
    "NO_WORDS",
    "RULE",
    "LemmaRules",
    "LemmaTables",
    "Mode",
    "Word",
    "by_lookup",
    "by_rules",
    "endings",
    "rule_mode",
]

NO_WORDS = ("", "eol", "space")
"""Parts of speech, in lower case, of what is no word, or isn't known: the lemma is lower case."""


@dataclass(frozen=True)
class Word:
    """What a lemma may depend on."""

    text: str
    pos: str = ""
    """The universal part of speech, "" if there is none."""
    morph: str = ""
    """The features as FEATS."""
    sent_start: bool = False

    @cached_property
    def features(self) -> dict[str, str]:
        """The value of each morphological feature."""
        return feats_to_dict(self.morph)


class LemmaTables:
    """The tables of a lemmatizer as rules read them: what isn't there is empty."""

    def __init__(self, lookups: Lookups) -> None:
        self.lookups = lookups
        self._index: dict[str, frozenset[str]] = {}
        self._parts: dict[tuple[str, str], Any] = {}

    def table(self, name: str) -> Any:
        """A table by name, from words or parts of speech."""
        return self.lookups.get_table(name, {})

    def word(self, text: str, default: str | None = None, table: str = "lemma_lookup") -> Any:
        """What a table of words has for a word, else ``default``."""
        return self.table(table).get(text, default)

    def index(self, pos: str) -> frozenset[str]:
        """The words of a part of speech, in lower case, that are lemmas."""
        if pos not in self._index:
            self._index[pos] = frozenset(self.table("lemma_index").get(pos, ()))
        return self._index[pos]

    def exceptions(self, pos: str) -> Mapping[str, Sequence[str]]:
        """The lemmas of irregular words."""
        found: Mapping[str, Sequence[str]] = self._part("lemma_exc", pos)
        return found

    def rules(self, pos: str) -> Sequence[Sequence[str]]:
        """Pairs of an ending and what takes its place."""
        found: Sequence[Sequence[str]] = self._part("lemma_rules", pos) or ()
        return found

    def _part(self, name: str, pos: str) -> Any:
        # Kept, since the keys of tables are hashes.
        if (name, pos) not in self._parts:
            self._parts[name, pos] = self.table(name).get(pos, {})
        return self._parts[name, pos]


@dataclass(frozen=True)
class Mode:
    """One way to find lemmas.

    ``lemmas`` gives the lemmas of a word, the best first, never none. ``reads`` names what it looks
    at beside the text (:class:`Word`): "POS", "MORPH", "SENT_START".
    """

    lemmas: Callable[[LemmaTables, Word], Sequence[str]]
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class LemmaRules:
    """The modes that a language has, and the one that is taken where none is named."""

    default: str
    modes: Mapping[str, Mode] = field(default_factory=dict)

    def __call__(self, name: str) -> Mode:
        """A mode by name. Raises :class:`DataError` if the language hasn't it."""
        if name not in self.modes:
            raise DataError(
                f"lemmas can't be found in the mode {name!r}: this language has "
                f"{', '.join(map(repr, self.modes))}. Take one of these with tables of words, let "
                f"'trainable_lemmatizer' learn lemmas, or add a mode of your own by the registry "
                f"lemmatizer_rules"
            )
        return self.modes[name]


def by_lookup(tables: LemmaTables, word: Word) -> Sequence[str]:
    """The lemma that the table of words has, else the word itself."""
    found = tables.word(word.text, word.text)
    return [found] if isinstance(found, str) else found


def endings(
    text: str, rules: Iterable[Sequence[str]], index: frozenset[str]
) -> tuple[list[str], list[str]]:
    """Forms of ``text`` with an ending replaced, in the order of the rules: those that are in the
    index or aren't words of letters, and the others."""
    known: list[str] = []
    unknown: list[str] = []
    for old, new in rules:
        form = text[: len(text) - len(old)] + new if text.endswith(old) else ""
        if form:
            (known if form in index or not form.isalpha() else unknown).append(form)
    return known, unknown


def by_rules(tables: LemmaTables, word: Word) -> Sequence[str]:
    """Irregular forms first (of several, the last), then forms with replaced endings: those in the
    index before those that aren't of letters, and others only where there are none."""
    pos, text = word.pos.lower(), word.text.lower()
    if pos in NO_WORDS:
        if not pos:
            warnings.warn(
                "the rules of a lemmatizer need parts of speech, and some tokens have none: put a "
                "component that sets token.pos before it (morphologizer, or tagger with "
                "attribute_ruler). The lemma of such a token is its lower case",
                stacklevel=2,
            )
        return [text]
    index, exceptions, rules = tables.index(pos), tables.exceptions(pos), tables.rules(pos)
    if not (index or exceptions or rules):
        return [word.text if pos == "propn" else text]
    known, unknown = endings(text, rules, index)
    forms = dict.fromkeys([*reversed([f for f in known if f in index]), *known])
    irregular = dict.fromkeys(form for form in exceptions.get(text, ()) if form not in forms)
    return [*reversed(irregular), *forms] or unknown or [word.text]


LOOKUP = Mode(by_lookup, required=("lemma_lookup",))


def rule_mode(lemmas: Callable[[LemmaTables, Word], Sequence[str]], *reads: str) -> Mode:
    """A mode that needs rules, and takes exceptions and an index where they are."""
    return Mode(lemmas, ("lemma_rules",), ("lemma_exc", "lemma_index"), reads)


RULE = rule_mode(by_rules, "POS")

BY_LOOKUP = LemmaRules("lookup", {"lookup": LOOKUP, "rule": RULE})
"""Languages without rules of their own."""

BY_RULES = LemmaRules("rule", {"lookup": LOOKUP, "rule": RULE})
"""Languages whose tables of rules say all."""
