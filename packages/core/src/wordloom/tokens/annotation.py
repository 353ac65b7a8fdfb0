"""Sentences, entities and character spans of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..strings import StringStore
from . import tree
from .columns import MISSING_IOB, B, I, O
from .span import Span

if TYPE_CHECKING:
    from .doc import Doc

__all__ = ["AnnotationMixin"]


class AnnotationMixin:
    """The part of :class:`~wordloom.tokens.Doc` that deals with sentences and entities."""

    __slots__ = ()
