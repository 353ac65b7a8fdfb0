"""What the models of components take and give."""

from __future__ import annotations

from typing import TypeAlias

from thinc.api import Model
from thinc.types import Floats2d

from ..tokens import Doc
from .state_scorer import StateScorer

__all__ = ["StateModel", "TextModel", "TokenModel"]

TokenModel: TypeAlias = Model[list[Doc], list[Floats2d]]
"""A row of numbers for each token of each document: vectors, or scores of classes."""

TextModel: TypeAlias = Model[list[Doc], Floats2d]
"""A row of numbers for each document."""

StateModel: TypeAlias = Model[list[Doc], StateScorer]
"""What scores the states of a transition system over a batch of documents."""
