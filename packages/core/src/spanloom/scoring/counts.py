"""Counting what is right, and where tokens of two documents meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..tokens import Doc

__all__ = ["Counts", "aligned_pairs", "solid_bounds", "spaces_mask"]


@dataclass
class Counts:
    """How many were right (``tp``), predicted wrongly (``fp``) and missed (``fn``)."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, tp: int, predicted: int, reference: int) -> None:
        """Count ``tp`` right ones among ``predicted`` and ``reference`` ones."""
        self.tp += tp
        self.fp += predicted - tp
        self.fn += reference - tp

    def add_sets(self, predicted: set[Any], reference: set[Any]) -> None:
        """Count the members of two sets."""
        self.add(len(predicted & reference), len(predicted), len(reference))

    def __bool__(self) -> bool:
        return bool(self.tp or self.fp or self.fn)

    @property
    def precision(self) -> float:
        """Right ones among the predicted ones; 0 if none was predicted."""
        return self.tp / (self.tp + self.fp) if self.tp else 0.0

    @property
    def recall(self) -> float:
        """Right ones among those of the reference; 0 if it has none."""
        return self.tp / (self.tp + self.fn) if self.tp else 0.0

    @property
    def fscore(self) -> float:
        """Harmonic mean of precision and recall: ``2 tp / (2 tp + fp + fn)``."""
        return 2 * self.tp / (2 * self.tp + self.fp + self.fn) if self.tp else 0.0

    def named(self, prefix: str) -> dict[str, Any]:
        """``{prefix}_p``, ``_r`` and ``_f``, ``None`` if nothing was counted."""
        if not self:
            return {f"{prefix}_p": None, f"{prefix}_r": None, f"{prefix}_f": None}
        return {
            f"{prefix}_p": self.precision,
            f"{prefix}_r": self.recall,
            f"{prefix}_f": self.fscore,
        }

    def to_dict(self) -> dict[str, float]:
        """Precision, recall and F1 as ``p``, ``r`` and ``f``."""
        return {"p": self.precision, "r": self.recall, "f": self.fscore}


def spaces_mask(doc: Doc) -> NDArray[np.bool_]:
    """Which tokens are nothing but whitespace, shape ``(n,)``."""
    mask: NDArray[np.bool_] = np.asarray(doc.lexicon.column("IS_SPACE"))[doc.rows].astype(bool)
    return mask


def aligned_pairs(example: Example) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Predicted tokens that cover exactly one reference token, and those reference tokens; both of
    shape ``(k,)``. Whitespace tokens are left out."""
    forward = example.alignment.x2y
    lengths = np.asarray(forward.lengths)
    keep = np.flatnonzero((lengths == 1) & ~spaces_mask(example.predicted))
    starts = np.cumsum(lengths) - lengths
    return keep, np.asarray(forward.data, dtype=np.int64)[starts[keep]]


def solid_bounds(doc: Doc) -> NDArray[np.int64]:
    """Where each token starts when whitespace isn't counted, and where the last one ends; shape
    ``(n + 1,)``. Two documents of texts that differ in whitespace alone agree in these."""
    types, inverse = np.unique(doc.rows, return_inverse=True)
    texts = doc.lexicon.texts
    sizes = np.asarray([len("".join(texts[row].split())) for row in types.tolist()], dtype=np.int64)
    bounds = np.zeros(len(doc) + 1, dtype=np.int64)
    if len(doc):
        np.cumsum(sizes[inverse], out=bounds[1:])
    return bounds
