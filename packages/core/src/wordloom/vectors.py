"""What core asks of word vectors. Tables of vectors are another package's (wordloom-vectors)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["HasVector", "VectorTable", "cosine"]


class HasVector(Protocol):
    """Whatever has a ``vector`` of shape ``(width,)``."""

    @property
    def vector(self) -> NDArray[np.float32]:
        """The vector."""


@runtime_checkable
class VectorTable(Protocol):
    """A table of word vectors, as ``vocab.vectors`` holds it.

    It's a resource that a vocab refers to: documents and pickled vocabs never carry it.
    """

    @property
    def width(self) -> int:
        """The number of dimensions."""

    def rows_for(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The row of each text, shape ``(len(texts),)``; -1 where there is none."""

    def vectors_for(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vector of each text, shape ``(len(texts), width)``; zeros where there is none."""

    def set_vector(self, text: str, vector: Any) -> None:
        """Give ``text`` a vector of shape ``(width,)``. Raises :class:`DataError` if the table
        can't be changed or the width is another."""


def cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The cosine of two vectors; 0.0 if either is all zeros or they have no dimensions."""
    norms = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.dot(one, other)) / norms if norms else 0.0
