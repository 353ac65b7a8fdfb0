"""Annotation columns of many documents as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..scoring.counts import spaces_mask

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..tokens import Doc

__all__ = ["MISSING", "aligned", "assign", "lookup", "white_space", "word_values"]

MISSING = -1
"""The class of a token whose annotation is missing: no loss, no gradient."""


def assign(
    docs: Sequence[Doc], column: str, values: NDArray[Any], *, overwrite: bool, missing: int = 0
) -> None:
    """Set one annotation column of each document from a flat array, as views on it. Without
    ``overwrite``, tokens that have a value keep it, and so do, always, those for which the array
    has ``missing``."""
    start = 0
    for doc in docs:
        end = start + len(doc)
        fresh = values[start:end]
        present = doc.column(column)
        if present is not None:
            free = fresh != missing if overwrite else present == missing
            fresh = np.where(free, fresh, present)
        doc.set_column(column, fresh)
        start = end


def white_space(docs: Sequence[Doc]) -> NDArray[np.bool_]:
    """Which tokens are nothing but white space, flat for all documents."""
    return np.concatenate([spaces_mask(doc) for doc in docs] or [np.zeros(0, dtype=bool)])


def word_values(doc: Doc, column: str) -> NDArray[Any] | None:
    """The values of an annotation column that aren't of white space; ``None`` without any."""
    values = doc.column(column)
    return None if values is None else values[~spaces_mask(doc)]


def aligned(examples: Sequence[Example], column: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The reference's values of ``column`` for all predicted tokens, flat, and where they are
    known: a token that aligns to several reference tokens with different values isn't."""
    pairs = [example.get_aligned_ids(column) for example in examples]
    return (
        np.concatenate([values for values, _ in pairs]),
        np.concatenate([known for _, known in pairs]),
    )


def lookup(keys: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    """The position in ``keys`` of each of ``values``; :data:`MISSING` where it isn't there."""
    if not len(keys):
        return np.full(len(values), MISSING, dtype=np.int64)
    order = np.argsort(keys)
    at = np.searchsorted(keys, values, sorter=order)
    found = order[np.minimum(at, len(keys) - 1)]
    return np.where(keys[found] == values, found, MISSING).astype(np.int64)
