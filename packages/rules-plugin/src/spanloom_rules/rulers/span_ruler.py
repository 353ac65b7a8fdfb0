"""The ``span_ruler`` component: spans and entities by patterns, and how they are chosen."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from spanloom.components.base import DocAnnotator, GetExamples, Scorer
from spanloom.errors import DataError, SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, folder_written
from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc, Span, filter_spans

from ..fuzzy import FuzzyCompare, levenshtein_compare
from ..matching.validation import UnknownRuleError
from .entries import Entry, RulerPatterns, loaded, read_entries, write_entries
from .filters import SpanFilter, prioritize_existing_ents_filter, prioritize_new_ents_filter

if TYPE_CHECKING:
    from spanloom.tokens.batch import Batch
    from spanloom.vocab.protocols import PipelineLike

    from ..matcher import Matcher
    from ..phrase_matcher import PhraseMatcher

__all__ = ["DEFAULT_SPANS_KEY", "SpanRuler", "make_future_entity_ruler", "make_span_ruler"]

DEFAULT_SPANS_KEY = "ruler"


class SpanRuler(DocAnnotator):
    """Sets ``doc.spans[spans_key]``, and with ``annotate_ents`` ``doc.ents``, by phrases and token
    patterns.

    >>> ruler = nlp.add_pipe("span_ruler")  # doctest: +SKIP
    >>> ruler.add_patterns([{"label": "ORG", "pattern": [{"LOWER": "apple"}]}])

    ``spans_filter`` and ``ents_filter`` choose among the spans that are there and those found
    (``None``: all are kept). With ``overwrite`` those that are there don't count.
    """

    def __init__(
        self,
        nlp: PipelineLike,
        name: str = "span_ruler",
        *,
        spans_key: str | None = DEFAULT_SPANS_KEY,
        spans_filter: SpanFilter | None = None,
        annotate_ents: bool = False,
        ents_filter: SpanFilter = filter_spans,
        phrase_matcher_attr: str | int | None = None,
        matcher_fuzzy_compare: FuzzyCompare = levenshtein_compare,
        validate: bool = False,
        overwrite: bool = False,
        scorer: Scorer | None = None,
    ) -> None:
        self.nlp = nlp
        self.name = name
        self.spans_key = spans_key
        self.spans_filter = spans_filter
        self.annotate_ents = annotate_ents
        self.ents_filter = ents_filter
        self.phrase_matcher_attr = phrase_matcher_attr
        self.matcher_fuzzy_compare = matcher_fuzzy_compare
        self.validate = validate
        self.overwrite = overwrite
        self.scorer = scorer
        self.clear()

    # -- patterns

    def clear(self) -> None:
        """Take all patterns away."""
        self._patterns = RulerPatterns(
            self.nlp,
            self,
            self._rule,
            attr=self.phrase_matcher_attr,
            fuzzy_compare=self.matcher_fuzzy_compare,
            validate=self.validate,
        )

    def _rule(self, label: str, span_id: str) -> str:
        return repr((label, span_id))

    def add_patterns(self, patterns: Iterable[Entry]) -> None:
        """Add patterns, dicts with a ``label``, a ``pattern`` (a text, or a list with a dict for
        each token) and maybe an ``id``. Raises :class:`DataError` for one that can't be."""
        self._patterns.add(patterns)

    def remove(self, label: str) -> None:
        """Take out the patterns of a label. Raises :class:`UnknownRuleError` if there are none."""
        if not self._patterns.remove(label=label):
            raise UnknownRuleError(f"'{self.name}' has no pattern of the label {label!r}")

    def remove_by_id(self, pattern_id: str) -> None:
        """Take out the patterns of an id. Raises :class:`UnknownRuleError` if there are none."""
        if not self._patterns.remove(ent_id=pattern_id):
            raise UnknownRuleError(f"'{self.name}' has no pattern of the id {pattern_id!r}")

    def initialize(
        self,
        get_examples: GetExamples,
        *,
        nlp: PipelineLike | None = None,
        patterns: Sequence[Entry] | None = None,
    ) -> None:
        """Have these patterns and no others."""
        self.clear()
        if patterns:
            self.add_patterns(patterns)

    @property
    def key(self) -> str | None:
        """The name of the group of spans."""
        return self.spans_key

    @property
    def patterns(self) -> list[Entry]:
        """The patterns as they were added."""
        return self._patterns.entries

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the patterns, sorted."""
        return self._patterns.labels

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the patterns, sorted."""
        return self._patterns.ids

    @property
    def matcher(self) -> Matcher:
        """What finds the token patterns."""
        return self._patterns.matcher

    @property
    def phrase_matcher(self) -> PhraseMatcher:
        """What finds the phrases."""
        return self._patterns.phrase_matcher

    def __len__(self) -> int:
        return len(self._patterns.entries)

    def __contains__(self, label: object) -> bool:
        return label in self.labels

    # -- running

    def annotate(self, batch: Batch) -> None:
        """Set the spans of a batch."""
        if not len(self):
            warnings.warn(f"'{self.name}' has no patterns: add some first", stacklevel=2)
        for doc in batch:
            self.set_annotations(doc, self.match(doc))

    def match(self, doc: Doc) -> list[Span]:
        """All that is found, by place, with label and id."""
        names = self._patterns.names
        return sorted(
            Span(doc, start, end, label=names[rule][0], span_id=names[rule][1])
            for rule, start, end in self._patterns.matches(doc)
        )

    def set_annotations(self, doc: Doc, matches: list[Span]) -> None:
        """Set what was found. Raises :class:`DataError` if entities overlap after the filter."""
        if self.spans_key:
            old = doc.spans.get(self.spans_key) if not self.overwrite else None
            there = list(old or ())
            chosen = self.spans_filter(there, matches) if self.spans_filter else there + matches
            doc.spans[self.spans_key] = chosen
        if self.annotate_ents:
            there = [] if self.overwrite else list(doc.ents)
            doc.set_ents(sorted(self.ents_filter(there, matches)))

    def score(self, examples: Iterable[Any], **_: Any) -> dict[str, Any]:
        """The scores of the spans; empty without a scorer."""
        return dict(self.scorer(examples)) if self.scorer is not None else {}

    # -- saving, in spaCy's files

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The patterns as msgpack."""
        return _msgpack.dumps({"patterns": json.dumps(self.patterns).encode("utf8")})

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave. Raises :class:`SerializationError` if it doesn't fit."""
        state = loaded(bytes_data, f"'{self.name}'")
        self.clear()
        try:
            self.add_patterns(json.loads(state["patterns"]))
        except (DataError, LookupError, TypeError, ValueError) as error:
            raise SerializationError(f"the bytes aren't those of '{self.name}': {error}") from error
        return self

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write a folder with the file ``patterns``, one in JSON on each line."""
        with folder_written(path, ["patterns"]) as folder:
            write_entries(folder / "patterns", self.patterns)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> Self:
        """Read what :meth:`to_disk` wrote, or spaCy. Raises :class:`FormatError`, with the line,
        for a pattern that can't be."""
        folder = existing(path, f"saved '{self.name}'")
        self.clear()
        read_entries(folder / "patterns", self._patterns)
        return self


