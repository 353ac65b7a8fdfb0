"""gensim's ``KeyedVectors`` and ``FastTextKeyedVectors``, as objects.

gensim saves them by pickle, which runs whatever the file says; such a file isn't read here. Load it
with gensim and hand over the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from spanloom.errors import DataError

from ..build import Chunk, Source
from ..subwords import Subwords

__all__ = ["from_gensim", "to_gensim"]

_BLOCK = 4096


def from_gensim(keyed: Any) -> Source:
    """The words and vectors of gensim's ``KeyedVectors`` (of a model, its ``wv``), with the n-gram
    buckets where they are fastText's. Raises :class:`~spanloom.errors.DataError` for else."""
    keyed = getattr(keyed, "wv", keyed)
    words, rows = getattr(keyed, "index_to_key", None), getattr(keyed, "vectors", None)
    if words is None or rows is None:
        raise DataError(
            f"{type(keyed).__name__} has no index_to_key and vectors: pass KeyedVectors"
        )
    if not all(isinstance(word, str) for word in words):
        raise DataError("keys of KeyedVectors must be words: these are not all strings")
    subwords = buckets = None
    if getattr(keyed, "vectors_ngrams", None) is not None and keyed.max_n > 0:
        buckets = np.asarray(keyed.vectors_ngrams)
        subwords = Subwords("fasttext", len(buckets), keyed.min_n, keyed.max_n)
    return Source(
        int(rows.shape[1]), _chunks(keyed), total=len(words), subwords=subwords, buckets=buckets
    )


def _chunks(keyed: Any) -> Iterator[Chunk]:
    counts = getattr(keyed, "expandos", {}).get("count")
    for start in range(0, len(keyed.index_to_key), _BLOCK):
        end = start + _BLOCK
        seen = None if counts is None else [int(count) for count in counts[start:end]]
        yield Chunk(keyed.index_to_key[start:end], keyed.vectors[start:end], None, seen)


def to_gensim(source: Source) -> Any:
    """A ``KeyedVectors`` of the words and their vectors. Needs gensim. Raises
    :class:`~spanloom.errors.DataError` for a floret table."""
    source.check_words()
    from gensim.models import KeyedVectors

    words, rows = source.arrays()
    keyed = KeyedVectors(source.width, dtype=np.float32)
    keyed.add_vectors(words, rows)
    return keyed
