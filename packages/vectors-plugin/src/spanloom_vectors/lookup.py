"""From words to vectors: by their ids, without a string being compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.vocab.strings import hash_strings

from .storage import Sections
from .subwords import Subwords
from .unknown import hashed_vectors

if TYPE_CHECKING:
    from spanloom.vocab.lexicon import Lexicon
    from spanloom.vocab.vectors import HasRows

__all__ = ["Lookup"]

Ids = Callable[[str, NDArray[np.int64]], NDArray[np.uint64]]
"""The ids of an attribute, of the words at these places."""

Texts = Callable[[NDArray[np.int64]], list[str]]


class Lookup:
    """What a table is, and the vectors of words, word types and tokens."""

    __slots__ = ("__dict__", "_changes", "sections")

    def __init__(self, sections: Sections) -> None:
        self.sections = sections
        self._changes: dict[int, tuple[str, NDArray[np.float32]]] = {}

    # -- what it is

    @property
    def header(self) -> Mapping[str, Any]:
        """What the file says of itself."""
        return self.sections.header

    @property
    def kind(self) -> str:
        """``words`` or ``floret``."""
        return str(self.header["kind"])

    @property
    def name(self) -> str:
        """What the table was called when it was made; may be empty."""
        return str(self.header["name"])

    @property
    def width(self) -> int:
        """The number of dimensions."""
        return int(self.header["width"])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and dimensions."""
        return len(self.sections.arrays["rows"]), self.width

    @property
    def dtype(self) -> str:
        """How the rows are stored: float32, float16 or int8. They are read as float32."""
        return str(self.header["dtype"])

    @property
    def attrs(self) -> tuple[str, ...]:
        """The attributes by which a word is looked up, in order."""
        return tuple(self.header["attrs"])

    @property
    def unknown(self) -> str:
        """What a word without a vector gets."""
        return str(self.header["unknown"])

    @cached_property
    def subwords(self) -> Subwords | None:
        """How vectors of words are composed of n-grams, if they are."""
        settings = self.header["subwords"]
        return None if settings is None else Subwords.from_dict(settings)

    @property
    def bucket_rows(self) -> NDArray[Any]:
        """The rows of n-gram buckets, shape ``(buckets, width)``; of a floret table all rows."""
        arrays = self.sections.arrays
        if self.kind != "floret":
            return arrays["buckets"]
        return self.gather(np.arange(len(self))) if self.dtype == "int8" else arrays["rows"]

    def __len__(self) -> int:
        return self.shape[0]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and bool(self.known([word])[0])

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The vector of a word. Raises :class:`KeyError` if it has none."""
        if word not in self:
            raise KeyError(f"{word!r} has no vector in this table")
        vector: NDArray[np.float32] = self.vectors_for([word])[0]
        return vector

    # -- rows

    def find(self, ids: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The row of each string id, shape ``(len(ids),)``; -1 where there is none."""
        arrays = self.sections.arrays
        rows = np.full(len(ids), -1, dtype=np.int64)
        known = arrays.get("ids")
        if known is not None and len(known):
            at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
            hit = known[at] == ids
            keys = arrays["order"][at[hit]].astype(np.int64)
            rows[hit] = arrays["key_rows"][keys] if "key_rows" in arrays else keys
        if self._changes:
            changed = {key: len(self) + i for i, key in enumerate(self._changes)}
            for i, key in enumerate(ids.tolist()):
                rows[i] = changed.get(key, rows[i])
        return rows

    def gather(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of rows, float32 of shape ``(len(rows), width)``; zeros for -1."""
        values: NDArray[np.float32] = np.zeros((len(rows), self.width), dtype=np.float32)
        arrays, size = self.sections.arrays, len(self)
        here = np.flatnonzero((rows >= 0) & (rows < size))
        if len(here) == len(rows):
            found: NDArray[np.float32] = arrays["rows"][rows].astype(np.float32, copy=False)
            values = found
        else:
            values[here] = arrays["rows"][rows[here]]
        if self.dtype == "int8" and len(here):
            values[here] *= arrays["scales"][rows[here]][:, None]
        if self._changes:
            fresh = [vector for _, vector in self._changes.values()]
            for i in np.flatnonzero(rows >= size).tolist():
                values[i] = fresh[rows[i] - size]
        return values

    # -- texts

    def rows_for(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The row of each text, shape ``(len(texts),)``; -1 where there is none. Words whose
        vectors are composed have none."""
        return self._find(len(texts), _ids_of(texts))

    def known(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each text has a vector, in the table or composed, shape ``(len(texts),)``."""
        return self._known(self.rows_for(texts), self._texts_of(texts))

    def vectors_for(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vector of each text, float32 of shape ``(len(texts), width)``: where there is none,
        what :attr:`unknown` says."""
        ids = _ids_of(texts)
        return self._vectors(self._find(len(texts), ids), ids, self._texts_of(texts))

    def _texts_of(self, texts: Sequence[str]) -> Texts:
        return lambda at: _as(self.attrs[0], [texts[i] for i in at.tolist()])

    # -- word types and tokens

    def vectors_at(self, lexicon: Lexicon, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """The vectors of word types, rows of a vocab's lexicon: as :meth:`vectors_for`, with the
        lexicon's own norms, and without hashing a string."""

        def ids(attr: str, at: NDArray[np.int64]) -> NDArray[np.uint64]:
            found: NDArray[np.uint64] = lexicon.column(_column(attr))[rows[at]]
            return found

        def texts(at: NDArray[np.int64]) -> list[str]:
            return [lexicon.strings[number] for number in ids(self.attrs[0], at).tolist()]

        return self._vectors(self._find(len(rows), ids), ids, texts)

    def token_vectors(
        self, doc: HasRows, start: int = 0, end: int | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The vectors of a document's tokens, shape ``(n, width)``, and which of them have one.

        A table that looks up lemmas uses those of the tokens, and their texts if there are none.
        """
        rows = doc.rows[start:end]
        lexicon, lemmas = doc.lexicon, doc.column("LEMMA") if "LEMMA" in self.attrs else None

        def ids(attr: str, at: NDArray[np.int64]) -> NDArray[np.uint64]:
            if attr == "LEMMA" and lemmas is not None:
                return np.asarray(lemmas[start:end][at])
            found: NDArray[np.uint64] = lexicon.column(_column(attr))[rows[at]]
            return found

        def texts(at: NDArray[np.int64]) -> list[str]:
            return [lexicon.strings[number] for number in ids(self.attrs[0], at).tolist()]

        found = self._find(len(rows), ids)
        return self._vectors(found, ids, texts), self._known(found, texts)

    # -- what they share

    def _find(self, count: int, ids: Ids) -> NDArray[np.int64]:
        rows = np.full(count, -1, dtype=np.int64)
        left = np.arange(count)
        for attr in self.attrs:
            rows[left] = self.find(ids(attr, left))
            left = left[rows[left] < 0]
            if not len(left):
                break
        return rows

    def _known(self, rows: NDArray[np.int64], texts: Texts) -> NDArray[np.bool_]:
        known = rows >= 0
        if self.subwords is not None and self.unknown == "subword" and not known.all():
            missing = np.flatnonzero(~known)
            known[missing] = self.subwords.rows(texts(missing))[1] > 0
        return known

    def _vectors(self, rows: NDArray[np.int64], ids: Ids, texts: Texts) -> NDArray[np.float32]:
        values = self.gather(rows)
        left = np.flatnonzero(rows < 0)
        if not len(left) or self.unknown == "zero":
            return values
        if self.unknown == "mean":
            values[left] = self.sections.arrays["mean"]
        elif self.unknown == "hash":
            length = float(self.sections.arrays["norms"].mean()) if len(self) else 1.0
            values[left] = hashed_vectors(ids(self.attrs[0], left), self.width, length)
        elif self.subwords is not None:
            sums, counts = self.subwords.compose(texts(left), self.bucket_rows)
            values[left] = sums / np.maximum(counts, 1)[:, None].astype(np.float32)
        return values


def _column(attr: str) -> str:
    # A word type has no lemma of its own: tokens do.
    return "ORTH" if attr == "LEMMA" else attr


def _as(attr: str, texts: Sequence[str]) -> list[str]:
    return [text.lower() for text in texts] if attr in ("LOWER", "NORM") else list(texts)


def _ids_of(texts: Sequence[str]) -> Ids:
    return lambda attr, at: hash_strings(_as(attr, [texts[i] for i in at.tolist()]))
