"""Layers over flat arrays, at boundaries where lists of arrays are passed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from thinc.api import Model, with_array
from thinc.types import Ragged

from ..tokens.batch import FloatsList, flatten

__all__ = ["flat_array", "skip_empty", "unwrap"]


def unwrap(X: Any, ops: Any) -> tuple[Any, Any, Callable[[Any], Any]]:
    """A sequence as one flat array, the lengths of its parts, and what makes a like sequence.

    Takes a list of arrays (without a copy where it is a
    :class:`~spanloom.tokens.batch.FloatsList`), a ``Ragged``, or one array, which counts as one
    part. Lengths are on the CPU, shape ``(parts,)``.
    """
    if isinstance(X, FloatsList):
        return X.flat, X.lengths, lambda flat: FloatsList(flat, X.lengths)
    if isinstance(X, Ragged):
        return X.dataXd, ops.to_numpy(X.lengths), lambda flat: Ragged(flat, X.lengths)
    if isinstance(X, (list, tuple)):
        lengths = np.fromiter(map(len, X), dtype=np.int64, count=len(X))
        return flatten(X, ops.xp), lengths, lambda flat: FloatsList(flat, lengths)
    return X, np.array([len(X)], dtype=np.int64), lambda flat: flat


def skip_empty(init: Callable[..., Any]) -> Callable[..., None]:
    """An ``init`` that infers nothing from a sample without rows, whose width may be unknown."""
    return partial(_init_unless_empty, init)


# No local function: a model's functions have to be found again when it is unpickled.
def _init_unless_empty(
    init: Callable[..., Any], model: Model[Any, Any], X: Any = None, Y: Any = None
) -> None:
    init(model, X=None if _empty(X) else X, Y=None if _empty(Y) else Y)


def _empty(X: Any) -> bool:
    if isinstance(X, (list, tuple)):
        return not any(map(len, X))
    return isinstance(X, Ragged) and not len(X.dataXd)


def flat_array(layer: Model[Any, Any]) -> Model[Any, Any]:
    """Run ``layer`` on the flat array of a list: thinc's ``with_array``, with the same tree, but
    without the copy where a :class:`~spanloom.tokens.batch.FloatsList` comes in, and with one
    coming out.
    """
    model: Model[Any, Any] = with_array(layer)
    model.replace_callbacks(forward, init=skip_empty(model.init))
    return model


def forward(model: Model[Any, Any], X: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    """Forward of :func:`flat_array`."""
    layer = model.layers[0]
    flat, _, wrap = unwrap(X, model.ops)
    if not len(flat) and layer.has_dim("nI"):
        flat = flat.reshape((0, layer.get_dim("nI")))
    Y, backprop_layer = layer(flat, is_train)

    def backprop(dY: Any) -> Any:
        return wrap(backprop_layer(unwrap(dY, model.ops)[0].reshape(Y.shape)))

    return wrap(Y), backprop
