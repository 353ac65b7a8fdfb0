"""What the models of transition-based components take and give."""

from __future__ import annotations

from typing import TypeAlias

from thinc.api import Model

from spanloom.tokens import Doc

from .state_scorer import StateScorer

__all__ = ["StateModel"]

StateModel: TypeAlias = Model[list[Doc], StateScorer]
"""What scores the states of a transition system over a batch of documents."""
