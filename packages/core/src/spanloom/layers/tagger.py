"""The model of token classifiers: one score for each class, by a linear layer over vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model, Softmax_v2, chain, zero_init
from thinc.types import Floats2d

from ..tokens import Doc
from .dense import add_gradient
from .flat import flat_array, unwrap

__all__ = ["Tagger", "Tagger_v1", "best_classes"]

Array = Any


def Tagger(
    tok2vec: Model[list[Doc], list[Floats2d]], nO: int | None = None, normalize: bool = False
) -> Model[list[Doc], list[Floats2d]]:
    """Scores of ``nO`` classes for each token, by a linear layer over its vector.

    In training the outputs are probabilities (softmax), and gradients are taken to be those of the
    scores below the softmax, which is what cross-entropy gives. In predict mode they are
    probabilities only if ``normalize``: the best class is the same, and exponentials cost.
    ``nO`` is inferred from the sample at initialization if it is ``None``.
    """
    width = tok2vec.get_dim("nO") if tok2vec.has_dim("nO") else None
    output: Model[Any, Any] = Softmax_v2(nO, width, init_W=zero_init, normalize_outputs=normalize)
    output.replace_callbacks(forward, init=output.init)
    model: Model[Any, Any] = chain(tok2vec, flat_array(output))
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("softmax", output)
    model.set_ref("output_layer", output)
    return model


def Tagger_v1(
    tok2vec: Model[list[Doc], list[Floats2d]], nO: int | None = None
) -> Model[list[Doc], list[Floats2d]]:
    """As :func:`Tagger`, with probabilities in predict mode too."""
    return Tagger(tok2vec, nO, normalize=True)


def forward(
    model: Model[Any, Any], X: Array, is_train: bool
) -> tuple[Array, Callable[[Array], Array]]:
    """Forward of the output layer, over a flat array: thinc's ``Softmax`` by one matrix product
    for each result."""
    xp = model.ops.xp
    W = model.get_param("W")
    temperature: float = model.attrs["softmax_temperature"]
    Y = _scores(model, X)
    if is_train or model.attrs["softmax_normalize"]:
        if temperature != 1.0:
            Y /= temperature
        Y -= Y.max(axis=1, keepdims=True)
        xp.exp(Y, out=Y)
        Y /= Y.sum(axis=1, keepdims=True)

    def backprop(dY: Array) -> Array:
        dY = dY.astype(X.dtype, copy=False)
        if temperature != 1.0:
            dY = dY / temperature
        add_gradient(model, "b", dY.sum(axis=0))
        add_gradient(model, "W", xp.matmul(dY.T, X))
        return xp.matmul(dY, W)

    return Y, backprop


def _scores(output: Model[Any, Any], X: Array) -> Array:
    Y = output.ops.xp.matmul(X, output.get_param("W").T)
    Y += output.get_param("b")
    return Y


def best_classes(model: Model[Any, Any], docs: Sequence[Doc]) -> NDArray[np.int64]:
    """The best class of each token by a model of :func:`Tagger`, flat, shape ``(n tokens,)``.

    No probabilities are computed. For other models it takes the best of what they predict.
    """
    output = model.maybe_get_ref("output_layer")
    if output is not None and output._func is forward and len(model.layers) == 2:
        X = unwrap(model.layers[0].predict(docs), model.ops)[0]
        scores = _scores(output, X) if len(X) else X
    else:
        scores = unwrap(model.predict(docs), model.ops)[0]
    if not len(scores):
        return np.zeros(0, dtype=np.int64)
    ops: Any = model.ops
    classes: NDArray[np.int64] = ops.to_numpy(scores.argmax(axis=1))
    return classes
