"""The learning rate of what is pretrained: that of a small encoder destroys a transformer."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

__all__ = ["gives_learn_rate", "suit_learn_rate"]

_KEY = "pretraining.optimizer.learn_rate"
#: How many times the rate that suits a component is too much.
_TOO_HIGH = 10


def gives_learn_rate(config: Mapping[str, Any], overrides: Mapping[str, Any]) -> bool:
    """Whether a config, before defaults are filled in, or an override says how fast to learn."""
    optimizer = config.get("pretraining", {}).get("optimizer", {})
    return "learn_rate" in optimizer or any(f"{key}.".startswith(f"{_KEY}.") for key in overrides)


def suit_learn_rate(config: Mapping[str, Any], component: Any, *, given: bool) -> None:
    """Put the learning rate that suits ``component`` into a complete config, unless one was
    ``given``; warn of one that is much too high.

    Components say by ``pretraining_learn_rate`` what suits them; others take the default.
    """
    suits = getattr(component, "pretraining_learn_rate", None)
    optimizer = config["pretraining"]["optimizer"]
    if suits is None or "learn_rate" not in optimizer:
        return
    if not given:
        optimizer["learn_rate"] = suits
    rate = optimizer["learn_rate"]
    if isinstance(rate, Mapping):  # a schedule; those of thinc rise to this rate, or fall from it
        rate = rate.get("initial_rate")
    if isinstance(rate, int | float) and rate > _TOO_HIGH * suits:
        warnings.warn(
            f"the learning rate {rate:g} is more than {_TOO_HIGH} times what suits "
            f"'{config['pretraining']['component']}' ({suits:g}), and may destroy what it has "
            f"learned before: set learn_rate in [pretraining.optimizer], or leave it out",
            stacklevel=3,
        )
