"""Exact search for the nearest rows, by blocked matrix products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError

from .unit import unit_rows

if TYPE_CHECKING:
    from .table import Table

__all__ = ["Filter", "Hits", "Neighbours", "Scope", "most_similar", "search"]

Filter = Callable[[str], bool]
"""Which words may be answers."""

Neighbours = list[tuple[str, float]]
"""Words and their cosines, best first."""

#: Rows in a block; the first is small, so that the bar is high when the large ones come.
_FIRST, _BLOCK = 2048, 16384
#: Queries that are worked on at a time: a block of scores takes 32 MB.
_QUERIES = 512
#: With fewer queries than that, blocks are larger, up to so many scores.
_SCORES = 1 << 17


@dataclass(frozen=True)
class Hits:
    """Rows, int64 of shape ``(m, k)``, best first, and their cosines, float32 of the same shape.

    Where fewer than ``k`` rows can be found at all, the rest is -1, with a score of -inf.
    """

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class Scope:
    """Which rows can be found: ``inverse`` is one over the norm, 0 for rows that can't, float32 of
    shape ``(rows,)``; ``first`` is the first word of each row, ``None`` if it's the row itself.
    ``gaps`` tells whether there are rows that can't be found."""

    inverse: NDArray[np.float32]
    first: NDArray[np.int64] | None
    gaps: bool

    @classmethod
    def of(cls, norms: NDArray[np.float32], key_rows: NDArray[Any] | None, words: int) -> Scope:
        """The scope of a table with these norms and words."""
        inverse = np.zeros(len(norms), dtype=np.float32)
        np.divide(1.0, norms, out=inverse, where=norms > 0)
        if key_rows is None:
            return cls(inverse, None, bool((inverse == 0.0).any()))
        first = np.full(len(norms), -1, dtype=np.int64)
        rows, at = np.unique(key_rows, return_index=True)
        first[rows] = at
        inverse[first < 0] = 0.0
        return cls(inverse, first, bool((inverse == 0.0).any()))


def search(table: Table, queries: NDArray[np.float32], k: int, limit: int | None = None) -> Hits:
    """The ``k`` rows with the largest cosine for each query, shape ``(m, width)``.

    Among equal cosines the earlier row wins. A query of zeros has the cosine 0 with all. With
    ``limit``, only that many first rows are searched.
    """
    if queries.ndim != 2 or queries.shape[1] != table.width:
        raise DataError(f"queries of shape {queries.shape} for a table of width {table.width}")
    if not np.isfinite(queries).all():
        raise DataError("a query holds infinity or NaN: nothing is near to that")
    if k < 1:
        raise DataError(f"{k} neighbours were asked for: it must be at least one")
    k = min(k, max(len(table), 1))
    queries = unit_rows(queries)
    parts = [
        _search(table, queries[start : start + _QUERIES], k, limit)
        for start in range(0, len(queries), _QUERIES)
    ]
    if not parts:
        return Hits(np.zeros((0, k), dtype=np.int64), np.zeros((0, k), dtype=np.float32))
    return Hits(np.concatenate([p.rows for p in parts]), np.concatenate([p.scores for p in parts]))


