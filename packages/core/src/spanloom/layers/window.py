"""Window encoders: convolutions over the tokens of each document, with residual connections.

Beyond the edges of a document lie zero vectors, in every layer: what one document gives never
depends on others in its batch. spaCy computes the same layers over one array of the batch, with
rows between the documents that are zero at first and then not; set the attribute ``pad`` of the
model to their number (its ``depth * window_size``) to get exactly that. Weights that spaCy saved
set it by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Maxout, Mish, Model, chain, clone, expand_window, residual, with_array
from thinc.types import Floats2d

from ..errors import ConfigError, ConfigProblem
from .dense import DenseBlock
from .flat import skip_empty, unwrap

__all__ = [
    "MaxoutWindowEncoder",
    "MaxoutWindowEncoder_v1",
    "MishWindowEncoder",
    "MishWindowEncoder_v1",
    "windowed",
]

_CHUNK = 4096
"""Rows that are encoded at a time in predict mode: their arrays stay in the cache."""

Array = Any
Edges = list[tuple[Array, Array]]
"""For each distance ``k`` from 1: the rows without a ``k``-th left neighbour, and without a right
one, in their document."""


def MaxoutWindowEncoder(
    width: int = 96, window_size: int = 1, maxout_pieces: int = 3, depth: int = 4
) -> Model[list[Floats2d], list[Floats2d]]:
    """Encode context with convolutions of maxout, layer normalisation and residual connections.

    ``width`` is that of input and output; each of the ``depth`` layers sees ``window_size`` tokens
    on both sides, so a token sees ``depth * window_size``. See the module for what lies beyond the
    edges. Raises :class:`ConfigError` for sizes that can't be. Maxout: Goodfellow et al. (2013), https://arxiv.org/abs/1302.4389.
    """
    return windowed(MaxoutWindowEncoder_v1(width, window_size, maxout_pieces, depth))


def MaxoutWindowEncoder_v1(
    width: int = 96, window_size: int = 1, maxout_pieces: int = 3, depth: int = 4
) -> Model[Floats2d, Floats2d]:
    """The layers of :func:`MaxoutWindowEncoder` over one document's array; for ``Tok2Vec.v1``."""
    _check(width=width, window_size=window_size, maxout_pieces=maxout_pieces, depth=depth)
    size = width * (window_size * 2 + 1)
    block = Maxout(nO=width, nI=size, nP=maxout_pieces, dropout=0.0, normalize=True)
    return _layers(block, width, window_size, depth)


def MishWindowEncoder(
    width: int = 96, window_size: int = 1, depth: int = 4
) -> Model[list[Floats2d], list[Floats2d]]:
    """As :func:`MaxoutWindowEncoder`, with the mish activation (Misra 2019,
    https://arxiv.org/abs/1908.08681), which needs a third of the weights of three pieces."""
    return windowed(MishWindowEncoder_v1(width, window_size, depth))


def MishWindowEncoder_v1(
    width: int = 96, window_size: int = 1, depth: int = 4
) -> Model[Floats2d, Floats2d]:
    """The layers of :func:`MishWindowEncoder` over one document's array; for ``Tok2Vec.v1``."""
    _check(width=width, window_size=window_size, depth=depth)
    size = width * (window_size * 2 + 1)
    block = Mish(nO=width, nI=size, dropout=0.0, normalize=True)
    return _layers(block, width, window_size, depth)


def _layers(block: Model[Any, Any], width: int, window_size: int, depth: int) -> Model[Any, Any]:
    model: Model[Any, Any] = clone(
        residual(chain(expand_window(window_size=window_size), block)), depth
    )
    model.set_dim("nO", width)
    return model


def _check(**sizes: int) -> None:
    problems = [
        ConfigProblem(name, f"{size} can't be", f"give a number from {least}")
        for name, size in sizes.items()
        if size < (least := 0 if name == "window_size" else 1)
    ]
    if problems:
        raise ConfigError(problems, source="window encoder")


def windowed(layers: Model[Any, Any]) -> Model[list[Floats2d], list[Floats2d]]:
    """Run the layers of an encoder of version 1 over lists of documents' arrays."""
    model: Model[Any, Any] = with_array(layers)
    model.replace_callbacks(forward, init=skip_empty(model.init))
    return model


