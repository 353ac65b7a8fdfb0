"""Patterns of rulers: entries of a label, a phrase or a token pattern, and maybe an id."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.errors import FormatError
from spanloom.io.files import write_bytes
from spanloom.io.lines import json_line, numbered_lines
from spanloom.tokens import Doc
from spanloom.vocab.attrs import LEXICAL_ATTRS

from ..fuzzy import FuzzyCompare
from ..matcher import Matcher
from ..matching.prepared import Match
from ..matching.validation import PatternError
from ..phrase_matcher import PhraseMatcher

if TYPE_CHECKING:
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["Entry", "EntryError", "RulerPatterns", "read_entries", "write_entries"]

Entry = Mapping[str, Any]
"""``{"label": ..., "pattern": text or list of dicts}``, maybe with an ``"id"``."""

_KEYS = {"label", "pattern", "id"}


class EntryError(PatternError):
    """An entry of a ruler that can't be; ``number`` counts from 0."""

    def __init__(self, owner: str, number: int, entry: Any, problems: Sequence[str]) -> None:
        self.number = number
        shown = json.dumps(entry, default=repr)
        found = [f"{shown:.200}: {each}" for each in problems]
        super().__init__(owner, {number: found}, "the component")


class RulerPatterns:
    """The entries of a ruler, and the matchers that find them.

    Each label and id together are a rule, which ``key`` names: ``names`` has both by the id of the
    rule, and ``keys`` the name.
    """

    def __init__(
        self,
        nlp: PipelineLike,
        owner: Any,
        key: Callable[[str, str], str],
        *,
        attr: str | int | None,
        fuzzy_compare: FuzzyCompare,
        validate: bool,
        regex_timeout: float | None,
    ) -> None:
        self.nlp, self.owner, self._key = nlp, owner, key
        self.entries: list[Entry] = []
        self.names: dict[int, tuple[str, str]] = {}
        self.keys: dict[int, str] = {}
        self.matcher = Matcher(
            nlp.vocab, validate=validate, fuzzy_compare=fuzzy_compare, regex_timeout=regex_timeout
        )
        self.phrase_matcher = PhraseMatcher(nlp.vocab, attr=attr, validate=validate)

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries. Raises :class:`EntryError` for one that can't be; then none is added."""
        entries = list(entries)
        rules = [self._checked(number, entry) for number, entry in enumerate(entries)]
        is_text = [isinstance(entry["pattern"], str) for entry in entries]
        texts = [entry["pattern"] for entry, text in zip(entries, is_text) if text]
        phrases = self._documents(texts) if texts else iter(())
        by_rule: dict[int, list[Doc]] = {}
        for number, (entry, rule, text) in enumerate(zip(entries, rules, is_text)):
            if text:
                by_rule.setdefault(rule, []).append(next(phrases))
            else:
                try:
                    self.matcher.add(self.keys[rule], [entry["pattern"]])
                except PatternError as error:
                    raise EntryError(self.owner.name, number, entry, error.problems[0]) from error
        for rule, docs in by_rule.items():
            self.phrase_matcher.add(self.keys[rule], docs)
        self.entries += entries

    def _checked(self, number: int, entry: Any) -> int:
        """The id of an entry's rule."""
        label = entry.get("label") if isinstance(entry, Mapping) else None
        if not isinstance(label, str) or not isinstance(entry.get("pattern"), str | list):
            raise EntryError(
                self.owner.name,
                number,
                entry,
                [
                    "a pattern is a dict with a 'label' and a 'pattern', which is a text or a list "
                    "of dicts, and maybe an 'id'"
                ],
            )
        ent_id = entry.get("id") or ""
        if not isinstance(ent_id, str):
            raise EntryError(self.owner.name, number, entry, ["the 'id' must be a string"])
        strings = self.nlp.vocab.strings
        key = self._key(label, ent_id)
        rule = strings.add(key)
        if rule not in self.names:
            strings.ids([label, ent_id])
            self.names[rule], self.keys[rule] = (label, ent_id), key
        return rule

    def _documents(self, texts: Sequence[str]) -> Iterator[Doc]:
        """Phrases as documents, annotated by the components before this one where that counts."""
        docs: Iterator[Doc] = iter(self.nlp.tokenizer.pipe(texts))
        if self.phrase_matcher.attr in LEXICAL_ATTRS:
            return docs
        before = []
        for _, component in self.nlp.components:
            if component is self.owner:
                break
            before.append(component)
        annotated = []
        for doc in docs:
            for component in before:
                doc = component(doc)
            annotated.append(doc)
        return iter(annotated)

    def matches(self, docs: Sequence[Doc]) -> list[list[Match]]:
        """All that is found in each document, by token patterns first, each once."""
        found: list[list[Match]] = [[] for _ in docs]
        if len(self.matcher):
            found = self.matcher.matches_of(docs)
        if len(self.phrase_matcher):
            phrases = self.phrase_matcher.matches_of(docs)
            found = [one + other for one, other in zip(found, phrases)]
        return [list(dict.fromkeys(each)) if len(each) > 1 else each for each in found]

    def remove(self, label: str | None = None, ent_id: str | None = None) -> bool:
        """Take out the entries of a label, or of an id; returns whether there were any."""
        gone = {
            rule
            for rule, name in self.names.items()
            if label == name[0] or (ent_id and ent_id == name[1])
        }
        for rule in gone:
            for matcher in (self.matcher, self.phrase_matcher):
                if self.keys[rule] in matcher:
                    matcher.remove(self.keys[rule])
            del self.names[rule], self.keys[rule]
        self.entries = [
            each
            for each in self.entries
            if each["label"] != label and (ent_id is None or each.get("id") != ent_id)
        ]
        return bool(gone)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted({label for label, _ in self.names.values()}))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, sorted."""
        return tuple(sorted({ent_id for _, ent_id in self.names.values() if ent_id}))


def read_entries(path: str | Path, patterns: RulerPatterns) -> None:
    """Add the entries of a file with one in JSON on each line. Raises :class:`FormatError`, with
    the line, for one that can't be."""
    entries, lines = [], []
    for number, line in numbered_lines(path):
        if line.strip():
            entries.append(json_line(path, number, line))
            lines.append(number)
    try:
        patterns.add(entries)
    except EntryError as error:
        raise FormatError(path, lines[error.number], str(error)) from error


def write_entries(path: str | Path, entries: Iterable[Entry]) -> None:
    """Write entries to a file, one in JSON on each line."""
    text = "".join(f"{json.dumps(entry, ensure_ascii=False)}\n" for entry in entries)
    write_bytes(path, text.encode("utf8"))
