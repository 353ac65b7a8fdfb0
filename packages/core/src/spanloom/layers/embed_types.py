"""Embedding layers computed once for each word type: what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from thinc.api import Maxout, Model, chain, ragged2list, with_array

from ..tokens.batch import Batch, FloatsList
from .dense import DenseBlock, add_gradient, dropout_mask
from .extract import WordTypes
from .flat import skip_empty, unwrap

__all__ = ["HashTables", "Source", "StaticSource", "embed_types", "embedding"]

Array = Any
Backprop = Callable[[Array], Any]
Source = Callable[[WordTypes, bool], "tuple[Array, Backprop]"]
"""Vectors of word types, shape ``(types, width)``, and what takes their gradient."""


def embedding(
    inputs: Sequence[Model[Any, Any]], size: int, width: int, forward: Callable[..., Any]
) -> Model[Any, Any]:
    """The layers ``inputs``, whose output has ``size`` columns, and a maxout layer of ``width``
    that mixes these. ``forward`` runs the model."""
    mix: Model[Any, Any] = with_array(Maxout(width, size, nP=3, normalize=True, dropout=0.0))
    model: Model[Any, Any] = chain(*inputs, mix, ragged2list())
    model.set_dim("nO", width)
    model.replace_callbacks(forward, init=skip_empty(model.init))
    return model


def embed_types(
    docs: Sequence[Any],
    names: Sequence[str],
    sources: Sequence[Source],
    block: DenseBlock,
    is_train: bool,
) -> tuple[FloatsList, Backprop]:
    """Mix the vectors of ``sources`` by ``block``, one row for each token of ``docs``.

    Everything here depends on the features ``names`` alone, so it is computed for distinct types
    where they allow it. Dropout is drawn for each token.
    """
    batch = Batch.of(docs)
    size = int(batch.lengths.sum())
    if not size:
        empty = block.ops.alloc2f(0, block.width)
        return FloatsList(empty, batch.lengths), _no_docs
    types = WordTypes(batch, names)
    vectors, backprops = zip(*[source(types, is_train) for source in sources])
    X = vectors[0] if len(vectors) == 1 else block.ops.xp.concatenate(vectors, axis=1)
    inverse = None if types.inverse is None else block.ops.xp.asarray(types.inverse)
    if not is_train:
        Y = block.predict(X)
        return FloatsList(
            Y if inverse is None else Y.take(inverse, axis=0), batch.lengths
        ), _no_docs
    Y, backprop_block = block.begin(X)
    count = len(Y)
    if inverse is not None:
        Y = Y.take(inverse, axis=0)
    mask = block.dropout(Y.shape)
    if mask is not None:
        Y *= mask

    def backprop(dYs: Any) -> list[Any]:
        dY = unwrap(dYs, block.ops)[0]
        if mask is not None:
            dY = dY * mask
        if inverse is not None:
            dY = _sum_by(block.ops, dY, inverse, count)
        dX = backprop_block(dY)
        start = 0
        for part, backprop_source in zip(vectors, backprops):
            end = start + part.shape[1]
            backprop_source(block.ops.xp.ascontiguousarray(dX[:, start:end]))
            start = end
        return []

    return FloatsList(Y, batch.lengths), backprop


def _no_docs(_: Any) -> list[Any]:
    return []


def _sum_by(ops: Any, rows: Array, index: Array, count: int) -> Array:
    """The sum of ``rows`` that have the same index, shape ``(count, width)``."""
    xp = ops.xp
    total = xp.zeros((count, rows.shape[1]), dtype=rows.dtype)
    ops.scatter_add(total, index.astype(np.int32), xp.ascontiguousarray(rows))
    return total


class HashTables:
    """The vectors of some features in hash tables, side by side: a :data:`Source`.

    ``nodes`` are thinc's ``HashEmbed`` nodes, one for each feature in ``names``. Each id is hashed
    to four rows, whose sum is its vector (Svenstrup et al. 2017, https://arxiv.org/abs/1709.03933).
    """

    __slots__ = ("names", "nodes")

    def __init__(self, nodes: Sequence[Model[Any, Any]], names: Sequence[str]) -> None:
        self.nodes = nodes
        self.names = names

    def __call__(self, types: WordTypes, is_train: bool) -> tuple[Array, Backprop]:
        """See :data:`Source`."""
        ops: Any = self.nodes[0].ops
        found = [_hash_rows(node, ids) for node, ids in zip(self.nodes, types.features(self.names))]
        parts = [ops.gather_add(node.get_param("E"), rows) for node, rows in zip(self.nodes, found)]
        masks: list[Array | None] = [None] * len(parts)
        if is_train:
            for i, (node, part) in enumerate(zip(self.nodes, parts)):
                masks[i] = dropout_mask(ops, part.shape[1:], node.attrs.get("dropout_rate"))
                if masks[i] is not None:
                    part *= masks[i]
        vectors = parts[0] if len(parts) == 1 else ops.xp.concatenate(parts, axis=1)

        def backprop(d_vectors: Array) -> None:
            start = 0
            for node, rows, part, mask in zip(self.nodes, found, parts, masks):
                end = start + part.shape[1]
                d_part = d_vectors[:, start:end]
                _add_to_rows(node, rows, d_part if mask is None else d_part * mask)
                start = end

        return vectors, backprop


def _hash_rows(node: Model[Any, Any], ids: Array) -> Array:
    """The four rows of each id, uint32 of shape ``(n, 4)``."""
    ids = node.ops.asarray(ids)
    return node.ops.hash(ids, node.attrs["seed"]) % len(node.get_param("E"))


def _add_to_rows(node: Model[Any, Any], rows: Array, values: Array) -> None:
    """Add ``values`` to the gradient of each of their rows, in place where there is one."""
    ops = node.ops
    values = ops.xp.ascontiguousarray(values)
    owned = node.has_grad("E") and node._params.proxy is None
    gradient = node.get_grad("E") if owned else ops.xp.zeros_like(node.get_param("E"))
    for column in ops.xp.ascontiguousarray(rows.T, dtype=np.int32):
        ops.scatter_add(gradient, column, values)
    if not owned:
        add_gradient(node, "E", gradient)


class StaticSource:
    """The output of a layer of static vectors: a :data:`Source`.

    The layer takes ``list[Doc]`` and returns a ``Ragged`` or a list of arrays.
    """

    __slots__ = ("layer",)

    @staticmethod
    def names(docs: Sequence[Any]) -> Sequence[str]:
        """The features by which the table of ``docs`` looks words up, where it says so: with an
        annotation among them, such as the lemma, a vector isn't that of the word type."""
        return getattr(docs[0].vocab.vectors, "attrs", ()) if docs else ()

    def __init__(self, layer: Model[Any, Any]) -> None:
        self.layer = layer

    def __call__(self, types: WordTypes, is_train: bool) -> tuple[Array, Backprop]:
        """See :data:`Source`."""
        Y, backprop = self.layer(types.docs(), is_train)
        flat, _, wrap = unwrap(Y, self.layer.ops)
        return flat, lambda d_flat: backprop(wrap(d_flat))
