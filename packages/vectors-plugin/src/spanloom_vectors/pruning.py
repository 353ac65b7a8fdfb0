"""Fewer rows for the same words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError

from .build import Chunk
from .table import Table
from .unit import unit_rows

__all__ = ["Merge", "Mode", "prune"]

Mode = Literal["nearest", "drop", "quantise"]

#: Rounds of k-means. The first few do most of the work.
_ROUNDS = 8
_BLOCK = 4096
#: Scores that are held at a time.
_SCORES = 1 << 22


@dataclass(frozen=True)
class Merge:
    """A word that lost its row: it has the row of ``into`` now, at this cosine, or none."""

    word: str
    into: str | None
    score: float


def prune(
    table: Table, rows: int, mode: Mode = "nearest", **settings: Any
) -> tuple[Table, list[Merge]]:
    """A table in memory with exactly ``rows`` rows, and what became of the words without one.

    ``nearest`` keeps the first rows, which are the most frequent words' in all usual files, and
    gives each other word the row with the largest cosine. ``drop`` keeps the first rows and forgets
    the other words. ``quantise`` lets all words share ``rows`` means of similar vectors (k-means,
    Lloyd 1982): frequent words lose what rare ones gain. All are deterministic.

    Words of zeros are near to nothing: they are forgotten unless their row is kept. ``settings``
    are those of :func:`~spanloom_vectors.write_table`. Raises :class:`~spanloom.errors.DataError`
    for a floret table and for more rows than there are.
    """
    if table.kind == "floret":
        raise DataError("a floret table has a fixed number of rows: train one with fewer buckets")
    if mode not in ("nearest", "drop", "quantise"):
        raise DataError(f"pruning by {mode!r}: use 'nearest', 'drop' or 'quantise'")
    words, vectors = _whole(table)
    if not 0 < rows <= len(words):
        raise DataError(f"{rows} rows can't be kept of {len(words)}")
    settings = {"dtype": table.dtype, "attrs": table.attrs, "unknown": table.unknown, **settings}
    source = table.source()
    source.shared, source.total = None, None
    if mode == "quantise":
        means, owner = _means(vectors, rows)
        merges = _shared(words, vectors, means, owner)
        source.shared = (words, owner, means)
    else:
        kept, into, scores = _nearest(vectors, rows) if mode == "nearest" else _dropped(words, rows)
        merges = [
            Merge(words[rows + i], None if at < 0 else words[kept[at]], score)
            for i, (at, score) in enumerate(zip(into.tolist(), scores.tolist()))
        ]
        if mode == "drop":
            source.chunks = [Chunk(words[:rows], vectors[:rows])]
        else:
            near = np.flatnonzero(into >= 0)
            named = words[:rows] + [words[rows + i] for i in near.tolist()]
            owner = np.concatenate([np.arange(rows), kept[into[near]]])
            source.shared = (named, owner, vectors[:rows])
    return Table.from_source(source, name=table.name, **settings), merges


def _whole(table: Table) -> tuple[list[str], NDArray[np.float32]]:
    source = table.source()
    source.shared = None
    return source.arrays()


def _dropped(
    words: list[str], rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    count = len(words) - rows
    return np.arange(rows), np.full(count, -1), np.zeros(count, dtype=np.float32)


def _nearest(
    vectors: NDArray[np.float32], rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Rows that can be merged into; for each other row the index among them, -1 for a row of
    zeros, and the cosine."""
    unit = unit_rows(vectors)
    kept = np.flatnonzero(np.abs(unit[:rows]).sum(axis=1) > 0)
    rest = unit[rows:]
    into = np.full(len(rest), -1, dtype=np.int64)
    scores = np.zeros(len(rest), dtype=np.float32)
    if len(kept):
        into, scores = _closest(rest, unit[kept])
        empty = ~np.any(rest, axis=1)
        into[empty], scores[empty] = -1, 0.0
    return kept, into, np.clip(scores, -1.0, 1.0)


def _closest(
    rows: NDArray[np.float32], targets: NDArray[np.float32], bias: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The target with the largest product with each row, plus a bias of the target; the first one
    among equals."""
    best = np.zeros(len(rows), dtype=np.int64)
    scores = np.zeros(len(rows), dtype=np.float32)
    size = max(1, min(_BLOCK, _SCORES // max(len(targets), 1)))
    for start in range(0, len(rows), size):
        product = rows[start : start + size] @ targets.T
        if bias is not None:
            product += bias
        at = product.argmax(axis=1)
        best[start : start + size] = at
        scores[start : start + size] = product[np.arange(len(at)), at]
    return best, scores


def _means(
    vectors: NDArray[np.float32], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """``count`` means, each of at least one row, and the mean of each row."""
    means = vectors[np.linspace(0, len(vectors) - 1, count).astype(np.int64)].copy()
    owner = np.zeros(len(vectors), dtype=np.int64)
    for _ in range(_ROUNDS):
        # |v - m|^2 is smallest where v.m - |m|^2 / 2 is largest.
        fresh, scores = _closest(vectors, means, -0.5 * np.einsum("ij,ij->i", means, means))
        fresh = _without_empty(fresh, scores, vectors, count)
        if np.array_equal(fresh, owner):
            break
        owner = fresh
        order = np.argsort(owner, kind="stable")
        starts = np.searchsorted(owner[order], np.arange(count))
        sizes = np.diff(np.append(starts, len(owner)))[:, None]
        means = (np.add.reduceat(vectors[order], starts, axis=0) / sizes).astype(np.float32)
    return means, owner


def _without_empty(
    owner: NDArray[np.int64], scores: NDArray[np.float32], vectors: NDArray[np.float32], count: int
) -> NDArray[np.int64]:
    """Give each mean without rows the row that is farthest from its own mean."""
    sizes = np.bincount(owner, minlength=count)
    empty = np.flatnonzero(sizes == 0)
    if not len(empty):
        return owner
    owner = owner.copy()
    distance = 0.5 * np.einsum("ij,ij->i", vectors, vectors) - scores
    candidates = iter(np.argsort(-distance, kind="stable").tolist())
    for mean in empty.tolist():
        row = next(row for row in candidates if sizes[owner[row]] > 1)
        sizes[owner[row]] -= 1
        owner[row] = mean
        sizes[mean] = 1
    return owner


def _shared(
    words: list[str],
    vectors: NDArray[np.float32],
    means: NDArray[np.float32],
    owner: NDArray[np.int64],
) -> list[Merge]:
    """Which words share a mean with an earlier one, and how near the mean is to their vector."""
    first = np.full(len(means), -1, dtype=np.int64)
    rows, at = np.unique(owner, return_index=True)
    first[rows] = at
    cosines = np.einsum("ij,ij->i", unit_rows(vectors), unit_rows(means)[owner])
    return [
        Merge(word, words[int(first[mean])], float(score))
        for i, (word, mean, score) in enumerate(zip(words, owner.tolist(), cosines.tolist()))
        if first[mean] != i
    ]