def _search(table: Table, queries: NDArray[np.float32], k: int, limit: int | None) -> Hits:
    best = Hits(
        np.full((len(queries), k), -1, dtype=np.int64),
        np.full((len(queries), k), -np.inf, dtype=np.float32),
    )
    inverse = table.scope.inverse
    start, size, last = 0, max(_FIRST, k), min(len(table), limit or len(table))
    while start < last:
        end = min(start + size, last)
        scores = queries @ _block(table, start, end).T
        scores *= inverse[start:end]
        if table.scope.gaps:
            scores[:, inverse[start:end] == 0.0] = -np.inf
        best = _better(best, scores, start)
        start, size = end, max(_BLOCK, _SCORES // len(queries))
    # Rounding may give a little more than one; minus infinity stays where nothing was found.
    scores = np.where(best.rows >= 0, np.clip(best.scores, -1.0, 1.0), best.scores)
    return Hits(best.rows, scores)


def _block(table: Table, start: int, end: int) -> NDArray[np.float32]:
    rows: NDArray[Any] = table.sections.arrays["rows"][start:end]
    if table.dtype == "float32":
        return rows
    return table.gather(np.arange(start, end))


def _better(best: Hits, scores: NDArray[np.float32], start: int) -> Hits:
    """The best of ``best`` and a block of scores. Only what is above the worst of the best is
    looked at: after the first blocks that is next to nothing."""
    _count, k = best.rows.shape
    if start == 0 and scores.shape[1] > 4 * k:
        # Nothing to compare with yet.
        at = np.argpartition(scores, -k, axis=1)[:, -k:]
        bar = np.take_along_axis(scores, at, axis=1).min(axis=1)
        found = scores >= bar[:, None]
        found &= scores > -np.inf
    else:
        found = scores > best.scores[:, -1:]
    owners, columns = np.divmod(np.flatnonzero(found), scores.shape[1])
    if not len(owners):
        return best
    touched = np.unique(owners)
    owner = np.concatenate([np.repeat(touched, k), owners])
    rows = np.concatenate([best.rows[touched].ravel(), columns + start])
    values = np.concatenate([best.scores[touched].ravel(), scores[owners, columns]])
    order = np.lexsort((rows, -values, owner))
    owner = owner[order]
    firsts = np.searchsorted(owner, touched)
    take = order[firsts[:, None] + np.arange(k)]
    new_rows, new_scores = best.rows.copy(), best.scores.copy()
    new_rows[touched], new_scores[touched] = rows[take], values[take]
    return Hits(new_rows, new_scores)


Queries = str | Sequence[str] | NDArray[Any] | None


def most_similar(
    table: Table,
    queries: Queries,
    n: int,
    positive: Sequence[str | NDArray[Any]],
    negative: Sequence[str | NDArray[Any]],
    filter: Filter | None,
    own: Table | None = None,
) -> Any:
    """See :meth:`Table.most_similar`. The answers are words of ``own``, a table of those words
    alone, where there is one."""
    if own is None and table.kind != "floret":
        if queries is None:
            return _analogy(table, positive, negative, n, filter)
        return _nearest(table, queries, n, filter)
    if own is None:
        raise DataError(
            "a floret table holds no words that could be answers: say which, among=[...]"
        )
    if queries is None:
        taken = {word for word in (*positive, *negative) if isinstance(word, str)}
        plus, minus = _as_vectors(table, positive), _as_vectors(table, negative)
        return _analogy(own, plus, minus, n, _but(taken, filter))
    if isinstance(queries, np.ndarray):
        return _nearest(own, queries, n, filter)
    words = [queries] if isinstance(queries, str) else list(queries)
    vectors = _vectors(table, words)
    answers = [
        _nearest(own, vector, n, _but({word}, filter)) for word, vector in zip(words, vectors)
    ]
    return answers[0] if isinstance(queries, str) else answers


def _as_vectors(table: Table, items: Sequence[str | NDArray[Any]]) -> list[NDArray[Any]]:
    return [_vectors(table, [item])[0] if isinstance(item, str) else item for item in items]


def _but(words: set[str], filter: Filter | None) -> Filter:
    return lambda word: word not in words and (filter is None or filter(word))


def _nearest(
    table: Table, queries: str | Sequence[str] | NDArray[Any], n: int, filter: Filter | None
) -> Any:
    if isinstance(queries, str):
        return _answers(table, _vectors(table, [queries]), n, filter, [{queries}])[0]
    if isinstance(queries, np.ndarray):
        vectors = np.asarray(queries, dtype=np.float32)
        if vectors.ndim == 1:
            return _answers(table, vectors[None, :], n, filter, [set()])[0]
        return _answers(table, vectors, n, filter, [set() for _ in vectors])
    words = list(queries)
    return _answers(table, _vectors(table, words), n, filter, [{word} for word in words])


def _analogy(
    table: Table,
    positive: Sequence[str | NDArray[Any]],
    negative: Sequence[str | NDArray[Any]],
    n: int,
    filter: Filter | None,
) -> list[tuple[str, float]]:
    """The words nearest to the sum of unit vectors, ``negative`` ones taken off (3CosAdd, Mikolov
    et al. 2013)."""
    if not len(positive) and not len(negative):
        raise DataError("most_similar needs queries, or words in `positive` or `negative`")
    total = np.zeros(table.width, dtype=np.float32)
    taken: set[str] = set()
    for sign, items in ((1.0, positive), (-1.0, negative)):
        for item in items:
            vector = _vectors(table, [item])[0] if isinstance(item, str) else np.asarray(item)
            norm = float(np.linalg.norm(vector))
            total += np.float32(sign / norm if norm else 0.0) * vector
            if isinstance(item, str):
                taken.add(item)
    return _answers(table, total[None, :], n, filter, [taken])[0]


def _vectors(table: Table, words: Sequence[str]) -> NDArray[np.float32]:
    known = table.known(words)
    if not known.all():
        missing = [repr(word) for word, here in zip(words, known.tolist()) if not here]
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise DataError(f"no vector for {', '.join(missing[:5])}{more}: nothing can be near to it")
    return table.vectors_for(words)


def _answers(
    table: Table,
    vectors: NDArray[np.float32],
    n: int,
    filter: Filter | None,
    taken: Sequence[set[str]],
) -> list[list[tuple[str, float]]]:
    """The words of the nearest rows: more rows are fetched until ``n`` pass."""
    if n < 1:
        raise DataError(f"{n} neighbours were asked for: it must be at least one")
    answers: list[list[tuple[str, float]]] = [[] for _ in vectors]
    own = [_rows_of(table, words) for words in taken]
    left = list(range(len(vectors)))
    k = n + max(map(len, own), default=0) if filter is None else 4 * n + 16
    while left:
        hits = search(table, vectors[left], k)
        again = []
        for i, rows, scores in zip(left, hits.rows.tolist(), hits.scores.tolist()):
            answers[i] = _words(table, rows, scores, n, filter, own[i])
            if len(answers[i]) < n and k < len(table):
                again.append(i)
        left, k = again, 4 * k
    return answers


def _rows_of(table: Table, words: set[str]) -> set[int]:
    return set(table.rows_for(sorted(words)).tolist()) if words else set()


def _words(
    table: Table,
    rows: Sequence[int],
    scores: Sequence[float],
    n: int,
    filter: Filter | None,
    own: set[int],
) -> list[tuple[str, float]]:
    first, found = table.scope.first, list[tuple[str, float]]()
    for row, score in zip(rows, scores):
        if row < 0 or row in own:
            continue
        word = table.words[row if first is None else int(first[row])]
        if filter is None or filter(word):
            found.append((word, score))
            if len(found) == n:
                break
    return found
