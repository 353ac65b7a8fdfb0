"""Pieces for embedding layers of one's own, over lists of documents' arrays.

Thinc's ``remap_ids``, ``Embed`` and ``add`` take flat arrays, and :func:`FeatureExtractor` gives a
list of arrays. These do the same on lists::

    add(
        StaticVectors(nO=width),
        chain(FeatureExtractor(["ORTH"]), remap_ids(key2row), Embed(nO=width, nV=rows)),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from thinc.api import Embed as thinc_embed
from thinc.api import Model
from thinc.types import Floats2d, Ints2d

from ..errors import ConfigError, ConfigProblem
from ..tokens.batch import FloatsList
from .flat import unwrap

__all__ = ["Embed", "add", "remap_ids"]


def remap_ids(
    mapping: Mapping[int, int] | Mapping[str, int] | None = None, default: int = 0, column: int = 0
) -> Model[list[Ints2d], list[Ints2d]]:
    """Replace ids by the numbers that ``mapping`` gives them, ``default`` where it gives none.

    ``column`` of the input arrays is taken; outputs are int32 arrays of shape ``(n, 1)``. The
    mapping is the attribute ``mapping_table`` and saved with the model; each id is looked up once
    for all its occurrences in a batch. Raises :class:`ConfigError` for a key that isn't an id.
    """
    try:  # in a config, the keys of a table are strings
        table = {int(key): int(number) for key, number in (mapping or {}).items()}
    except (TypeError, ValueError) as error:
        problem = ConfigProblem("mapping", str(error), "map ids of strings to row numbers")
        raise ConfigError([problem], source="remap_ids") from error
    attrs = {"mapping_table": table, "default": default, "column": column}
    return Model("remap_ids", _remap, attrs=attrs)


def _remap(model: Model[Any, Any], X: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    ops: Any = model.ops
    flat, _, wrap = unwrap(X, ops)
    table, default = model.attrs["mapping_table"], model.attrs["default"]
    ids = ops.to_numpy(flat[:, model.attrs["column"]]) if len(flat) else np.zeros(0, "u8")
    distinct, inverse = np.unique(ids, return_inverse=True)
    numbers = np.array([table.get(key, default) for key in distinct.tolist()], dtype=np.int32)
    return wrap(ops.asarray(numbers[inverse].reshape((-1, 1)))), lambda dY: []


def Embed(
    nO: int | None = None, nV: int | None = None, *, column: int = 0, dropout: float | None = None
) -> Model[list[Ints2d], list[Floats2d]]:
    """A vector of width ``nO`` for each number below ``nV`` in ``column``, from a learned table."""
    table: Model[Any, Any] = thinc_embed(nO, nV, dropout=dropout)
    return Model(
        "embed_column",
        _embed,
        init=_init_embed,
        dims={"nO": nO, "nV": nV},
        layers=[table],
        attrs={"column": column},
    )


def _embed(model: Model[Any, Any], X: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    xp = model.ops.xp
    flat, _, wrap = unwrap(X, model.ops)
    rows = flat[:, model.attrs["column"]] if len(flat) else xp.zeros(0, dtype=np.int32)
    Y, backprop_table = model.layers[0](xp.ascontiguousarray(rows), is_train)

    def backprop(dY: Any) -> list[Any]:
        backprop_table(
            unwrap(dY, model.ops)[0].reshape(Y.shape).copy()
        )  # it may change what it gets
        return []

    return wrap(Y), backprop


def _init_embed(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    model.layers[0].initialize(Y=None if Y is None else unwrap(Y, model.ops)[0])
    model.set_dim("nO", model.layers[0].get_dim("nO"))


def add(*layers: Model[Any, Any]) -> Model[Any, list[Floats2d]]:
    """The sum of what the layers give for the same input: lists of arrays or ``Ragged``, as a list.

    Gradients go to each of them; the input gets none, so it is for layers over documents.
    """
    dims = {"nO": next((n.get_dim("nO") for n in layers if n.has_dim("nO")), None)}
    return Model("add", _add, init=_init_add, dims=dims, layers=layers)


def _add(model: Model[Any, Any], X: Any, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
    outputs, backprops = zip(*[layer(X, is_train) for layer in model.layers])
    parts = [unwrap(output, model.ops) for output in outputs]
    total = sum(flat for flat, _, _ in parts[1:]) + parts[0][0]
    lengths = parts[0][1]

    def backprop(dY: Any) -> list[Any]:
        flat = unwrap(dY, model.ops)[0].reshape(total.shape)
        for (_, _, wrap), backprop_layer in zip(parts, backprops):
            backprop_layer(wrap(flat.copy()))  # layers of others may change what they get
        return []

    return FloatsList(total, lengths), backprop


def _init_add(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    for layer in model.layers:
        layer.initialize(X=X, Y=Y)
        if model.has_dim("nO") is None and layer.has_dim("nO"):
            model.set_dim("nO", layer.get_dim("nO"))
