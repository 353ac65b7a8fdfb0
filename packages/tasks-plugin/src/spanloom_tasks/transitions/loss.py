"""The loss of a transition system: how likely the actions without cost are."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["oracle_gradient"]

Array = Any


def oracle_gradient(scores: Array, valid: Array, good: Array) -> tuple[float, Array]:
    """``-log`` of the probability of the good actions among the valid ones, and its gradient.

    ``scores`` has shape ``(states, actions)``; ``valid`` and ``good`` are bool of that shape, and
    only actions that are valid count as good. States without a good action, or where all valid
    actions are good, give nothing. Returns the loss summed over the states.
    """
    good = good & valid
    known = good.any(axis=1)
    low = np.float32(-1e30)
    masked = np.where(valid, scores, low)
    masked -= masked.max(axis=1, keepdims=True)
    chosen = np.where(good, masked, low)
    peak = chosen.max(axis=1, keepdims=True)
    gradient = np.exp(masked)
    total = gradient.sum(axis=1, keepdims=True)
    target = np.exp(chosen - peak)
    right = target.sum(axis=1, keepdims=True)
    loss = (np.log(total) - np.log(right) - peak)[known].sum()
    gradient /= total
    target /= right
    gradient -= target
    gradient[~known] = 0.0
    return float(loss), gradient
