"""Tables distilled from encoders: each word goes through the encoder alone, and is looked up from
then on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError
from spanloom.vocab.encoding import TextEncoder

from .build import Chunk, Source
from .table import Table
from .vocabulary import Vocabulary

__all__ = ["Distillation", "Frequency", "distill"]

Frequency = Literal["none", "sif", "zipf"]
"""How vectors are weighted by the frequency of their words."""

#: Words that are encoded at a time.
_BATCH = 1024
#: Rows that are worked on at a time.
_BLOCK = 4096
#: The constant of smooth inverse frequencies.
_SIF = 1e-3


@dataclass(frozen=True)
class Distillation:
    """What became of a distillation: how many words have a vector, the words in which the encoder
    saw nothing, its width and the table's, and the share of the variance that was kept."""

    words: int
    empty: Sequence[str]
    encoder_width: int
    width: int
    variance: float


def distill(
    encoder: TextEncoder,
    vocabulary: Vocabulary | Sequence[str],
    *,
    dims: int = 256,
    pca: bool = True,
    frequency: Frequency = "none",
    advance: Callable[[int], Any] = int,
    **settings: Any,
) -> tuple[Table, Distillation]:
    """A table in memory of what ``encoder`` gives for each word alone, and a report.

    This is how Model2Vec (Tulkens & van Dongen 2024, https://github.com/MinishLab/model2vec) makes
    static vectors of sentence encoders. With ``pca`` the vectors are centred and turned to their
    ``dims`` directions of largest variance (no more than there are words and dimensions). Then, by
    ``frequency``, each is multiplied by ``log(1 + rank)`` of its word (``"zipf"``, after
    Model2Vec) or by ``a / (a + p)`` with ``a = 0.001`` and the probability ``p`` of the word
    (``"sif"``; Arora, Liang & Ma 2017), so that frequent words count less in means over texts. It
    changes no cosine of two words.

    Where there are no counts, ``p`` follows Zipf's law. Both need a vocabulary in the order of
    frequency; a mere sequence of words is taken to be in it. ``advance`` is called with the number
    of words after each batch, ``settings`` are those of :func:`~spanloom_vectors.write_table`.
    Raises :class:`~spanloom.errors.DataError` for settings that can't be and for an encoder that
    sees nothing in any of the words.
    """
    if not isinstance(vocabulary, Vocabulary):
        vocabulary = Vocabulary(list(dict.fromkeys(vocabulary)), None, True)
    _check(vocabulary, dims, frequency)
    vectors = _encoded(encoder, vocabulary.words, advance)
    here = np.abs(vectors).max(axis=1) > 0
    seen = np.flatnonzero(here)
    if not len(seen):
        raise DataError(f"the encoder sees nothing in any of the {len(vocabulary)} words")
    empty = [vocabulary.words[i] for i in np.flatnonzero(~here).tolist()]
    words = [vocabulary.words[i] for i in seen.tolist()]
    if len(words) < len(vectors):
        vectors = vectors[seen]
    rows, variance = _reduced(vectors, dims) if pca else (vectors, 1.0)
    if frequency != "none":
        rows *= _weights(vocabulary, frequency)[seen, None]
    table = Table.from_source(
        Source(rows.shape[1], [Chunk(words, rows)], total=len(words)), **settings
    )
    return table, Distillation(len(words), empty, vectors.shape[1], rows.shape[1], variance)


def _check(vocabulary: Vocabulary, dims: int, frequency: str) -> None:
    if dims < 1:
        raise DataError(f"{dims} dimensions: there must be at least one")
    if frequency not in get_args(Frequency):
        known = ", ".join(get_args(Frequency))
        raise DataError(f"weighting by the frequency {frequency!r}: use one of {known}")
    if frequency != "none" and not vocabulary.ranked:
        raise DataError(
            f"weighting by frequency ({frequency}) needs to know which words are frequent, and "
            f"this vocabulary is in no order: count them in texts (--corpus), or use 'none'"
        )
    if not len(vocabulary):
        raise DataError("there are no words to distill vectors for")


def _encoded(
    encoder: TextEncoder, words: Sequence[str], advance: Callable[[int], Any]
) -> NDArray[np.float32]:
    vectors = np.zeros((len(words), encoder.width), dtype=np.float32)
    # Words of like length take the same time and no padding.
    order = np.argsort([len(word) for word in words], kind="stable")
    for start in range(0, len(words), _BATCH):
        some = order[start : start + _BATCH]
        found = encoder.encode([words[i] for i in some.tolist()])
        if found.shape != (len(some), encoder.width):
            raise DataError(
                f"the encoder gave an array of shape {found.shape} for {len(some)} words: it must "
                f"be ({len(some)}, {encoder.width})"
            )
        vectors[some] = found
        advance(len(some))
    return vectors


def _reduced(vectors: NDArray[np.float32], dims: int) -> tuple[NDArray[np.float32], float]:
    """Principal components of rows, and the share of the variance that they hold."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    width = vectors.shape[1]
    covariance = np.zeros((width, width))
    for start in range(0, len(vectors), _BLOCK):
        block = vectors[start : start + _BLOCK] - mean
        covariance += block.T @ block
    values, axes = np.linalg.eigh(covariance)
    dims = min(dims, width, max(len(vectors) - 1, 1))
    axes = axes[:, ::-1][:, :dims]
    # The sign of an axis is arbitrary: let its largest number be positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(dims)])
    turn = axes.astype(np.float32)
    rows = np.zeros((len(vectors), dims), dtype=np.float32)
    for start in range(0, len(vectors), _BLOCK):
        rows[start : start + _BLOCK] = (vectors[start : start + _BLOCK] - mean) @ turn
    total = float(values.sum())
    return rows, float(values[::-1][:dims].sum()) / total if total > 0 else 1.0


def _weights(vocabulary: Vocabulary, frequency: str) -> NDArray[np.float32]:
    """A factor for each word, float32 of shape ``(n,)``."""
    ranks = np.arange(1, len(vocabulary) + 1, dtype=np.float64)
    if frequency == "zipf":
        return np.log1p(ranks).astype(np.float32)
    counts = vocabulary.counts
    mass = 1.0 / ranks if counts is None else counts.astype(np.float64)
    return np.asarray(_SIF / (_SIF + mass / max(mass.sum(), 1e-9)), dtype=np.float32)
