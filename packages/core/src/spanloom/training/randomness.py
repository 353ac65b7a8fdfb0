"""The state of the generators that weights, dropout and exploration are drawn from."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import SerializationError
from ..io.late_torch import import_torch, seed_torch

__all__ = ["random_state", "seed_everything", "set_random_state", "threads"]


def seed_everything(seed: int | None) -> None:
    """Seed the generators that thinc draws weights and dropout from, as far as there is a seed."""
    if seed is not None:
        from thinc.api import fix_random_seed

        fix_random_seed(seed)
        seed_torch(seed)


def threads() -> int:
    """How many threads share a sum, so that another number gives other last bits of the weights:
    ``OMP_NUM_THREADS``, else the number of CPUs."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() else os.cpu_count() or 1


def random_state() -> dict[str, Any]:
    """The state of the global generators of Python, of NumPy and, where it is loaded, of torch on
    the CPU, as plain values. Generators on a GPU keep theirs to themselves."""
    version, internal, gauss = random.getstate()
    found: Any = np.random.get_state()  # a tuple, since `legacy` isn't False
    name, keys, position, has_gauss, cached = found
    state: dict[str, Any] = {
        "python": [version, list(internal), gauss],
        "numpy": [str(name), keys.tolist(), int(position), int(has_gauss), float(cached)],
    }
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        state["torch"] = torch.get_rng_state().tolist()
    return state


def set_random_state(state: Mapping[str, Any]) -> None:
    """Go on drawing where :func:`random_state` was taken.

    Raises :class:`SerializationError` for values that aren't such a state.
    """
    try:
        version, internal, gauss = state["python"]
        name, keys, position, has_gauss, cached = state["numpy"]
        random.setstate((version, tuple(internal), gauss))
        np.random.set_state((name, np.array(keys, dtype=np.uint32), position, has_gauss, cached))
        torch: Any = import_torch() if "torch" in state else None
        if torch is not None:
            torch.set_rng_state(torch.tensor(state["torch"], dtype=torch.uint8))
    except (KeyError, TypeError, ValueError) as error:
        raise SerializationError(
            f"the state of the random generators can't be taken over ({error}): the checkpoint is "
            f"damaged or of another version of Python or NumPy"
        ) from error
