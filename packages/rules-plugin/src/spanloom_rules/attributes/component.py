"""The ``attribute_ruler`` component: sets attributes of tokens that patterns match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from spanloom.components.base import DocAnnotator, GetExamples, Scorer
from spanloom.errors import DataError, SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, folder_written, write_bytes
from spanloom.plugins.factory import component_defaults
from spanloom.vocab.attrs import LEXICAL_ATTRS

from ..combinations import Combinations, by_lexicon
from ..matcher import Matcher
from ..saved import loaded
from .values import Outcomes, checked_values, split_features
from .word_table import WordTable, value_tests

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.tokens.batch import Batch
    from spanloom.vocab import Vocab
    from spanloom.vocab.lexicon import Lexicon
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["AttributeRuler", "make_attribute_ruler"]

Pattern = Sequence[Mapping[str | int, Any]]
Attrs = Mapping[str | int, Any]


class AttributeRuler(DocAnnotator):
    """Sets attributes of the tokens that patterns match, as they were before: rules don't see what
    others set, and of several that set the same, the last one counts.

    A rule has patterns of the :class:`~spanloom_rules.Matcher`, the attributes that it sets and the
    index of the token in what was matched. Patterns of one token that ask for values are looked up:
    as many as one likes cost the same. ``regex_timeout`` is that of the matcher.
    """

    def __init__(
        self,
        vocab: Vocab,
        name: str = "attribute_ruler",
        *,
        validate: bool = False,
        scorer: Scorer | None = None,
        regex_timeout: float | None = None,
    ) -> None:
        self.vocab = vocab
        self.name = name
        self.validate, self.regex_timeout = validate, regex_timeout
        self.scorer = scorer
        self.clear()

    def clear(self) -> None:
        """Take all rules away."""
        self.patterns: list[dict[str, Any]] = []
        self._values: list[dict[str, Any]] = []
        self._table = WordTable()
        self._matcher: Matcher | None = None
        self._forget()

    def _forget(self) -> None:
        """Find anew what follows from which word: the rules are others."""
        self._outcomes = Outcomes(self._values)
        self._words: Combinations | None = None

    def __len__(self) -> int:
        return len(self.patterns)

    # -- rules

    def add(self, patterns: Iterable[Pattern], attrs: Attrs, index: int = 0) -> None:
        """Add a rule: tokens at ``index`` (negative: from the end) of what one of ``patterns``
        matches get ``attrs``, by name ("LEMMA", "MORPH", "_" with custom attributes).

        Raises :class:`DataError` for patterns and attributes that can't be.
        """
        rule = len(self.patterns)
        what = f"'{self.name}', rule {rule}"
        try:
            given = [[dict(token) for token in pattern] for pattern in patterns]
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{what}: patterns are lists of dicts, one for each token, in a list, not "
                f"{patterns!r:.80}"
            ) from error
        values = checked_values(self.vocab, attrs, what)
        if self.validate:
            self._new_matcher().add(str(rule), given)
        longer = []
        for pattern in given:
            tests = value_tests(pattern, self.vocab.strings) if index in (0, -1) else None
            if tests is None:
                longer.append(pattern)
            else:
                self._table.add(rule, tests)
        if longer:
            self._matcher = self._matcher or self._new_matcher()
            try:
                self._matcher.add(str(rule), longer)
            except DataError as error:
                raise DataError(f"{what}: {error}") from error
        self.patterns.append({"patterns": given, "attrs": dict(attrs), "index": index})
        self._values.append(values)
        self._forget()

    def add_patterns(self, patterns: Iterable[Mapping[str, Any]]) -> None:
        """Add rules, each a dict of the arguments of :meth:`add`. Raises as that, and
        :class:`DataError` for other keys."""
        for each in patterns:
            if not isinstance(each, Mapping) or not {"patterns", "attrs"} <= {*each} <= _KEYS:
                raise DataError(
                    f"'{self.name}': a rule is a dict of 'patterns', 'attrs' and maybe 'index', "
                    f"not {each!r:.80}"
                )
            self.add(**each)

    def load_from_tag_map(self, tag_map: Mapping[str, Attrs]) -> None:
        """Add a rule for each tag of a tag map: its part of speech and other attributes, and all
        else as morphological features."""
        for tag, attrs in tag_map.items():
            self.add([[{"TAG": tag}]], self._with_morph(attrs, always=True))

    def load_from_morph_rules(self, morph_rules: Mapping[str, Mapping[str, Attrs]]) -> None:
        """Add a rule for each word of each tag, as :meth:`load_from_tag_map` does."""
        for tag, words in morph_rules.items():
            for word, attrs in words.items():
                self.add([[{"ORTH": word, "TAG": tag}]], self._with_morph(attrs))

    def _with_morph(self, attrs: Attrs, always: bool = False) -> dict[str | int, Any]:
        own, features = split_features(attrs)
        morph = own.get("MORPH", features)
        if morph or always:
            own["MORPH"] = self.vocab.strings[self.vocab.morphology.add(morph)]
        return own

    @property
    def matcher(self) -> Matcher:
        """A new matcher with the patterns of all rules, under their numbers ("0", "1", ...)."""
        matcher = self._new_matcher()
        for rule, each in enumerate(self.patterns):
            matcher.add(str(rule), each["patterns"])
        return matcher

    def _new_matcher(self) -> Matcher:
        return Matcher(self.vocab, validate=self.validate, regex_timeout=self.regex_timeout)

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Annotate a batch in place. Raises :class:`DataError` if a match is shorter than the
        index of its rule says."""
        if self._words is None:
            names = self._table.names
            columns = [name for name in names if name not in LEXICAL_ATTRS]
            self._words = Combinations(columns, self._find, words=len(columns) < len(names))
        for docs in by_lexicon(batch):
            numbers = self._words.numbers(docs)
            if self._matcher is not None:
                self._add_matches(docs, numbers)
            self._outcomes.write(docs, np.asarray(numbers, dtype=np.int64))

    def _find(self, lexicon: Lexicon, row: int, values: Mapping[str, int]) -> int:
        return self._outcomes.number(self._table.rules(lexicon, row, values))

    def _add_matches(self, docs: Sequence[Doc], numbers: list[int]) -> None:
        """Let the rules of longer patterns count beside those of the table."""
        assert self._matcher is not None
        strings, start = self.vocab.strings, 0
        found: dict[int, set[int]] = {}
        for doc in docs:
            for key, first, end in self._matcher(doc, allow_missing=True):
                rule = int(strings[key])
                index = self.patterns[rule]["index"]
                at = first + index if index >= 0 else end + index
                if not first <= at < end:
                    raise DataError(
                        f"'{self.name}', rule {rule}: it sets token {index} of what it matches, "
                        f"and {doc[first:end].text!r} has {end - first} "
                        f"(patterns: {self.patterns[rule]['patterns']})"
                    )
                found.setdefault(start + at, set()).add(rule)
            start += len(doc)
        for at, rules in found.items():
            both = rules.union(self._outcomes.rules_of[numbers[at]])
            numbers[at] = self._outcomes.number(tuple(sorted(both)))

    def initialize(
        self,
        get_examples: GetExamples | None = None,
        *,
        nlp: PipelineLike | None = None,
        labels: Any = None,
        patterns: Iterable[Mapping[str, Any]] | None = None,
        tag_map: Mapping[str, Attrs] | None = None,
        morph_rules: Mapping[str, Mapping[str, Attrs]] | None = None,
    ) -> None:
        """Take rules in the place of those that are there: patterns as :meth:`add_patterns` takes
        them, a tag map, morphological rules."""
        self.clear()
        self.add_patterns(patterns or ())
        self.load_from_tag_map(tag_map or {})
        self.load_from_morph_rules(morph_rules or {})

    # -- saving

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The rules as msgpack."""
        return _msgpack.dumps({"patterns": self._packed()})

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take the rules of :meth:`to_bytes`, in the place of those that are there. Raises
        :class:`SerializationError` for other bytes."""
        return self._take(loaded(bytes_data, self.name, "patterns"), "the bytes")

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder with the file ``patterns``, which is spaCy's, too."""
        with folder_written(path, ["patterns"]) as folder:
            write_bytes(folder / "patterns", self._packed())

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read the folder that :meth:`to_disk` wrote, or spaCy."""
        file = existing(path, f"saved '{self.name}'") / "patterns"
        return self._take(existing(file, f"rules of '{self.name}'").read_bytes(), str(file))

    def _packed(self) -> bytes:
        return _msgpack.dumps(self.patterns)

    def _take(self, packed: bytes, source: str) -> Self:
        try:
            patterns = _msgpack.loads(packed)
        except Exception as error:
            raise SerializationError(f"{source}: not the rules of a '{self.name}'") from error
        if not isinstance(patterns, list):
            raise SerializationError(f"{source}: the rules of a '{self.name}' are a list")
        self.clear()
        try:
            self.add_patterns(patterns)
        except DataError as error:
            raise SerializationError(f"{source}: {error}") from error
        return self


_KEYS = {"patterns", "attrs", "index"}


@component_defaults(
    {"scorer": {"@scorers": "spanloom.attribute_ruler_scorer.v1"}},
    settings_of=AttributeRuler,
    score_weights={
        "tag_acc": 0.0,
        "pos_acc": 0.0,
        "morph_acc": 0.0,
        "morph_per_feat": None,
        "lemma_acc": 0.0,
    },
)
def make_attribute_ruler(nlp: PipelineLike, name: str, **settings: Any) -> AttributeRuler:
    """Factory of ``attribute_ruler``."""
    return AttributeRuler(nlp.vocab, name, **settings)
