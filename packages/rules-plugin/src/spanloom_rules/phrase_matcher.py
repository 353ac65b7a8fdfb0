"""The phrase matcher: finds the phrases of a long list."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from spanloom import Vocab
from spanloom.errors import DataError
from spanloom.tokens import Doc, Span
from spanloom.vocab.attrs import LEXICAL_ATTRS, attr_name
from spanloom.vocab.lexicon import Lexicon

from .matching.columns import NEEDED, lacks, values
from .matching.phrase_index import FEW, PhraseIndex
from .matching.prepared import Match
from .matching.streams import StreamMatcher
from .matching.validation import UnknownRuleError

__all__ = ["OnPhrase", "PhraseMatcher"]

OnPhrase = Callable[["PhraseMatcher", Doc, int, list[Match]], Any]
"""Called with the matcher, the document, the number of the match, and all matches."""


class PhraseMatcher(StreamMatcher):
    """Finds phrases, which are documents, by one attribute of their tokens.

    >>> matcher = PhraseMatcher(nlp.vocab, attr="LOWER")  # doctest: +SKIP
    >>> matcher.add("CITY", list(nlp.tokenizer.pipe(["New York", "Rome"])))

    A million of them take a few dozen megabytes, and the time that a text takes doesn't depend on
    their number. With ``validate`` a warning tells of phrases that a whole pipeline has annotated,
    though only words are compared.
    """

    def __init__(
        self, vocab: Vocab, attr: str | int | None = "ORTH", validate: bool = False
    ) -> None:
        self.vocab = vocab
        self.validate = validate
        self.attr = attr_name("ORTH" if attr is None else attr)
        self._rules: dict[str | int, tuple[int, OnPhrase | None]] = {}
        self._numbers = 0
        self._values, self._lengths, self._owners = array("Q"), array("q"), array("q")
        self._index: _Ready | None = None

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, key: object) -> bool:
        return key in self._rules

    def add(self, key: str | int, docs: Sequence[Doc], *, on_match: OnPhrase | None = None) -> None:
        """Add phrases to the rule ``key``; ``on_match`` is called for each match.

        Raises :class:`DataError` for what isn't a list of documents, and for documents without the
        annotation that is compared.
        """
        if not isinstance(docs, list | tuple):
            raise DataError(f"the phrases of the rule {key!r} must be a list of documents")
        if on_match is not None and not callable(on_match):
            raise DataError(f"on_match of the rule {key!r} can't be called: {on_match!r:.60}")
        for doc in docs:
            self._check(key, doc)
        if key not in self._rules:
            self._numbers += 1
        number = self._rules.get(key, (self._numbers - 1, None))[0]
        self._rules[key] = number, on_match
        if isinstance(key, str):
            self.vocab.strings.add(key)
        docs = [doc for doc in docs if len(doc)]
        lengths = [len(doc) for doc in docs]
        if docs:
            self._values.frombytes(self._values_of(docs).tobytes())
        self._lengths.extend(lengths)
        self._owners.extend([number] * len(docs))
        self._index = None

    def _check(self, key: str | int, doc: Any) -> None:
        if not isinstance(doc, Doc):
            raise DataError(
                f"the phrases of the rule {key!r} must be documents, not {type(doc).__name__}: "
                f"make them by nlp.make_doc"
            )
        if self.attr in NEEDED and lacks(doc, self.attr):
            raise DataError(
                f"the rule {key!r} compares {self.attr}, which the phrase {doc.text!r:.60} hasn't: "
                f"make it by a pipeline that sets it (such as with '{NEEDED[self.attr]}')"
            )
        annotated = self.validate and any(len(doc) and not lacks(doc, attr) for attr in NEEDED)
        if annotated and self.attr not in NEEDED:
            warnings.warn(
                f"the phrase {doc.text!r:.60} of the rule {key!r} was annotated by a pipeline, "
                f"but only {self.attr} is compared: nlp.make_doc is quicker",
                stacklevel=3,
            )

    def _values_of(self, docs: Sequence[Doc]) -> NDArray[np.uint64]:
        lexicon = docs[0].lexicon
        if self.attr in LEXICAL_ATTRS and all(doc.lexicon is lexicon for doc in docs):
            found = lexicon.column(self.attr)[np.concatenate([doc.rows for doc in docs])]
        else:
            found = np.concatenate([values(doc, self.attr) for doc in docs])
        return np.asarray(found, dtype=np.uint64)

    def remove(self, key: str | int) -> None:
        """Take out a rule. Raises :class:`UnknownRuleError` (a :class:`KeyError`) if there is none
        of this name."""
        if key not in self._rules:
            raise UnknownRuleError(f"there is no rule {key!r} to remove")
        number, _ = self._rules.pop(key)
        owners, lengths = np.array(self._owners), np.array(self._lengths)
        keep = owners != number
        self._values = array("Q", np.array(self._values)[np.repeat(keep, lengths)].tobytes())
        self._lengths = array("q", lengths[keep].tobytes())
        self._owners = array("q", owners[keep].tobytes())
        self._index = None

    @overload
    def __call__(self, doclike: Doc | Span, *, as_spans: Literal[False] = False) -> list[Match]: ...
    @overload
    def __call__(self, doclike: Doc | Span, *, as_spans: Literal[True]) -> list[Span]: ...
    def __call__(self, doclike: Doc | Span, *, as_spans: bool = False) -> list[Any]:
        """The matches in a document or span, by place: id of the rule, first token of the document,
        and the one after the last. ``as_spans`` gives spans, with the rule as label."""
        if not isinstance(doclike, Doc | Span):
            raise DataError(f"a matcher takes a Doc or a Span, not {type(doclike).__name__}")
        matches = self._found(doclike)
        if as_spans:
            return [Span(doclike.doc, first, last, key) for key, first, last in matches]
        return matches

    def matches_of(self, doclikes: Sequence[Doc | Span]) -> list[list[Match]]:
        """The matches in each of several documents or spans, which are looked into at once."""
        some = [each for each in doclikes if len(each)]
        if len(some) < 2 or not self._lengths:
            return [self._found(each) for each in doclikes]
        found = iter(self._ready().many(some))
        groups = [next(found) if len(each) else [] for each in doclikes]
        for each, matches in zip(doclikes, groups):
            self._call(each.doc, matches)
        return groups

    def _found(self, doclike: Doc | Span) -> list[Match]:
        if not len(doclike) or not self._lengths:
            return []
        matches = self._ready().one(doclike)
        self._call(doclike.doc, matches)
        return matches

    def _call(self, doc: Doc, matches: list[Match]) -> None:
        if calls := self._ready().calls:
            for i, match in enumerate(matches):
                if match[0] in calls:
                    calls[match[0]](self, doc, i, matches)

    def _ready(self) -> _Ready:
        if self._index is not None:
            return self._index
        rules = np.zeros(self._numbers, dtype=np.uint64)
        calls = {}
        for key, (number, on_match) in self._rules.items():
            rules[number] = found = self.vocab.strings.add(key) if isinstance(key, str) else key
            if on_match is not None:
                calls[int(found)] = on_match
        index = PhraseIndex(
            np.array(self._values), np.array(self._lengths), np.array(self._owners), rules
        )
        self._index = _Ready(index, self.attr, calls)
        return self._index

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_index": None}


class _Ready:
    """Phrases made ready to be looked for, and what is known of the words of a lexicon."""

    def __init__(self, index: PhraseIndex, attr: str, calls: dict[int, OnPhrase]) -> None:
        self.calls = calls
        self._index = index
        self._attr = attr
        self._of_words = attr in LEXICAL_ATTRS
        self._lexicon: Lexicon | None = None
        self._column: Any = None
        # Of each row: its term, and what the index has of it.
        self._rows: list[NDArray[Any]] = []

    def _of(self, found: NDArray[Any]) -> list[NDArray[Any]]:
        index = self._index
        terms = index.terms_of(found)
        tables = [terms, index.hashes[terms]]
        return tables if index.alone is None else [*tables, index.alone[terms]]

    def _words(self, lexicon: Lexicon) -> list[NDArray[Any]]:
        column = lexicon.column(self._attr)
        if lexicon is not self._lexicon or column.base is not self._column:
            self._rows = []  # an array that grew, or a feature that somebody set
        known = len(self._rows[0]) if self._rows else 0
        if known < len(column) or not self._rows:
            fresh = self._of(column[known:])
            old = self._rows or [each[:0] for each in fresh]
            self._rows = [np.concatenate(pair) for pair in zip(old, fresh)]
            self._lexicon, self._column = lexicon, column.base
        return self._rows

    def one(self, text: Doc | Span) -> list[Match]:
        """Rule, first token of the document and the one after the last of each match, by place, for
        a document or span that isn't empty."""
        index = self._index
        table, rows, others = self._looked_up([text])
        begins = index.begins(*others)
        if len(begins) > FEW:
            return self._followed([text], table.take(rows), begins, np.array([len(text)]))[0]
        if not len(begins):
            return []
        first = text.start if isinstance(text, Span) else 0
        return index.walk(table.take(rows).tolist(), begins.tolist(), first)

    def many(self, texts: Sequence[Doc | Span]) -> list[list[Match]]:
        """The same for several."""
        table, rows, (hashes, *alone) = self._looked_up(texts)
        limits = np.cumsum([len(each) for each in texts])
        begins = self._index.begins(hashes, alone[0] if alone else None, limits)
        return self._followed(texts, table.take(rows), begins, limits)

    def _looked_up(
        self, texts: Sequence[Doc | Span]
    ) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[Any]]]:
        """A table of terms and the row of each token in it; and what else the index has of it."""
        lexicon = texts[0].doc.lexicon
        if self._of_words and all(each.doc.lexicon is lexicon for each in texts):
            rows = _joined([_part(each, each.doc.rows) for each in texts])
            table, *others = self._words(lexicon)
            return table, rows, [each.take(rows, axis=0) for each in others]
        found = [_part(each, values(each.doc, self._attr)) for each in texts]
        table, *others = self._of(_joined(found))
        return table, np.arange(len(table)), others

    def _followed(
        self,
        texts: Sequence[Doc | Span],
        terms: NDArray[np.int64],
        begins: NDArray[np.int64],
        limits: NDArray[np.int64],
    ) -> list[list[Match]]:
        if not len(begins):
            return [[] for _ in texts]
        rules, starts, ends = self._index.matches(terms, begins, limits)
        owners = np.searchsorted(limits, starts, side="right")
        firsts = np.array([each.start if isinstance(each, Span) else 0 for each in texts])
        shift = (firsts - np.append(0, limits[:-1]))[owners]
        columns = (rules, starts + shift, ends + shift)
        matches: list[Match] = list(zip(*(column.tolist() for column in columns)))
        bounds = np.searchsorted(owners, np.arange(len(texts) + 1)).tolist()
        return [matches[low:high] for low, high in pairwise(bounds)]


def _part(doclike: Doc | Span, column: NDArray[Any]) -> NDArray[Any]:
    return column[doclike.start : doclike.end] if isinstance(doclike, Span) else column


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
