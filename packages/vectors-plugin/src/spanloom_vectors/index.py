"""An approximate index over a table, for one query at a time on large tables.

Uses usearch (https://github.com/unum-cloud/usearch), an implementation of HNSW graphs (Malkov &
Yashunin 2018): ``pip install "spanloom-vectors[index]"``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, SerializationError
from spanloom.io.files import existing

from .table import Table

__all__ = ["Index"]

_BLOCK = 16384


def _usearch() -> Any:
    try:
        from usearch import index
    except ImportError as error:
        raise DataError(
            'an approximate index needs usearch: pip install "spanloom-vectors[index]"'
        ) from error
    return index


class Index:
    """Finds most of the nearest words, much faster than :meth:`Table.most_similar` finds all.

    ``connectivity`` is the number of neighbours of each word in the graph, ``expansion`` how many
    words are looked at when one is put in, ``search`` how many when one is searched for: more is
    slower and finds more. The graph holds int8 copies of the vectors; half as many words again as
    are asked for come out of it, and the best of these by their true cosines are given.
    """

    def __init__(
        self,
        table: Table,
        *,
        connectivity: int = 16,
        expansion: int = 128,
        search: int = 64,
        threads: int = 0,
    ) -> None:
        self.table = table
        self._index = _usearch().Index(
            ndim=table.width,
            metric="cos",
            dtype="i8",
            connectivity=connectivity,
            expansion_add=expansion,
            expansion_search=search,
        )
        rows = np.flatnonzero(table.scope.inverse > 0)
        for start in range(0, len(rows), _BLOCK):
            some = rows[start : start + _BLOCK]
            self._index.add(some.astype(np.uint64), _rounded(table.gather(some)), threads=threads)

    def __len__(self) -> int:
        return len(self._index)

    def save(self, path: str | Path) -> None:
        """Write the index to ``path``, and the hash of its table, which isn't part of it, to
        ``path`` with ``.hash`` after it."""
        self._index.save(str(path))
        Path(f"{path}.hash").write_text(self.table.hash, encoding="utf8")

    @classmethod
    def open(cls, path: str | Path, table: Table, *, search: int = 64) -> Index:
        """Map an index that was saved; ``search`` is as in the constructor, and isn't saved. Raises
        :class:`~spanloom.errors.SerializationError` if it was made for another table."""
        path = existing(path, "index of vectors")
        wanted = existing(f"{path}.hash", "hash of the index's table").read_text(encoding="utf8")
        if wanted != table.hash:
            raise SerializationError(
                f"'{path}' was made for the table with the hash {wanted}, not for {table.hash}"
            )
        index = cls.__new__(cls)
        index.table = table
        index._index = _usearch().Index.restore(str(path), view=True)
        index._index.expansion_search = search
        return index

    def most_similar(
        self, queries: str | Sequence[str] | NDArray[Any], n: int = 10
    ) -> list[tuple[str, float]] | list[list[tuple[str, float]]]:
        """As :meth:`Table.most_similar`, for words or vectors, without what the graph missed.

        The cosines are computed from the table, and exact.
        """
        words = [queries] if isinstance(queries, str) else queries
        if isinstance(words, np.ndarray):
            vectors = np.atleast_2d(np.asarray(words, dtype=np.float32))
            own = np.full(len(vectors), -1)
        else:
            vectors, own = self._vectors(list(words))
        found = [self._one(vector, row, n) for vector, row in zip(vectors, own.tolist())]
        single = isinstance(queries, str) or (isinstance(queries, np.ndarray) and queries.ndim == 1)
        return found[0] if single else found

    def _vectors(self, words: list[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The vector of each word, and its row, -1 where it is composed."""
        table = self.table
        rows = table.rows_for(words)
        if (rows >= 0).all():
            return table.gather(rows), rows
        missing = [word for word, here in zip(words, table.known(words).tolist()) if not here]
        if missing:
            raise DataError(f"no vector for {missing[0]!r}: nothing can be near to it")
        return table.vectors_for(words), rows

    def _one(self, vector: NDArray[np.float32], own: int, n: int) -> list[tuple[str, float]]:
        table, scope = self.table, self.table.scope
        wanted = min(n + n // 2 + 1, len(self._index))
        rows = self._index.search(_rounded(vector), wanted).keys.astype(np.int64)
        rows = rows[rows != own]
        scores = table.gather(rows) @ vector * scope.inverse[rows]
        scores /= float(np.linalg.norm(vector)) or 1.0
        order = np.lexsort((rows, -scores))[:n]
        return [
            (table.words[int(row if scope.first is None else scope.first[row])], float(score))
            for row, score in zip(rows[order], scores[order])
        ]


def _rounded(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Each vector as int8, its largest number becoming 127: a cosine doesn't mind the factor."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    return np.rint(vectors * (127.0 / np.where(largest > 0, largest, 1.0))).astype(np.int8)
