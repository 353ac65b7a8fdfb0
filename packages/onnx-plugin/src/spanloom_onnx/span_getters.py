"""Span getters: which stretches of each document the transformer sees as one sequence.

A span getter takes a batch of documents and returns a list of spans for each. Spans may overlap;
tokens in no span get zero vectors. One's own are added with ``@registry.span_getters("name")``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from spanloom.errors import ConfigError, ConfigProblem
from spanloom.tokens import Span

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = [
    "DEFAULT",
    "SpanGetter",
    "configure_get_doc_spans",
    "configure_get_sent_spans",
    "configure_strided_spans",
    "get_doc_spans",
    "get_sent_spans",
    "get_strided_spans",
]

#: The block of new components.
DEFAULT = {"@span_getters": "spanloom.strided_spans.v1", "window": 128, "stride": 96}

SpanGetter = Callable[[Sequence["Doc"]], list[list[Span]]]


def get_doc_spans(docs: Sequence[Doc]) -> list[list[Span]]:
    """Each document as one span; none for an empty one."""
    return [[doc[:]] if len(doc) else [] for doc in docs]


def get_sent_spans(docs: Sequence[Doc]) -> list[list[Span]]:
    """The sentences of each document.

    A document without sentence boundaries is taken as one span, which the model cuts where it is
    too long; the first time, a warning says so.
    """
    spans: list[list[Span]] = []
    missing = 0
    for doc in docs:
        if not len(doc):
            spans.append([])
        elif doc.has_annotation("SENT_START"):
            spans.append(list(doc.sents))
        else:
            missing += 1
            spans.append([doc[:]])
    if missing:
        # One text for all calls, so that Python's default filter shows it once.
        warnings.warn(
            "sent_spans got documents without sentence boundaries, and takes each as one span. "
            "Put a component that sets them ('sentencizer', 'senter') before the transformer; in "
            "training, list it under annotating_components in [training].",
            UserWarning,
            stacklevel=2,
        )
    return spans


class get_strided_spans:
    """Windows of ``window`` tokens that start every ``stride`` tokens."""

    def __init__(self, window: int = 128, stride: int = 96) -> None:
        """Raises :class:`ConfigError` unless ``0 < stride <= window``."""
        if not 0 < stride <= window:
            problem = ConfigProblem(
                "get_spans.stride",
                f"stride {stride} and window {window} leave tokens out",
                "0 < stride <= window must hold",
            )
            raise ConfigError([problem], source="strided_spans")
        self.window = window
        self.stride = stride

    def __call__(self, docs: Sequence[Doc]) -> list[list[Span]]:
        """The windows of each document."""
        return [self._of(doc) for doc in docs]

    def _of(self, doc: Doc) -> list[Span]:
        size = len(doc)
        spans: list[Span] = []
        start = 0
        while start < size:
            end = min(start + self.window, size)
            spans.append(doc[start:end])
            if end == size:
                break
            start += self.stride
        return spans


def configure_get_doc_spans() -> SpanGetter:
    """:func:`get_doc_spans`, for configs."""
    return get_doc_spans


def configure_get_sent_spans() -> SpanGetter:
    """:func:`get_sent_spans`, for configs."""
    return get_sent_spans


def configure_strided_spans(window: int = 128, stride: int = 96) -> SpanGetter:
    """:class:`get_strided_spans`, for configs."""
    return get_strided_spans(window, stride)
