"""The token matcher: finds runs of tokens by what holds of each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from spanloom import Vocab
from spanloom.errors import DataError
from spanloom.tokens import Doc, Span

from .fuzzy import FuzzyCompare, levenshtein_compare
from .matching.index import PatternIndex
from .matching.prepared import Match, Prepared
from .matching.rules import RuleMatcher
from .matching.streams import StreamMatcher
from .matching.time_limit import RegexLimit
from .matching.validation import PatternError, problems

__all__ = ["Matcher", "OnMatch", "TokenPattern"]

TokenPattern = list[dict[str | int, Any]]
"""A dict for each token."""

OnMatch = Callable[["Matcher", Doc, int, list[Any]], Any]
"""Called with the matcher, the document, the number of the match, and all matches."""

Greedy = Literal["FIRST", "LONGEST"]


class Matcher(StreamMatcher, RuleMatcher[TokenPattern, OnMatch]):
    """Finds runs of tokens that match patterns, lists with a dict for each token.

    >>> matcher = Matcher(nlp.vocab)  # doctest: +SKIP
    >>> matcher.add("GREETING", [[{"LOWER": "hello"}, {"IS_PUNCT": True, "OP": "?"}]])

    A dict has conditions that all must hold, by attribute: a value (``{"LOWER": "hello"}``), or a
    dict of operators (``{"LENGTH": {">=": 5}}``, ``REGEX``, ``FUZZY``, ``IN``, ...); custom
    attributes stand under ``"_"``. ``"OP"`` says how often such a token comes: ``!`` (one that
    isn't so), ``?``, ``*``, ``+``, ``{n}``, ``{n,m}``, ``{n,}``, ``{,m}``.

    With ``validate`` patterns are checked when they are added. ``fuzzy_compare`` decides about
    ``FUZZY``, see :func:`~spanloom_rules.fuzzy.levenshtein_compare`. ``regex_timeout`` is how many
    seconds the regular expressions may take for a document, with the package ``regex``; when they
    are over, :class:`RegexTimeoutError` names the expression and the word.
    """

    def __init__(
        self,
        vocab: Vocab,
        validate: bool = True,
        *,
        fuzzy_compare: FuzzyCompare = levenshtein_compare,
        regex_timeout: float | None = None,
    ) -> None:
        super().__init__(vocab, validate=validate)
        self._limit = None if regex_timeout is None else RegexLimit(regex_timeout)
        self._fuzzy_compare = fuzzy_compare
        self._index = PatternIndex(vocab.strings)
        self._greedy: dict[int, Greedy] = {}
        self._prepared: Prepared | None = None

    def add(
        self,
        key: str | int,
        patterns: Sequence[TokenPattern],
        *,
        on_match: OnMatch | None = None,
        greedy: Greedy | None = None,
    ) -> None:
        """Add patterns to the rule ``key``.

        ``greedy`` keeps, of matches of this rule that overlap, the "FIRST" or the "LONGEST" one.
        ``on_match`` is called for each match. Raises :class:`PatternError` (a
        :class:`~spanloom.errors.DataError`) for a pattern that can't be, naming it and its place;
        then nothing is added.
        """
        self._check(key, patterns, on_match)
        if greedy not in (None, "FIRST", "LONGEST"):
            raise DataError(f"greedy is {greedy!r}: give 'FIRST', 'LONGEST' or None")
        parsed, wrong = [], {}
        for i, pattern in enumerate(patterns):
            wrong[i] = problems(pattern, full=self.validate)
            try:
                parsed.append(() if wrong[i] else self._index.parse(pattern))
            except DataError as error:
                wrong[i] = [str(error)]
        if any(wrong.values()):
            raise PatternError(key, wrong)
        number = self._key(key)
        self._index.add(number, parsed)
        self._put(number, patterns, on_match)
        self._greedy.pop(number, None)
        if greedy is not None:
            self._greedy[number] = greedy
        self._prepared = None

    def remove(self, key: str | int) -> None:
        """Take out a rule. Raises :class:`UnknownRuleError` if there is none of this name."""
        number = self._take_out(key)
        self._greedy.pop(number, None)
        self._index.remove(number)
        self._prepared = None

    @overload
    def __call__(
        self,
        doclike: Doc | Span,
        *,
        as_spans: Literal[False] = False,
        allow_missing: bool = False,
        with_alignments: Literal[False] = False,
    ) -> list[Match]: ...
    @overload
    def __call__(
        self,
        doclike: Doc | Span,
        *,
        as_spans: Literal[True],
        allow_missing: bool = False,
        with_alignments: bool = False,
    ) -> list[Span]: ...
    @overload
    def __call__(
        self,
        doclike: Doc | Span,
        *,
        with_alignments: Literal[True],
        as_spans: Literal[False] = False,
        allow_missing: bool = False,
    ) -> list[tuple[int, int, int, list[int]]]: ...
    def __call__(
        self,
        doclike: Doc | Span,
        *,
        as_spans: bool = False,
        allow_missing: bool = False,
        with_alignments: bool = False,
    ) -> list[Any]:
        """The matches in a document or span, whose tokens are counted from its own first one.

        ``as_spans`` gives spans, with the rule as label. ``with_alignments`` adds, for each token
        of a match, the number of the dict that it answers to. Raises :class:`DataError` if patterns
        ask for annotation that the document doesn't have, unless ``allow_missing``.
        """
        if not isinstance(doclike, (Doc, Span)):  # a tuple is quicker
            raise DataError(f"a matcher takes a Doc or a Span, not {type(doclike).__name__}")
        if not self._patterns:
            warnings.warn("the matcher has no patterns: add some first", stacklevel=2)
            return []
        doc = doclike.doc
        start, end = (doclike.start, doclike.end) if isinstance(doclike, Span) else (0, len(doc))
        prepared = self._ready()
        if not allow_missing:
            prepared.check_annotation(doc)
        matches: list[Any]
        if with_alignments and not as_spans:
            aligned = prepared.aligned(doc, start, end).items()
            matches = [(*match, list(tokens)) for match, tokens in aligned]
        else:
            matches = prepared.matches(doc, start, end)
        if self._greedy and matches:
            matches = self._chosen(matches)
        if self._callbacks:
            for i, match in enumerate(matches):
                on_match = self._callbacks.get(match[0])
                if on_match is not None:
                    on_match(self, doc, i, matches)
        if as_spans:
            return [Span(doc, start + first, start + last, key) for key, first, last in matches]
        return matches

    def matches_of(self, doclikes: Sequence[Doc | Span]) -> list[list[Match]]:
        """The matches in each of several documents or spans."""
        return [self(each) for each in doclikes]

    def _ready(self) -> Prepared:
        if self._prepared is None:
            self._prepared = Prepared(self._index, self._fuzzy_compare, self._limit)
        return self._prepared

    def _chosen(self, matches: list[Any]) -> list[Any]:
        """Of matches of greedy rules those that don't overlap, after all others."""
        groups: dict[int, list[Any]] = {}
        chosen = []
        for match in matches:
            if match[0] in self._greedy:
                groups.setdefault(match[0], []).append(match)
            else:
                chosen.append(match)
        for key, group in groups.items():
            if self._greedy[key] == "FIRST":
                group.sort(key=lambda match: (match[1], -match[2]))
            else:
                group.sort(key=lambda match: (match[1] - match[2], match[1]))
            taken: set[int] = set()
            for match in group:
                tokens = range(match[1], match[2])
                if taken.isdisjoint(tokens):
                    taken.update(tokens)
                    chosen.append(match)
        return chosen

    def __reduce__(self) -> tuple[Any, ...]:
        rules = [
            (key, patterns, self._callbacks.get(key), self._greedy.get(key))
            for key, patterns in self._patterns.items()
        ]
        options = {
            "fuzzy_compare": self._fuzzy_compare,
            "regex_timeout": None if self._limit is None else self._limit.seconds,
        }
        return _restored, (type(self), self.vocab, self.validate, options, rules)


def _restored(
    cls: type[Matcher],
    vocab: Vocab,
    validate: bool,
    options: dict[str, Any],
    rules: Sequence[tuple[int, list[TokenPattern], OnMatch | None, Greedy | None]],
) -> Matcher:
    matcher = cls(vocab, validate, **options)
    for key, patterns, on_match, greedy in rules:
        matcher.add(key, patterns, on_match=on_match, greedy=greedy)
    return matcher
