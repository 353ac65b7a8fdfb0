"""Models of spans: labels of spans that are suggested, and where spans begin and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from thinc.api import (
    Linear,
    Logistic,
    Maxout,
    Model,
    chain,
    concatenate,
    glorot_uniform_init,
    list2ragged,
    reduce_first,
    reduce_last,
    reduce_max,
    reduce_mean,
    with_getitem,
)
from thinc.types import Floats2d, Ragged

from spanloom.layers.flat import flat_array, unwrap
from spanloom.layers.types import TextModel, TokenModel
from spanloom.tokens import Doc

__all__ = [
    "LinearLogistic",
    "SpanCategorizer",
    "SpanFinder",
    "SpansModel",
    "extract_spans",
    "mean_max_reducer",
]

SpansModel: TypeAlias = Model[tuple[list[Doc], Ragged], Floats2d]
"""Documents and the spans suggested for them (:class:`~spanloom_tasks.Suggester`) to a row of
numbers for each span."""


# The trees of these models are spaCy's, so that weights can be carried over.


def SpanCategorizer(
    tok2vec: TokenModel, reducer: Model[Ragged, Floats2d], scorer: Model[Floats2d, Floats2d]
) -> SpansModel:
    """Scores of labels for spans: the vectors of a span's tokens are made one by ``reducer``, and
    ``scorer`` is the output layer."""
    vectors: Model[Any, Any] = with_getitem(0, chain(tok2vec, list2ragged()))
    model: Model[Any, Any] = chain(vectors, extract_spans(), reducer, scorer)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("reducer", reducer)
    model.set_ref("scorer", scorer)
    return model


def SpanFinder(tok2vec: TokenModel, scorer: Model[Floats2d, Floats2d]) -> TextModel:
    """Two scores for each token, flat for all documents: whether a span begins with it, and whether
    one ends with it."""
    output: Model[Any, Any] = flat_array(scorer)
    flat: Model[Any, Any] = Model("flattener", _flatten)
    model: Model[Any, Any] = chain(tok2vec, output, flat)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("scorer", scorer)
    return model


def _flatten(model: Model[Any, Any], X: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    flat, _, wrap = unwrap(X, model.ops)
    return flat, wrap


def LinearLogistic(nO: int | None = None, nI: int | None = None) -> Model[Floats2d, Floats2d]:
    """An output layer for labels that don't exclude each other: each score lies between 0 and 1."""
    return chain(Linear(nO=nO, nI=nI, init_W=glorot_uniform_init), Logistic())


def mean_max_reducer(hidden_size: int) -> Model[Ragged, Floats2d]:
    """One vector of the vectors of a span: last, first, mean and maximum, through a hidden
    layer."""
    parts: list[Model[Any, Any]] = [reduce_last(), reduce_first(), reduce_mean(), reduce_max()]
    return chain(concatenate(*parts), Maxout(nO=hidden_size, normalize=True, dropout=0.0))


def extract_spans() -> Model[tuple[Ragged, Ragged], Ragged]:
    """The vectors of the tokens of spans, from those of documents and the bounds of the spans."""
    return Model("extract_spans", _extract)


def _extract(
    model: Model[Any, Any], source_spans: tuple[Ragged, Ragged], is_train: bool
) -> tuple[Ragged, Callable[[Ragged], tuple[Ragged, Ragged]]]:
    ops: Any = model.ops
    X, spans = source_spans
    bounds = ops.to_numpy(spans.dataXd).reshape(-1, 2)
    at, sizes = _tokens_of(bounds, ops.to_numpy(spans.lengths), ops.to_numpy(X.lengths))
    at = ops.asarray1i(at)
    Y = Ragged(X.dataXd[at], ops.asarray1i(sizes))

    def backprop(dY: Ragged) -> tuple[Ragged, Ragged]:
        dX = Ragged(ops.alloc2f(*X.dataXd.shape), X.lengths)
        ops.scatter_add(dX.dataXd, at, dY.dataXd)
        return dX, spans

    return Y, backprop


def _tokens_of(
    bounds: NDArray[Any], spans: NDArray[Any], tokens: NDArray[Any]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The tokens of all spans, counted over all documents, and the length of each span."""
    first = np.repeat(np.cumsum(tokens) - tokens, spans) + bounds[:, 0]
    sizes = bounds[:, 1] - bounds[:, 0]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return (np.repeat(first, sizes) + within).astype(np.int32), sizes.astype(np.int32)
