"""The layers: the table, what listens to it, and both in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from zlib import crc32

import numpy as np
from thinc.api import Model
from thinc.types import Floats2d

from spanloom.layers import Link, grad_factor_of, listened_feature, make_listener
from spanloom.tokens import Doc
from spanloom.tokens.batch import FloatsList, flatten

Backprop = Callable[..., Any]

__all__ = ["LISTENS_TO", "OwnTable", "Rows", "Table", "TableListener"]

#: The kind of values that the encoder hands out, under a name of our own.
LISTENS_TO = "loom-table rows"


class Rows:
    """What the encoder hands out: each different word once, and which word each token is.

    `flat` has the shape of the gradient that comes back: one row for each different word.
    """

    def __init__(self, flat: Any, which: Any, lengths: Any) -> None:
        self.flat, self.which, self.lengths = flat, which, lengths


def Table(width: int = 32, rows: int = 2000) -> Model[list[Doc], Rows]:
    """A vector for each word, found by its hash."""
    return Model(
        "word-table", _look_up, init=_init, dims={"nO": width, "nV": rows}, params={"E": None}
    )


def _init(model: Model[Any, Any], X: object = None, Y: object = None) -> None:
    shape = model.get_dim("nV"), model.get_dim("nO")
    values: Any = np.random.uniform(-0.3, 0.3, shape)
    model.set_param("E", model.ops.asarray2f(values))


def _look_up(model: Model[Any, Any], docs: list[Doc], is_train: bool) -> tuple[Rows, Backprop]:
    hashes = [crc32(word.encode()) % model.get_dim("nV") for doc in docs for word in doc.words]
    rows, which = np.unique(np.asarray(hashes, dtype=np.int64), return_inverse=True)
    E: Any = model.get_param("E")

    def backprop(gradient: Any) -> list[Doc]:
        dE: Any = model.ops.alloc2f(*E.shape)
        dE[rows] = gradient  # each row is there once
        model.inc_grad("E", dE)
        return []

    return Rows(E[rows], which, np.asarray([len(doc) for doc in docs])), backprop


def _tokens(rows: Rows) -> FloatsList:
    """A vector for each token, which is what heads take."""
    return FloatsList(rows.flat[rows.which], rows.lengths)


def _gradient_of_rows(rows: Rows, gradient: Any) -> Any:
    """Add up the gradients of the tokens that are the same word."""
    total = np.zeros_like(rows.flat)
    np.add.at(total, rows.which, gradient)
    return total


def TableListener(
    width: int | None = None, upstream: str = "*", grad_factor: float | Iterable[float] = 1.0
) -> Model[list[Doc], list[Floats2d]]:
    """The vectors of a shared `word_table`; gradients go back to it, times `grad_factor`."""
    return make_listener("table-listener", _listen, Link(upstream, grad_factor, LISTENS_TO), width)


def _listen(model: Model[Any, Any], docs: list[Doc], is_train: bool) -> tuple[FloatsList, Backprop]:
    feature = listened_feature(model, docs)

    def backprop(dY: Any) -> list[Doc]:
        if feature.wants_gradient:  # the encoder may be frozen
            gradient = _gradient_of_rows(feature.values, flatten(dY))
            feature.add(gradient, grad_factor_of(model))
        return []

    return _tokens(feature.values), backprop


def OwnTable(width: int = 32, rows: int = 2000) -> Model[list[Doc], list[Floats2d]]:
    """Table and listener in one: what a component has that shares its encoder with nobody."""
    return Model(
        "own-table",
        _forward,
        init=lambda model, X=None, Y=None: model.layers[0].initialize(),
        layers=[Table(width, rows)],
        dims={"nO": width},
    )


def _forward(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[FloatsList, Backprop]:
    rows, backprop = model.layers[0](docs, is_train)
    return _tokens(rows), lambda dY: backprop(_gradient_of_rows(rows, flatten(dY)))
