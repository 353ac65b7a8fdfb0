"""Annotation setters: called with a batch of documents and what the transformer gave for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanloom.tokens import Doc

    from .data import FullTransformerBatch

__all__ = [
    "DEFAULT",
    "AnnotationSetter",
    "configure_null_annotation_setter",
    "null_annotation_setter",
]

#: The block of a component that sets nothing more.
DEFAULT = {"@annotation_setters": "spanloom.null_annotation_setter.v1"}

AnnotationSetter = Callable[[Sequence["Doc"], "FullTransformerBatch"], None]


def null_annotation_setter(docs: Sequence[Doc], trf_data: FullTransformerBatch) -> None:
    """Set nothing beyond ``doc._.trf_data``."""


def configure_null_annotation_setter() -> AnnotationSetter:
    """The setter that sets nothing, for configs."""
    return null_annotation_setter
