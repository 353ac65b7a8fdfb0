"""Schedules of learning rates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

__all__ = ["warmup_linear"]

#: The largest share of the steps in which the rate rises.
_SHARE = 0.1


def warmup_linear(initial_rate: float, warmup_steps: int, total_steps: int) -> Iterator[float]:
    """Rates that rise to ``initial_rate`` in ``warmup_steps``, or in a tenth of ``total_steps`` if
    that is less, and fall to 0 at the end. Without an end (0) they stay where they rose to."""
    rise = max(1, warmup_steps if not total_steps else min(warmup_steps, int(_SHARE * total_steps)))
    for step in count(1):
        left = (total_steps - step + 1) / max(1, total_steps - rise + 1) if total_steps else 1.0
        yield initial_rate * max(0.0, min(1.0, step / rise, left))
