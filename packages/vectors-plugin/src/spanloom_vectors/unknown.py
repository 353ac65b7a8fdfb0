"""Vectors for words that a table doesn't have, made from their ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["hashed_vectors"]


def hashed_vectors(ids: NDArray[np.uint64], width: int, length: float) -> NDArray[np.float32]:
    """A fixed vector for each id, shape ``(len(ids), width)``, of the given length.

    The numbers are uniform, from SplitMix64 (Steele et al. 2014) of id and dimension: the same
    word has the same vector everywhere, and two words are as good as orthogonal.
    """
    step = np.uint64(0x9E3779B97F4A7C15)
    z = ids[:, None] + np.arange(1, width + 1, dtype=np.uint64)[None, :] * step
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    values = (z >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0
    values *= length / np.linalg.norm(values, axis=1, keepdims=True)
    found: NDArray[np.float32] = values.astype(np.float32)
    return found
