"""Which spans stay where several overlap: functions of those that are there and those found."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from spanloom.tokens import Span, filter_spans

__all__ = [
    "SpanFilter",
    "make_first_longest_spans_filter",
    "make_preserve_existing_ents_filter",
    "make_prioritize_new_ents_filter",
    "prioritize_existing_ents_filter",
    "prioritize_new_ents_filter",
]

SpanFilter = Callable[[Iterable[Span], Iterable[Span]], list[Span]]
"""Takes the spans that are there, and those that were found."""


def prioritize_new_ents_filter(entities: Iterable[Span], spans: Iterable[Span]) -> list[Span]:
    """Of ``spans`` the longest first, then those of ``entities`` that they don't overlap."""
    chosen = _longest(spans, set())
    taken = {i for span in chosen for i in range(span.start, span.end)}
    kept = [each for each in entities if taken.isdisjoint(range(each.start, each.end))]
    return kept + chosen


def prioritize_existing_ents_filter(entities: Iterable[Span], spans: Iterable[Span]) -> list[Span]:
    """All of ``entities``, and of ``spans`` the longest that overlap none of them."""
    kept = list(entities)
    return kept + _longest(spans, {i for each in kept for i in range(each.start, each.end)})


def _longest(spans: Iterable[Span], taken: set[int]) -> list[Span]:
    """Spans that don't overlap each other or what is taken: the longest first, then the first."""
    chosen = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span.start)):
        tokens = range(span.start, span.end)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            chosen.append(span)
    return chosen


def make_first_longest_spans_filter() -> SpanFilter:
    """:func:`~spanloom.tokens.filter_spans` of both together, as configs name it."""
    return filter_spans


def make_prioritize_new_ents_filter() -> SpanFilter:
    """:func:`prioritize_new_ents_filter`, as configs name it."""
    return prioritize_new_ents_filter


def make_preserve_existing_ents_filter() -> SpanFilter:
    """:func:`prioritize_existing_ents_filter`, as configs name it."""
    return prioritize_existing_ents_filter
