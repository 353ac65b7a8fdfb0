"""What documents keep of the output of a batch."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .data import FullTransformerBatch, TransformerData
from .listener import pool

__all__ = ["Keep", "kept"]

Keep = Literal["none", "last", "all", "pooled"]


def kept(predictions: FullTransformerBatch, keep: Keep, ops: Any) -> list[TransformerData]:
    """The output of each document on the CPU, of arrays of its own: one document that is kept would
    otherwise keep those of the whole batch."""
    if keep == "pooled":
        return _pooled(predictions, ops)
    tensors = predictions.tensors if keep == "all" else predictions.tensors[-1:]
    parts = predictions.parts([ops.to_numpy(tensor) for tensor in tensors])
    for data in parts:
        data.tensors = tuple(np.array(tensor) for tensor in data.tensors)
        if keep == "last":
            data.extra = {}
    return parts


def _pooled(predictions: FullTransformerBatch, ops: Any) -> list[TransformerData]:
    from thinc.api import reduce_mean

    vectors = pool(reduce_mean(), predictions, False)[0]
    none = TransformerData.empty()
    return [
        TransformerData(
            (np.array(ops.to_numpy(tokens)),), none.pieces, none.align, data.truncated, pooled=True
        )
        for tokens, data in zip(vectors, predictions.parts(()))
    ]
