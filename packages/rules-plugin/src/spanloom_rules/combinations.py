"""What follows from a word and its annotation, worked out once for each combination of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.tokens.batch import Batch

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab.lexicon import Lexicon

__all__ = ["Combinations", "by_lexicon", "flat_column"]

# An odd constant, so that combinations of ids get distinct keys by multiplication.
_MIX = np.uint64(0x9E3779B97F4A7C15)

Find = Callable[["Lexicon", int, Mapping[str, int]], int]
"""Given the lexicon, a row of it and the value of each column: the number of that combination."""


class Combinations:
    """A number for each combination of a word and the values of ``columns``, kept once it was
    found. SENT_START may be among the columns; without ``words`` the word doesn't matter."""

    def __init__(self, columns: Sequence[str], find: Find, *, words: bool = True) -> None:
        self.columns = tuple(columns)
        self.words = words
        self._find = find
        self._lexicon: Lexicon | None = None
        self._known: dict[int, int] = {}

    def clear(self) -> None:
        """Forget what was found."""
        self._lexicon, self._known = None, {}

    def numbers(self, batch: Batch) -> list[int]:
        """The number of each token, flat. The documents share one lexicon (:func:`by_lexicon`)."""
        lexicon = batch[0].lexicon
        if lexicon is not self._lexicon:
            self._lexicon, self._known = lexicon, {}
        columns = [flat_column(batch, name) for name in self.columns]
        keys = batch.rows.astype(np.uint64) if self.words else np.zeros(len(batch.rows), np.uint64)
        for column in columns:
            keys = keys * _MIX ^ column
        each = keys.tolist()
        found = list(map(self._known.get, each))
        if None in found:
            fresh = {key: i for i, (key, number) in enumerate(zip(each, found)) if number is None}
            for key, i in fresh.items():
                values = {name: int(column[i]) for name, column in zip(self.columns, columns)}
                self._known[key] = self._find(lexicon, int(batch.rows[i]), values)
        return list(map(self._known.__getitem__, each))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lexicon": None, "_known": {}}


def by_lexicon(batch: Batch) -> Iterator[Batch]:
    """The documents, not empty ones, in batches that share a lexicon: most often all."""
    for _, some in groupby(filter(len, batch), lambda doc: id(doc.lexicon)):
        docs = list(some)
        yield batch if len(docs) == len(batch) else Batch(docs)


def flat_column(docs: Sequence[Doc], name: str) -> NDArray[np.uint64]:
    """What each token has of a column, flat for all documents: 0 where it's missing."""
    parts: list[NDArray[Any]] = []
    for doc in docs:
        column = doc.sent_starts if name == "SENT_START" else doc.column(name)
        parts.append(np.zeros(len(doc), np.uint64) if column is None else column)
    return np.concatenate(parts).astype(np.uint64)
