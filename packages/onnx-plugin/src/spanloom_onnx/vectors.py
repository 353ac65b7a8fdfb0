"""Vectors of documents, spans and tokens from what the transformer left on a document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError
from spanloom.tokens import Doc, Span, Token

from .align import PieceAlignment
from .data import TransformerData

__all__ = ["Pool", "embedding", "set_hooks", "token_vectors"]

Floats = NDArray[np.float32]
Pool = Literal["mean", "max", "first", "last", "cls"] | Callable[[Floats], Floats]

_POOLS: dict[str, Callable[[Floats], Floats]] = {
    "mean": lambda rows: rows.mean(axis=0),
    "max": lambda rows: rows.max(axis=0),
    "first": lambda rows: rows[0],
    "last": lambda rows: rows[-1],
}


def embedding(
    what: Doc | Span | Token | Sequence[Doc | Span | Token], *, layer: int = -1, pool: Pool = "mean"
) -> Floats:
    """The vector of a document, span or token, shape ``(width,)``; of a list of them, ``(n,
    width)``.

    It is pooled from the rows of all word pieces that belong to its tokens; a piece that is in
    several overlapping spans counts by its mean over them. ``pool`` is ``"mean"``, ``"max"``,
    ``"first"``, ``"last"`` (pieces), ``"cls"`` (the mean of the first special piece of the
    document's spans), or a function that takes the rows, ``(k, width)``. What has no pieces has a
    zero vector. ``layer`` counts the kept layers (``keep = "all"`` keeps more than the last).

    Raises :class:`DataError` if no transformer ran on the document, or the layer wasn't kept.
    """
    if isinstance(what, (Doc, Span, Token)):
        return _one(what, layer, pool)
    vectors = [_one(each, layer, pool) for each in what]
    return np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)


def _one(what: Doc | Span | Token, layer: int, pool: Pool) -> Floats:
    doc = what.doc
    data = _data(doc)
    tensor = _layer(doc, data, layer)
    if pool == "cls":
        return _cls(doc, data, tensor)
    first, last = _tokens(what)
    if data.pooled:
        rows = tensor[first:last]
    else:
        rows = _merged(data, data.align.part(first, last, 0), tensor)
    function = pool if callable(pool) else _POOLS.get(pool)
    if function is None:
        known = ", ".join([*_POOLS, "cls"])
        raise DataError(f"There is no pooling '{pool}': use one of {known}, or a function")
    if not len(rows):
        return np.zeros(tensor.shape[-1], dtype=np.float32)
    return np.asarray(function(rows), dtype=np.float32)


def token_vectors(doc: Doc, *, layer: int = -1) -> Floats:
    """The mean of the pieces of each token, shape ``(n tokens, width)``."""
    data = _data(doc)
    tensor = _layer(doc, data, layer)
    if data.pooled:
        return np.asarray(tensor)
    alignment = data.align
    tokens = np.repeat(np.arange(len(alignment)), alignment.lengths)
    total = np.zeros((len(alignment), tensor.shape[-1]), dtype=np.float32)
    np.add.at(total, tokens, tensor[alignment.rows])
    total /= np.maximum(alignment.lengths, 1)[:, None]
    return total


def _data(doc: Doc) -> TransformerData:
    data = doc._.trf_data if doc._.has("trf_data") else None
    if data is None:
        raise DataError(
            f"no transformer has left its output on the document {doc.text[:40]!r}: run it through "
            f"a pipeline with a 'transformer' that keeps it (keep isn't \"none\"). Output doesn't "
            f"follow into span.as_doc() without copy_user_data=True, into documents joined with "
            f'ones that have none, and, with keep = "pooled", tokens that are merged or split'
        )
    result: TransformerData = data
    if not result.fits(doc):
        raise DataError(
            f"what the transformer left on {doc.text[:40]!r} is of another text, or of other "
            f"tokens: run the document through the pipeline again"
        )
    return result


def _layer(doc: Doc, data: TransformerData, layer: int) -> Floats:  # noqa: ARG001
    if not data.tensors:
        return np.zeros((0, 0), dtype=np.float32)
    count = len(data.tensors)
    if not -count <= layer < count:
        raise DataError(
            f'layer {layer} of the transformer wasn\'t kept ({count} were): set keep = "all" for '
            f'the component, and transformer_config = {{"output_hidden_states": true}}'
        )
    tensor: Floats = data.tensors[layer]
    return tensor


def _tokens(what: Doc | Span | Token) -> tuple[int, int]:
    if isinstance(what, Doc):
        return 0, len(what)
    if isinstance(what, Span):
        return what.start, what.end
    return what.i, what.i + 1


def _merged(data: TransformerData, alignment: PieceAlignment, tensor: Floats) -> Floats:
    """A row for each distinct piece of the text, in the order of the text.

    One piece in several spans ends at one place; whether a space before it belongs to it differs.
    """
    rows = np.unique(alignment.rows)
    ends, ids = data.pieces.ends[rows], data.pieces.ids[rows]
    places = np.stack([ends, ids], axis=1)
    _, firsts, inverse = np.unique(places, axis=0, return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    order = np.lexsort((firsts, ends[firsts]))
    if len(firsts) == len(rows):
        return np.asarray(tensor[rows[firsts[order]]])
    total = np.zeros((len(firsts), tensor.shape[-1]), dtype=np.float32)
    np.add.at(total, inverse, tensor[rows])
    total /= np.bincount(inverse)[:, None]
    return np.asarray(total[order])


def _cls(doc: Doc, data: TransformerData, tensor: Floats) -> Floats:  # noqa: ARG001
    if data.pooled:
        raise DataError('special pieces aren\'t kept with keep = "pooled": use another pooling')
    lengths = data.pieces.lengths
    lengths = lengths[lengths > 0]
    if not len(lengths):
        return np.zeros(tensor.shape[-1] if tensor.size else 0, dtype=np.float32)
    return np.asarray(tensor[np.cumsum(lengths) - lengths].mean(axis=0))


def set_hooks(doc: Doc) -> None:
    """Let ``vector``, ``has_vector``, ``vector_norm`` and ``similarity`` of a document, its spans
    and tokens use :func:`embedding`."""
    for hooks in (doc.user_hooks, doc.user_span_hooks, doc.user_token_hooks):
        hooks["vector"] = embedding
        hooks["has_vector"] = _has_vector
        hooks["vector_norm"] = _norm
        hooks["similarity"] = _similarity


def _has_vector(what: Doc | Span | Token) -> bool:
    return bool(embedding(what).any())


def _norm(what: Doc | Span | Token) -> float:
    return float(np.linalg.norm(embedding(what)))


def _similarity(what: Any, other: Any) -> float:
    one, two = embedding(what), np.asarray(other.vector)
    norms = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / norms if norms else 0.0
