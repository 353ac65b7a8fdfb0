"""Loss scaling for training in fp16: gradients that are too small for it are scaled up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from spanloom.errors import ConfigError, ConfigProblem

__all__ = ["LossScale"]

_DEFAULTS = {
    "enabled": True,
    "init_scale": 65536.0,
    "growth_factor": 2.0,
    "backoff_factor": 0.5,
    "growth_interval": 2000,
}


class LossScale:
    """A factor that grows while gradients are finite, and falls where they aren't.

    The rule and its settings are those of Micikevicius et al., "Mixed precision training" (2018).
    It is only used where a pass ran in fp16, see :meth:`start`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Raises :class:`ConfigError` for settings that there aren't."""
        unknown = sorted(set(settings) - set(_DEFAULTS))
        if unknown:
            problem = ConfigProblem(
                "model.grad_scaler_config",
                f"there is no {', '.join(unknown)}",
                f"known: {', '.join(_DEFAULTS)}",
            )
            raise ConfigError([problem], source="transformer")
        self._settings = {**_DEFAULTS, **settings}
        self.factor = float(self._settings["init_scale"])
        self._good = 0
        self._used = False

    @property
    def used(self) -> bool:
        """Whether there are gradients that are scaled."""
        return self._used

    def start(self, dtype: torch.dtype | None) -> float:
        """The factor for a backward pass: 1 unless it is in fp16."""
        self._used = dtype is torch.float16 and bool(self._settings["enabled"])
        return self.factor if self._used else 1.0

    def unscale(self, gradients: Sequence[Any]) -> bool:
        """Divide the gradients by the factor in place. Returns whether all are finite; then the
        step can be taken."""
        if not self._used:
            return True
        self._used = False
        finite = all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
        if not finite:
            self.factor *= float(self._settings["backoff_factor"])
            self._good = 0
            return False
        for gradient in gradients:
            gradient /= self.factor
        self._good += 1
        if self._good >= self._settings["growth_interval"]:
            self.factor *= float(self._settings["growth_factor"])
            self._good = 0
        return True
