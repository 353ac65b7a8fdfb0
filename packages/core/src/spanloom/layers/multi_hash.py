"""Multi-hash embedding: vectors of a word from hash tables of its features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from thinc.api import HashEmbed, Model, chain, concatenate, list2ragged, with_array
from thinc.types import Floats2d

from ..errors import ConfigError, ConfigProblem
from ..tokens import Doc
from .dense import DenseBlock
from .embed_types import HashTables, Source, StaticSource, embed_types, embedding
from .extract import FeatureExtractor, feature_names

__all__ = ["MultiHashEmbed", "static_vectors"]

_ATTRS = ("NORM", "PREFIX", "SUFFIX", "SHAPE")
_ROWS = (5000, 1000, 2500, 2500)
_FIRST_SEED = 8


def MultiHashEmbed(
    width: int = 96,
    attrs: Sequence[str | int] = _ATTRS,
    rows: Sequence[int] = _ROWS,
    include_static_vectors: bool = False,
) -> Model[list[Doc], list[Floats2d]]:
    """Embed some features of each token by hash tables, and mix them with a maxout layer.

    ``attrs`` are names of features (see :func:`FeatureExtractor`), ``rows`` the size of the table
    of each; ``width`` is that of the tables and of the output. With ``include_static_vectors`` the
    vectors of ``doc.vocab`` are a further input, projected to ``width``; that layer comes from the
    architecture ``spanloom.StaticVectors.v2``, which the package ``spanloom-vectors`` provides.

    Vectors are computed once for each word type in a batch, unless a feature is annotation. Raises
    :class:`ConfigError` if ``attrs`` and ``rows`` don't fit together or a feature doesn't exist,
    and :class:`UnknownNameError` if static vectors are wanted and nothing provides the layer.
    """
    _check(width, attrs, rows)
    tables: list[Model[Any, Any]] = [
        HashEmbed(width, size, column=i, seed=_FIRST_SEED + i, dropout=0.0)
        for i, size in enumerate(rows)
    ]
    inputs = len(tables) + bool(include_static_vectors)
    stacked: Model[Any, Any] = with_array(concatenate(*tables))
    extract: Model[Any, Any] = FeatureExtractor(attrs)
    hashed = [extract, list2ragged(), stacked]
    if include_static_vectors:
        hashed = [concatenate(chain(*hashed), static_vectors(width))]
    return embedding(hashed, width * inputs, width, forward)


def _check(width: int, attrs: Sequence[str | int], rows: Sequence[int]) -> None:
    problems = []
    if width < 1:
        problems.append(ConfigProblem("width", f"{width} can't be", "give a number above 0"))
    if not attrs:
        problems.append(ConfigProblem("attrs", "no feature is given", "name at least one"))
    if len(attrs) != len(rows):
        problems.append(
            ConfigProblem(
                "rows",
                f"{len(rows)} sizes of tables for {len(attrs)} features",
                f"give one number for each of {', '.join(map(str, attrs))}",
            )
        )
    problems.extend(
        ConfigProblem("rows", f"a table of {size} rows can't be", "give a number above 0")
        for size in rows
        if size < 1
    )
    if problems:
        raise ConfigError(problems, source="MultiHashEmbed")


def static_vectors(width: int) -> Model[Any, Any]:
    """The layer of static vectors, from whoever provides it."""
    from ..plugins.registries import registry

    model: Model[Any, Any] = registry.architectures.get("spanloom.StaticVectors.v2")(
        width, dropout=0.0
    )
    return model


def forward(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[Any], Any]]:
    """Forward of :func:`MultiHashEmbed`."""
    embed: Sequence[Model[Any, Any]] = model.layers
    static = None
    mix = model.layers[-2].layers[0]
    if len(model.layers) == 3:
        extractor_to_tables, static = model.layers[0].layers
        embed = extractor_to_tables.layers
    names = feature_names(embed[0].attrs["columns"])
    tables = embed[2].layers[0]
    nodes = [tables.layers[1]] if len(names) == 1 else [node.layers[1] for node in tables.layers]
    sources: list[Source] = [HashTables(nodes, names)]
    if static is not None:
        sources.append(StaticSource(static))
        names = [*names, *StaticSource.names(docs)]
    return embed_types(docs, names, sources, DenseBlock(mix), is_train)
