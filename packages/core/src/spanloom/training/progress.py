"""How far a training run has come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .randomness import random_state

if TYPE_CHECKING:
    from .settings import Settings

__all__ = ["Progress"]


@dataclass
class Progress:
    """How far a training run has come; the loop keeps it up to date.

    ``step`` is the number of steps that were taken, ``words`` and ``seconds`` what they took.
    ``best`` is the highest score, first measured after ``best_step``. ``rate_factor`` multiplies
    the learning rate: it is halved each time that weights had to be rolled back. ``random`` is the
    state of the random generators to go on with; ``None`` leaves them as they are.
    """

    step: int = 0
    epoch: int = 0
    words: int = 0
    seconds: float = 0.0
    best: float = -math.inf
    best_step: int = 0
    rate_factor: float = 1.0
    random: Mapping[str, Any] | None = None

    def is_over(self, settings: Settings) -> bool:
        """Whether the limit of steps, or the patience without a better score, is reached."""
        if settings.max_steps and self.step >= settings.max_steps:
            return True
        waited = self.step - self.best_step
        return bool(settings.patience and self.best_step and waited >= settings.patience)

    def state(self) -> dict[str, Any]:
        """Everything as plain values, with the random generators as they are now."""
        values = {key: getattr(self, key) for key in self.__dataclass_fields__}
        return {**values, "random": random_state()}
