"""The ``span_ruler`` component: spans and entities by patterns, and how they are chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from spanloom.errors import DataError, SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, folder_written
from spanloom.plugins.factory import component_defaults
from spanloom.tokens import Doc, Span, filter_spans

from ..matching.prepared import Match
from ..matching.validation import UnknownRuleError
from ..saved import loaded
from .base import Ruler
from .entries import read_entries, write_entries
from .filters import SpanFilter, prioritize_existing_ents_filter, prioritize_new_ents_filter

if TYPE_CHECKING:
    from spanloom.vocab.protocols import PipelineLike

__all__ = ["DEFAULT_SPANS_KEY", "SpanRuler", "make_future_entity_ruler", "make_span_ruler"]

DEFAULT_SPANS_KEY = "ruler"


class SpanRuler(Ruler):
    """Sets ``doc.spans[spans_key]``, and with ``annotate_ents`` ``doc.ents``, by phrases and token
    patterns.

    >>> ruler = nlp.add_pipe("span_ruler")  # doctest: +SKIP
    >>> ruler.add_patterns([{"label": "ORG", "pattern": [{"LOWER": "apple"}]}])

    ``spans_filter`` and ``ents_filter`` choose among the spans that are there and those found
    (``None``: all are kept). With ``overwrite`` those that are there don't count.
    The other ``settings`` are those of :class:`~spanloom_rules.rulers.base.Ruler`.
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
        overwrite: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(nlp, name, **settings)
        self.spans_key = spans_key
        self.spans_filter = spans_filter
        self.annotate_ents = annotate_ents
        self.ents_filter = ents_filter
        self.overwrite = overwrite

    # -- patterns

    def remove(self, label: str) -> None:
        """Take out the patterns of a label. Raises :class:`UnknownRuleError` if there are none."""
        if not self._patterns.remove(label=label):
            raise UnknownRuleError(f"'{self.name}' has no pattern of the label {label!r}")

    def remove_by_id(self, pattern_id: str) -> None:
        """Take out the patterns of an id. Raises :class:`UnknownRuleError` if there are none."""
        self._remove_id(pattern_id)

    @property
    def key(self) -> str | None:
        """The name of the group of spans."""
        return self.spans_key

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the patterns, sorted."""
        return self._patterns.ids

    # -- running

    def ordered(self, doc: Doc, matches: list[Match]) -> list[Span]:
        """Spans by place, with label and id."""
        names = self._patterns.names
        return sorted(
            Span(doc, start, end, label=names[rule][0], span_id=names[rule][1])
            for rule, start, end in matches
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

    # -- saving, in spaCy's files

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """The patterns as msgpack."""
        return _msgpack.dumps({"patterns": json.dumps(self.patterns).encode("utf8")})

    def from_bytes(self, bytes_data: bytes, *, exclude: Sequence[str] = ()) -> Self:
        """Take what :meth:`to_bytes` gave. Raises :class:`SerializationError` if it doesn't fit."""
        state = loaded(bytes_data, self.name)
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
    settings_of=SpanRuler,
    assigns=["doc.spans"],
    score_weights={
        f"spans_{DEFAULT_SPANS_KEY}_f": 1.0,
        f"spans_{DEFAULT_SPANS_KEY}_p": 0.0,
        f"spans_{DEFAULT_SPANS_KEY}_r": 0.0,
        f"spans_{DEFAULT_SPANS_KEY}_per_type": None,
    },
)
def make_span_ruler(
    nlp: PipelineLike, name: str, *, overwrite: bool = True, **settings: Any
) -> SpanRuler:
    """The component ``span_ruler``."""
    return SpanRuler(nlp, name, overwrite=overwrite, **settings)


@component_defaults(
    {"matcher_fuzzy_compare": _FUZZY, "scorer": {"@scorers": "spanloom.entity_ruler_scorer.v1"}},
    settings_of=Ruler,
    assigns=["doc.ents"],
    score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_future_entity_ruler(
    nlp: PipelineLike,
    name: str,
    *,
    overwrite_ents: bool = False,
    ent_id_sep: str = "__unused__",  # noqa: ARG001  # configs have it
    **settings: Any,
) -> SpanRuler:
    """The component ``future_entity_ruler``: a :class:`SpanRuler` that sets entities."""
    chosen = prioritize_new_ents_filter if overwrite_ents else prioritize_existing_ents_filter
    return SpanRuler(nlp, name, spans_key=None, annotate_ents=True, ents_filter=chosen, **settings)