def forward(model: Model[Any, Any], Xs: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    """Forward of the window encoders: ``(n, width)`` arrays to arrays of the same shapes."""
    flat, lengths, wrap = unwrap(Xs, model.ops)
    convolutions = _convolutions(model.layers[0])
    window: int = convolutions[0].layers[0].attrs["window_size"]
    blocks = [DenseBlock(layer.layers[1]) for layer in convolutions]
    if not len(flat):
        empty = flat.reshape((0, blocks[0].width))
        return wrap(empty), lambda dYs: wrap(empty)
    pad: int = model.attrs["pad"]
    rows = None
    if pad:
        flat, rows = _with_padding(flat, lengths, pad, model.ops.xp)
        lengths = np.array([len(flat)])
    edges = _edges(lengths, window, model.ops.xp)
    if not is_train:
        Y = _predict(blocks, flat, edges)
        return wrap(Y if rows is None else Y[rows]), _no_backprop
    Y, backprop_blocks = _begin(blocks, flat, edges)

    def backprop(dYs: Any) -> Any:
        dY = unwrap(dYs, model.ops)[0]
        if rows is None:
            return wrap(backprop_blocks(dY))
        d_padded = model.ops.xp.zeros_like(flat)
        d_padded[rows] = dY
        return wrap(backprop_blocks(d_padded)[rows])

    return wrap(Y if rows is None else Y[rows]), backprop


def _convolutions(layers: Model[Any, Any]) -> list[Model[Any, Any]]:
    """The ``chain(expand_window, block)`` nodes. One alone isn't in a chain of clones."""
    if len(layers.layers[0].layers) == 1:
        return [layer.layers[0] for layer in layers.layers]
    return [layers.layers[0]]


def _no_backprop(dYs: Any) -> Any:  # noqa: ARG001
    raise RuntimeError("the window encoder ran in predict mode: use begin_update to train it")


def _predict(blocks: Sequence[DenseBlock], X: Array, edges: Edges) -> Array:
    """All layers, over chunks of rows with as many more on both sides as a row can see."""
    if len(X) <= 2 * _CHUNK:
        return _predict_chunk(blocks, X, edges)
    reach = len(blocks) * len(edges)
    Y = blocks[0].ops.xp.empty_like(X)
    for start in range(0, len(X), _CHUNK):
        end = min(start + _CHUNK, len(X))
        low, high = max(0, start - reach), min(len(X), end + reach)
        within = _edges_within(edges, low, high, blocks[0].ops.xp)
        part = _predict_chunk(blocks, X[low:high], within)
        Y[start:end] = part[start - low : end - low]
    return Y


def _predict_chunk(blocks: Sequence[DenseBlock], X: Array, edges: Edges) -> Array:
    xp = blocks[0].ops.xp
    columns = xp.empty((len(X), X.shape[1] * (2 * len(edges) + 1)), dtype=X.dtype)
    for block in blocks:
        _gather(X, edges, columns)
        Y = block.predict(columns)
        Y += X
        X = Y
    return X


def _begin(
    blocks: Sequence[DenseBlock], X: Array, edges: Edges
) -> tuple[Array, Callable[[Array], Array]]:
    xp = blocks[0].ops.xp
    tape: list[tuple[Callable[[Array], Array], Array | None]] = []
    for block in blocks:
        columns = xp.empty((len(X), X.shape[1] * (2 * len(edges) + 1)), dtype=X.dtype)
        _gather(X, edges, columns)
        Y, backprop_block = block.begin(columns)
        mask = block.dropout(Y.shape)
        if mask is not None:
            Y *= mask
        Y += X
        X = Y
        tape.append((backprop_block, mask))

    def backprop(dY: Array) -> Array:
        for backprop_block, mask in reversed(tape):
            d_columns = backprop_block(dY if mask is None else dY * mask)
            dY = dY + _scatter(d_columns, edges)
        return dY

    return X, backprop


def _gather(X: Array, edges: Edges, columns: Array) -> None:
    """Write beside each row its neighbours, those on the left first, zero beyond the edges."""
    width, window = X.shape[1], len(edges)
    columns[:, window * width : (window + 1) * width] = X
    for distance, (lefts, rights) in enumerate(edges, start=1):
        left = columns[:, (window - distance) * width : (window - distance + 1) * width]
        right = columns[:, (window + distance) * width : (window + distance + 1) * width]
        left[distance:] = X[:-distance]
        left[lefts] = 0.0
        right[:-distance] = X[distance:]
        right[rights] = 0.0


def _scatter(d_columns: Array, edges: Edges) -> Array:
    """The gradient of :func:`_gather`. ``d_columns`` is used up."""
    window = len(edges)
    width = d_columns.shape[1] // (2 * window + 1)
    dX = d_columns[:, window * width : (window + 1) * width]
    for distance, (lefts, rights) in enumerate(edges, start=1):
        left = d_columns[:, (window - distance) * width : (window - distance + 1) * width]
        right = d_columns[:, (window + distance) * width : (window + distance + 1) * width]
        left[lefts] = 0.0
        right[rights] = 0.0
        dX[:-distance] += left[distance:]
        dX[distance:] += right[:-distance]
    return dX


def _edges(lengths: NDArray[np.int64], window: int, xp: Any) -> Edges:
    lengths = lengths[lengths > 0]
    ends = np.cumsum(lengths, dtype=np.int64)
    starts = ends - lengths
    lefts, rights, found = [], [], []
    for offset in range(window):
        longer = slice(None) if offset == 0 else lengths > offset
        lefts.append(starts[longer] + offset)
        rights.append(ends[longer] - (offset + 1))
        found.append((xp.asarray(_join(lefts)), xp.asarray(_join(rights))))
    return found


def _join(rows: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return rows[0] if len(rows) == 1 else np.concatenate(rows)


def _edges_within(edges: Edges, low: int, high: int, xp: Any) -> Edges:
    """The edges among the rows from ``low`` to ``high``, which end there as a document does."""
    size = high - low
    within = []
    for distance, (lefts, rights) in enumerate(edges, start=1):
        border = xp.arange(min(distance, size))
        lefts = lefts[(lefts >= low) & (lefts < high)] - low
        rights = rights[(rights >= low) & (rights < high)] - low
        pair = xp.concatenate([border, lefts]), xp.concatenate([size - 1 - border, rights])
        within.append(pair)
    return within


def _with_padding(
    flat: Array, lengths: NDArray[np.int64], pad: int, xp: Any
) -> tuple[Array, Array]:
    """``pad`` zero rows before, between and after the documents (not the empty ones), as thinc
    lays them out, and the places of the rows proper."""
    lengths = lengths[lengths > 0]
    shift = np.repeat(np.arange(1, len(lengths) + 1) * pad, lengths)
    rows = xp.asarray(np.arange(len(flat)) + shift)
    padded = xp.zeros((len(flat) + (len(lengths) + 1) * pad, flat.shape[1]), dtype=flat.dtype)
    padded[rows] = flat
    return padded, rows