_FUZZY = {"@misc": "spanloom.levenshtein_compare.v1"}


@component_defaults(
    {
        "ents_filter": {"@misc": "spanloom.first_longest_spans_filter.v1"},
        "matcher_fuzzy_compare": _FUZZY,
        "scorer": {
            "@scorers": "spanloom.overlapping_labeled_spans_scorer.v1",
            "spans_key": DEFAULT_SPANS_KEY,
        },
    },
    assigns=["doc.spans"],
    score_weights={
        f"spans_{DEFAULT_SPANS_KEY}_f": 1.0,
        f"spans_{DEFAULT_SPANS_KEY}_p": 0.0,
        f"spans_{DEFAULT_SPANS_KEY}_r": 0.0,
        f"spans_{DEFAULT_SPANS_KEY}_per_type": None,
    },
)
def make_span_ruler(
    nlp: PipelineLike,
    name: str,
    *,
    ents_filter: SpanFilter,
    matcher_fuzzy_compare: FuzzyCompare,
    scorer: Scorer | None,
    spans_key: str | None = DEFAULT_SPANS_KEY,
    spans_filter: SpanFilter | None = None,
    annotate_ents: bool = False,
    phrase_matcher_attr: str | int | None = None,
    validate: bool = False,
    overwrite: bool = True,
) -> SpanRuler:
    """The component ``span_ruler``."""
    return SpanRuler(
        nlp,
        name,
        spans_key=spans_key,
        spans_filter=spans_filter,
        annotate_ents=annotate_ents,
        ents_filter=ents_filter,
        phrase_matcher_attr=phrase_matcher_attr,
        matcher_fuzzy_compare=matcher_fuzzy_compare,
        validate=validate,
        overwrite=overwrite,
        scorer=scorer,
    )


@component_defaults(
    {"matcher_fuzzy_compare": _FUZZY, "scorer": {"@scorers": "spanloom.entity_ruler_scorer.v1"}},
    assigns=["doc.ents"],
    score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_future_entity_ruler(
    nlp: PipelineLike,
    name: str,
    *,
    matcher_fuzzy_compare: FuzzyCompare,
    scorer: Scorer | None,
    phrase_matcher_attr: str | int | None = None,
    validate: bool = False,
    overwrite_ents: bool = False,
    ent_id_sep: str = "__unused__",  # noqa: ARG001  # configs have it
) -> SpanRuler:
    """The component ``future_entity_ruler``: a :class:`SpanRuler` that sets entities."""
    chosen = prioritize_new_ents_filter if overwrite_ents else prioritize_existing_ents_filter
    return SpanRuler(
        nlp,
        name,
        spans_key=None,
        annotate_ents=True,
        ents_filter=chosen,
        phrase_matcher_attr=phrase_matcher_attr,
        matcher_fuzzy_compare=matcher_fuzzy_compare,
        validate=validate,
        overwrite=False,
        scorer=scorer,
    )
