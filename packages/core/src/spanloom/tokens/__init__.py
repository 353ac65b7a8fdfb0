"""Documents, and the views on them: tokens and spans."""

from __future__ import annotations

from ..vocab.extensions import ExtensionTable
from ..vocab.morphology import MorphAnalysis
from .doc import Doc
from .span import Span
from .span_group import SpanGroup, SpanGroups, filter_spans
from .text_bound import TextBound
from .token import Token

__all__ = [
    "Doc",
    "ExtensionTable",
    "MorphAnalysis",
    "Span",
    "SpanGroup",
    "SpanGroups",
    "TextBound",
    "Token",
    "filter_spans",
]
