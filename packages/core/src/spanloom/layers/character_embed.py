"""Character embedding: vectors of a word from the bytes at its ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from thinc.api import HashEmbed, Model, chain, concatenate, list2ragged, with_array
from thinc.types import Floats2d

from ..errors import ConfigError, ConfigProblem
from ..tokens import Doc
from ..tokens.batch import Batch, FloatsList
from .dense import DenseBlock, add_gradient
from .embed_types import HashTables, Source, StaticSource, embed_types, embedding
from .extract import FeatureExtractor, WordTypes, feature_names
from .flat import unwrap
from .multi_hash import static_vectors

__all__ = ["CharacterEmbed", "byte_columns"]

_PAD = 255
_SEED = 5


def CharacterEmbed(
    width: int = 96,
    rows: int = 7000,
    nM: int = 64,
    nC: int = 8,
    include_static_vectors: bool = False,
    feature: str | int = "LOWER",
) -> Model[list[Doc], list[Floats2d]]:
    """Embed ``nC`` bytes of each word, and a feature by a hash table; mix them by a maxout layer.

    Half of the bytes (UTF-8) are taken from the start and half from the end of the word, each place
    with a table of its own of vectors of width ``nM``; so with 4, "jumping" gives "ju" and "ng".
    ``rows`` is the size of the table of ``feature``, ``width`` the width of that table and of the
    output. For ``include_static_vectors`` and errors see :func:`MultiHashEmbed`.
    """
    for name, value in {"width": width, "rows": rows, "nM": nM, "nC": nC}.items():
        if value < 1:
            problem = ConfigProblem(name, f"{value} can't be", "give a number above 0")
            raise ConfigError([problem], source="CharacterEmbed")
    table: Model[Any, Any] = HashEmbed(width, rows, column=0, seed=_SEED)
    inputs: list[Model[Any, Any]] = [
        chain(_bytes_layer(nM, nC), list2ragged()),
        chain(FeatureExtractor([feature]), list2ragged(), with_array(table)),
    ]
    size = nM * nC + width
    if include_static_vectors:
        inputs.append(static_vectors(width))
        size += width
    return embedding([concatenate(*inputs)], size, width, forward)


def forward(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[Any], Any]]:
    """Forward of :func:`CharacterEmbed`."""
    characters, extract_and_hash, *static = model.layers[0].layers
    extractor, _, tables = extract_and_hash.layers
    names = feature_names(extractor.attrs["columns"])
    sources: list[Source] = [
        _ByteTables(characters.layers[0]),
        HashTables([tables.layers[0].layers[1]], names),
        *map(StaticSource, static),
    ]
    if static:
        names = [*names, *StaticSource.names(docs)]
    return embed_types(docs, names, sources, DenseBlock(model.layers[1].layers[0]), is_train)


def byte_columns(texts: Sequence[str], count: int) -> NDArray[np.uint8]:
    """``count`` bytes of each text: first, last, second, last but one, and so on, each once.

    255, which is in no UTF-8 text, stands where a text has no more. Shape ``(len(texts), count)``.
    """
    encoded = [text.encode("utf8", "surrogatepass") for text in texts]
    sizes = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    flat = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    columns = np.full((len(texts), count), _PAD, dtype=np.uint8)
    for place in range(count):
        longer = sizes > place
        offset = place // 2
        at = ends[longer] - (offset + 1) if place % 2 else starts[longer] + offset
        columns[longer, place] = flat[at]
    return columns


def _bytes_layer(nM: int, nC: int) -> Model[list[Doc], list[Floats2d]]:
    return Model(
        "charembed",
        _bytes_forward,
        init=_bytes_init,
        dims={"nM": nM, "nC": nC, "nO": nM * nC, "nV": 256},
        params={"E": None},
    )


def _bytes_init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    shape = model.get_dim("nC"), model.get_dim("nV"), model.get_dim("nM")
    model.set_param("E", model.ops.alloc3f(*shape))


def _bytes_forward(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[Any], Any]]:
    batch = Batch.of(docs)
    vectors, backprop = _embed_bytes(model, [text for doc in batch for text in doc.words])

    def backprop_docs(d_vectors: Any) -> list[Doc]:
        backprop(unwrap(d_vectors, model.ops)[0])
        return []

    return FloatsList(vectors, batch.lengths), backprop_docs


class _ByteTables:
    """The vectors of bytes, as a source for word types."""

    __slots__ = ("node",)

    def __init__(self, node: Model[Any, Any]) -> None:
        self.node = node

    def __call__(self, types: WordTypes, is_train: bool) -> tuple[Any, Callable[[Any], Any]]:
        return _embed_bytes(self.node, types.texts())


def _embed_bytes(node: Model[Any, Any], texts: Sequence[str]) -> tuple[Any, Callable[[Any], None]]:
    ops: Any = node.ops
    E: Any = node.get_param("E")
    places, values, width = E.shape
    offsets = np.arange(places, dtype=np.int32) * values
    rows = ops.asarray(byte_columns(texts, places) + offsets)
    vectors = E.reshape((-1, width)).take(rows, axis=0).reshape((len(texts), places * width))

    def backprop(d_vectors: Any) -> None:
        dE = ops.xp.zeros((places * values, width), dtype=E.dtype)
        d_rows = ops.xp.ascontiguousarray(d_vectors).reshape((-1, width))
        ops.scatter_add(dE, rows.ravel(), d_rows)
        add_gradient(node, "E", dE.reshape(E.shape))

    return vectors, backprop
