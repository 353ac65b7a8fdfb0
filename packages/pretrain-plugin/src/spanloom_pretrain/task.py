"""What can be pretrained: a task on raw text, and a component that brings its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from thinc.api import Model

    from spanloom import Doc
    from spanloom.pipeline.state import PipelineState

__all__ = ["Pretrainable", "PretrainingTask"]


@runtime_checkable
class PretrainingTask(Protocol):
    """A task on raw text that an encoder learns from."""

    @property
    def model(self) -> Model[Any, Any]:
        """All that is trained: the encoder, and what is put on top of it for the task."""

    @property
    def encoder(self) -> Model[Any, Any]:
        """The part of :attr:`model` whose weights are kept."""

    def update(
        self, docs: Sequence[Doc], rng: np.random.Generator, drop: float
    ) -> tuple[float, int]:
        """Add the gradients of the mean loss over what is predicted (masked words). Returns the sum
        of their losses, and how many there are. All choices are drawn from ``rng``."""

    def evaluate(self, docs: Sequence[Doc], rng: np.random.Generator) -> tuple[float, int]:
        """The same sum and number, in predict mode."""


@runtime_checkable
class Pretrainable(Protocol):
    """A component that brings its own task, such as masked language modelling over the pieces of a
    transformer. It is pretrained as a whole, by its task instead of an objective of the config.

    It may have an attribute ``pretraining_learn_rate``, a learning rate that suits it, which is
    taken where the config gives none; more than ten times as much is warned of.
    """

    def pretraining_task(self, nlp: PipelineState) -> PretrainingTask:
        """The task, with all weights allocated."""
