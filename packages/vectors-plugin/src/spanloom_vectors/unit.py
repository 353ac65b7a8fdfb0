"""Vectors of length one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["unit_rows"]


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Each row divided by its L2 norm, float32 of the same shape; rows of zeros stay."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(vectors, np.where(norms > 0, norms, 1.0))
    return unit.astype(np.float32, copy=False)
