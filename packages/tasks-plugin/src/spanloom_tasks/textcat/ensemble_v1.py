"""``TextCatEnsemble`` as spaCy 3.0 had it, whose encoder is made of the model's own settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from thinc.api import (
    Dropout,
    HashEmbed,
    Linear,
    Logistic,
    Maxout,
    Model,
    ParametricAttention,
    Softmax,
    chain,
    clone,
    concatenate,
    expand_window,
    list2ragged,
    reduce_sum,
    residual,
    uniqued,
    with_array,
)
from thinc.types import Floats2d, Ints2d

from spanloom.errors import ConfigError, ConfigProblem
from spanloom.layers.extract import token_features
from spanloom.layers.types import TextModel
from spanloom.tokens import Doc
from spanloom.tokens.batch import Batch, FloatsList

from .model import TextCatBOW_v1, pool_texts

__all__ = ["TextCatEnsemble_v1"]

_FEATURES = ("ORTH", "LOWER", "PREFIX", "SUFFIX", "SHAPE")
#: spaCy's numbers of these, and of the id of a token, of which nothing is made.
_COLUMNS = (65, 66, 69, 70, 68, 64)
_FIRST_SEED = 10


def TextCatEnsemble_v1(
    width: int = 64,
    embed_size: int = 2000,
    pretrained_vectors: bool | None = None,
    exclusive_classes: bool = True,
    ngram_size: int = 1,
    window_size: int = 1,
    conv_depth: int = 2,
    dropout: float | None = None,
    nO: int | None = None,
) -> TextModel:
    """:func:`TextCatEnsemble` with an encoder by hash tables and convolutions of its own: for
    pipelines of spaCy 3.0. Static vectors (``pretrained_vectors``) aren't offered:
    :class:`ConfigError`."""
    if pretrained_vectors:
        problem = ConfigProblem(
            "pretrained_vectors", "isn't offered", "use 'spanloom.TextCatEnsemble.v2'"
        )
        raise ConfigError([problem], source="TextCatEnsemble")
    tok2vec = _tok2vec(width, embed_size, window_size, conv_depth, dropout)
    deep: Model[Any, Any] = chain(tok2vec, list2ragged())
    mix: Model[Any, Any] = residual(Maxout(nO=width, nI=width))
    for layer in (
        ParametricAttention(width),
        pool_texts(reduce_sum()),
        mix,
        Linear(nO=nO, nI=width),
        Dropout(0.0),
    ):
        deep = chain(deep, layer)
    linear = TextCatBOW_v1(exclusive_classes, ngram_size, nO=nO)
    both: Model[Any, Any] = concatenate(linear, deep)
    inputs = nO * 2 if nO else None
    output: Model[Any, Any]
    if exclusive_classes:
        output = Softmax(nO=nO, nI=inputs)
    else:
        output = chain(chain(Linear(nO=nO, nI=inputs), Dropout(0.0)), Logistic())
    model: Model[Any, Any] = chain(both, output)
    model.set_ref("tok2vec", tok2vec)
    model.attrs["multi_label"] = not exclusive_classes
    return model


def _tok2vec(
    width: int, rows: int, window: int, depth: int, dropout: float | None
) -> Model[list[Doc], list[Floats2d]]:
    tables: list[Model[Any, Any]] = [
        HashEmbed(size, rows, column=at, dropout=dropout, seed=_FIRST_SEED - 1 + at)
        for at, size in enumerate([width, *[width // 2] * 3], start=1)
    ]
    size = width + 3 * (width // 2)
    mix: Model[Any, Any] = Maxout(nO=width, nI=size, normalize=True)
    types: Model[Any, Any] = uniqued(chain(concatenate(*tables), mix), column=0)
    words: Model[Any, Any] = with_array(types)
    block: Model[Any, Any] = residual(
        chain(
            expand_window(window_size=window),
            Maxout(nO=width, nI=width * (2 * window + 1), normalize=True),
        )
    )
    encode: Model[Any, Any] = chain(Maxout(width, width, normalize=True), clone(block, depth))
    extract: Model[Any, Any] = Model("extract_features", _extract, attrs={"columns": _COLUMNS})
    return chain(chain(extract, words), with_array(encode, pad=depth))


def _extract(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable[[Any], list[Doc]]]:
    batch = Batch.of(docs)
    flat = np.stack(token_features(batch, _FEATURES), axis=1)
    ops: Any = model.ops
    return FloatsList(ops.asarray(flat), batch.lengths), lambda _: []
