"""Counts of n-grams: the input of linear models of texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from thinc.api import Model

from spanloom.layers.extract import feature_names, token_features
from spanloom.tokens import Doc
from spanloom.tokens.batch import Batch

__all__ = ["Grams", "extract_ngrams"]

Grams = tuple[NDArray[np.uint64], NDArray[np.float32], NDArray[np.int32]]
"""Ids of the distinct n-grams of each document, how often each occurs, and how many ids belong to
each document: shapes ``(n,)``, ``(n,)`` and ``(documents,)``."""


def extract_ngrams(ngram_size: int = 1, attr: str | int = "ORTH") -> Model[list[Doc], Grams]:
    """The n-grams of ``attr`` in each document, of 1 up to ``ngram_size`` tokens, with counts."""
    feature_names([attr])
    return Model("extract_ngrams", forward, attrs={"ngram_size": ngram_size, "attr": attr})


def forward(
    model: Model[list[Doc], Grams], docs: Sequence[Doc], is_train: bool
) -> tuple[Grams, Callable[[Any], list[Doc]]]:
    """Forward of :func:`extract_ngrams`."""
    batch = Batch.of(docs)
    ids = token_features(batch, feature_names([model.attrs["attr"]]))[0]
    owner = np.repeat(np.arange(len(batch)), batch.lengths)
    keys, owners = [ids], [owner]
    for size in range(2, model.attrs["ngram_size"] + 1):
        if len(ids) >= size:
            within = owner[: len(ids) - size + 1] == owner[size - 1 :]
            grams: Any = model.ops.ngrams(size, cast(Any, ids))
            keys.append(grams[within])
            owners.append(owner[: len(within)][within])
    return _counted(np.concatenate(keys), np.concatenate(owners), len(batch)), lambda _: []


def _counted(keys: NDArray[np.uint64], owners: NDArray[np.int64], documents: int) -> Grams:
    """Distinct keys of each document with their counts."""
    order = np.lexsort((keys, owners))
    keys, owners = keys[order], owners[order]
    fresh = np.ones(len(keys), dtype=np.bool_)
    fresh[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
    first = np.flatnonzero(fresh)
    counts = np.diff(np.append(first, len(keys))).astype(np.float32)
    lengths = np.bincount(owners[first], minlength=documents).astype(np.int32)
    return keys[first], counts, lengths
