"""How far a run has come, and when it is over."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .randomness import random_state

__all__ = ["Limits", "Progress"]


@dataclass(kw_only=True)
class Limits:
    """When a run is over, in steps, in epochs and in steps without a better score, and how often
    it is scored. 0 is no limit."""

    patience: int = 1600
    max_epochs: int = 0
    max_steps: int = 20000
    eval_frequency: int = 200


@dataclass
class Progress:
    """How far a run has come; the loop keeps it up to date.

    ``step`` is the number of steps that were taken, ``words`` and ``seconds`` what they took;
    ``epoch_steps`` and ``epoch_words`` count since the start of ``epoch``. ``losses`` are sums
    since the last evaluation. ``best`` is the highest score, first measured after ``best_step``.
    ``rate_factor`` multiplies the learning rate: it is halved each time that weights had to be
    rolled back. ``random`` is the state of the random generators to go on with; ``None`` leaves
    them as they are.
    """

    step: int = 0
    epoch: int = 0
    words: int = 0
    seconds: float = 0.0
    best: float = -math.inf
    best_step: int = 0
    rate_factor: float = 1.0
    random: Mapping[str, Any] | None = None
    epoch_steps: int = 0
    epoch_words: int = 0
    losses: dict[str, float] = field(default_factory=dict)

    def take(self, step: int, epoch: int, words: int, seconds: float) -> None:
        """Count a step of so many words, ``seconds`` after the start."""
        if epoch != self.epoch:
            self.epoch_steps = self.epoch_words = 0
        self.step, self.epoch, self.seconds = step, epoch, seconds
        self.words += words
        self.epoch_steps += 1
        self.epoch_words += words

    def is_over(self, limits: Limits) -> bool:
        """Whether the limit of steps or epochs, or the patience without a better score, is
        reached."""
        waited = self.step - self.best_step
        return bool(
            (limits.max_steps and self.step >= limits.max_steps)
            or 0 < limits.max_epochs <= self.epoch
            or (limits.patience and self.best_step and waited >= limits.patience)
        )

    def state(self) -> dict[str, Any]:
        """Everything as plain values, with the random generators as they are now."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__}
        return {**values, "random": random_state()}
