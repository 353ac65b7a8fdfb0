"""Layers that turn word pieces into token vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from thinc.api import Model
from thinc.types import Floats2d, Ragged

from spanloom.layers import Link, grad_factor_of, listened_feature
from spanloom.tokens import Doc
from spanloom.tokens.batch import FloatsList, flatten

from .align import PieceAlignment
from .data import FullTransformerBatch

__all__ = ["DEFAULT", "LISTENS_TO", "TransformerListener", "pool", "with_pooling"]

#: The kind of values that transformer components hand out.
LISTENS_TO = "transformer"

#: The block of a component that listens.
DEFAULT = {
    "@architectures": "spanloom.TransformerListener.v1",
    "grad_factor": 1.0,
    "upstream": "transformer",
    "pooling": {"@layers": "reduce_mean.v1"},
}


def TransformerListener(
    pooling: Model[Ragged, Floats2d],
    grad_factor: float | Iterable[float] = 1.0,
    upstream: str = "*",
) -> Model[list[Doc], list[Floats2d]]:
    """Token vectors from a shared ``transformer`` component; gradients go back to it.

    ``pooling`` makes one vector of those of the word pieces of a token (over all spans that it is
    in); a token without pieces gets zeros. ``upstream`` is the name of the component, or ``"*"``
    for the nearest before. Gradients are multiplied by ``grad_factor``, a number or a schedule; 0
    sends none. Heads whose pooling is the same, and has no weights, share the result.
    """
    width = _width_of(pooling)
    model: Model[Any, Any] = Model(
        "transformer-listener",
        forward,
        init=_init_pooling,
        # Where both are there, the pipeline compares the encoder's width with nI.
        dims={"nO": None} if width is None else {"nI": None, "nO": width},
        layers=[pooling],
        attrs={"link": Link(upstream, grad_factor, LISTENS_TO), "step": 0},
        refs={"pooling": pooling},
    )
    return model


def forward(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[Any], Any]]:
    """Forward of :func:`TransformerListener`."""
    feature = listened_feature(model, docs)
    batch: FullTransformerBatch = feature.values
    vectors, backprop_pooling = pool(model.layers[0], batch, is_train)
    factor = grad_factor_of(model) if is_train and feature.wants_gradient else 0.0

    def backprop(dY: Any) -> list[Doc]:
        # The pooling layer may have weights of its own, which learn in any case.
        if factor != 0.0 or _has_params(model.layers[0]):
            gradient = backprop_pooling(flatten(dY, model.ops.xp))
            feature.add(gradient, factor)
        return []

    return vectors, backprop


def pool(
    pooling: Model[Ragged, Floats2d], batch: FullTransformerBatch, is_train: bool
) -> tuple[FloatsList, Callable[[Any], Any]]:
    """Token vectors of a batch, and what takes their gradient (flat, ``(tokens, width)``) and gives
    that of the rows, ``(rows, width)``."""
    shareable = not (_has_params(pooling) or pooling.layers or pooling.attrs)
    key = (pooling._func, bool(is_train))
    if shareable and key in batch.pooled:
        shared: tuple[FloatsList, Callable[[Any], Any]] = batch.pooled[key]
        return shared
    result = _pool(pooling, batch, is_train)
    if shareable:
        batch.pooled[key] = result
    return result


def _pool(
    pooling: Model[Ragged, Floats2d], batch: FullTransformerBatch, is_train: bool
) -> tuple[FloatsList, Callable[[Any], Any]]:
    ops: Any = pooling.ops
    rows = batch.rows
    alignment = batch.align
    present = np.flatnonzero(alignment.lengths)
    index = ops.xp.asarray(alignment.rows)
    ragged = Ragged(rows[index], ops.asarray_i(alignment.lengths[present]))
    if len(present):
        pooled, backprop = pooling(ragged, is_train)
    else:
        pooled, backprop = ops.alloc2f(0, _width_of(pooling) or rows.shape[1]), None
    flat = pooled
    if len(present) < len(alignment):
        flat = ops.alloc2f(len(alignment), pooled.shape[1])
        flat[ops.xp.asarray(present)] = pooled
    shape = rows.shape

    def backprop_rows(gradient: Any) -> Any:
        if backprop is None:
            return ops.alloc2f(*shape)
        if len(present) < len(alignment):
            gradient = gradient[ops.xp.asarray(present)]
        pieces = backprop(gradient).dataXd
        return _scatter(ops, pieces, index, alignment, shape)

    return FloatsList(flat, batch.token_lengths), backprop_rows


def _scatter(ops: Any, pieces: Any, index: Any, alignment: PieceAlignment, shape: Any) -> Any:
    """Add up the gradients of pairs of token and row by row."""
    total = ops.alloc2f(*shape)
    rows = alignment.rows
    if len(rows) < 2 or bool((rows[1:] > rows[:-1]).all()):
        total[index] = pieces  # no row belongs to two tokens
    else:
        ops.scatter_add(total, index, pieces)
    return total


def _width_of(pooling: Model[Any, Any]) -> int | None:
    """The width that a pooling layer makes, if it says so; else that of its input."""
    return int(pooling.get_dim("nO")) if pooling.has_dim("nO") else None


def _has_params(model: Model[Any, Any]) -> bool:
    return any(node.param_names or node.shims for node in model.walk())


def _init_pooling(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    sample = None
    width = "nO" if model.has_dim("nI") is False else "nI"
    if model.has_dim(width):
        ops = model.ops
        sample = Ragged(ops.alloc2f(2, model.get_dim(width)), ops.asarray1i([1, 1]))
    model.layers[0].initialize(X=sample)


def with_pooling(
    transformer: Model[list[Doc], FullTransformerBatch],
    pooling: Model[Ragged, Floats2d],
    grad_factor: float = 1.0,
    max_batch_items: int = 4096,
) -> Model[list[Doc], list[Floats2d]]:
    """A transformer and its pooling as one layer, shared with nobody."""
    transformer.attrs["max_batch_items"] = max_batch_items
    inner, outer = _width_of(transformer), _width_of(pooling)
    return Model(
        "tok2vec-transformer",
        _forward_whole,
        init=_init_whole,
        # As a listener has them, whose place it may take: those of the layers around follow.
        dims={"nO": inner} if outer is None else {"nI": inner, "nO": outer},
        layers=[transformer, pooling],
        attrs={"grad_factor": grad_factor},
        refs={"transformer": transformer, "pooling": pooling},
    )


def _forward_whole(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[Any], Any]]:
    transformer, pooling = model.layers
    batch, backprop_rows = transformer(docs, is_train)
    vectors, backprop_pooling = pool(pooling, batch, is_train)
    factor = float(model.attrs["grad_factor"])

    def backprop(dY: Any) -> list[Doc]:
        gradient = backprop_pooling(flatten(dY, model.ops.xp))
        if factor != 0.0:
            backprop_rows(batch.like(gradient if factor == 1.0 else gradient * factor))
        return []

    return vectors, backprop


def _init_whole(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    transformer, pooling = model.layers
    transformer.initialize(X=X)
    ops, width = model.ops, transformer.get_dim("nO")
    if not model.has_dim("nO"):
        model.set_dim("nO", width)
    pooling.initialize(X=Ragged(ops.alloc2f(2, width), ops.asarray1i([1, 1])))
