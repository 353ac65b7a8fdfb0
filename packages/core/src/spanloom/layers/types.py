"""What the models of components take and give."""

from __future__ import annotations

from typing import TypeAlias

from thinc.api import Model
from thinc.types import Floats2d

from ..tokens import Doc

__all__ = ["TextModel", "TokenModel"]

TokenModel: TypeAlias = Model[list[Doc], list[Floats2d]]
"""A row of numbers for each token of each document: vectors, or scores of classes."""

TextModel: TypeAlias = Model[list[Doc], Floats2d]
"""A row of numbers for each document."""
