"""Tables of word vectors."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, SerializationError
from spanloom.io.files import write_text
from spanloom.vocab.strings import hash_string, hash_strings

from .build import Chunk, Source, in_memory, write_table
from .lookup import Lookup
from .similar import Filter, Neighbours, Scope, most_similar
from .storage import Sections, content_hash
from .words import Words

__all__ = ["FILE", "REFERENCE", "Table"]

FILE = "vectors.wlv"
"""The name of the table's file in a vocab's folder."""

Among = Sequence[str] | None

REFERENCE = "vectors.json"
"""The name of the file that says which table a vocab uses."""


class Table(Lookup):
    """Words and their vectors, mapped into memory from a file that never changes.

    A table of kind ``words`` has a row for each word; with :attr:`subwords` (fastText) it also
    composes vectors for others. One of kind ``floret`` composes all. Words are looked up by the
    attributes in :attr:`attrs`, in that order; a word that isn't there gets what :attr:`unknown`
    says, and counts as having no vector unless it was composed.

    What :meth:`set_vector` changes belongs to this object alone, not to others on the same file.
    """

    __slots__ = ("by_reference", "path")

    def __init__(
        self, sections: Sections, path: Path | None = None, *, by_reference: bool = False
    ) -> None:
        super().__init__(sections)
        self.path = path
        self.by_reference = by_reference

    # -- making

    @classmethod
    def open(cls, path: str | Path, *, hash: str | None = None, by_reference: bool = False) -> Self:
        """Open a table file; nothing but its header is read.

        With ``hash``, another table than that one raises
        :class:`~spanloom.errors.SerializationError`, naming both. With ``by_reference``, a pipeline
        that is saved with this table refers to the file where it is, instead of holding it.
        """
        path = Path(path)
        table = cls(Sections.open(path), path.absolute(), by_reference=by_reference)
        if hash is not None and table.hash != hash:
            raise SerializationError(
                f"'{path}' is a different table of vectors: its hash is {table.hash}, but {hash} "
                "is needed. A model works only with the table that it was trained with: put that "
                "one in its place, or train again."
            )
        return table

    @classmethod
    def from_arrays(cls, words: Sequence[str], rows: NDArray[Any], **settings: Any) -> Self:
        """A table in memory of ``rows``, shape ``(len(words), width)``.

        ``settings`` are those of :func:`~spanloom_vectors.write_table`. Raises
        :class:`~spanloom.errors.DataError` where they don't fit or a word is there twice.
        """
        rows = np.asarray(rows)
        if rows.ndim != 2 or len(rows) != len(words):
            raise DataError(
                f"{len(words)} words need rows of shape ({len(words)}, width), not {rows.shape}"
            )
        return cls.from_source(Source(rows.shape[1], [Chunk(words, rows)]), **settings)

    @classmethod
    def from_source(cls, source: Source, **settings: Any) -> Self:
        """A table in memory of what a reader gives."""
        return cls(in_memory(source, **settings))

    # -- content

    @property
    def hash(self) -> str:
        """The hash of the content, 32 hex digits. Equal tables have equal hashes, wherever they
        are and however they came about."""
        self._merge()
        return str(self.header["hash"])

    def verify(self) -> None:
        """Compute the hash anew. Raises :class:`~spanloom.errors.SerializationError` if the file
        was changed or damaged after it was written."""
        self._merge()
        found = content_hash(self.header, self.sections.digests())
        if found != self.header["hash"]:
            raise SerializationError(
                f"{self.sections.source}: the content has the hash {found}, but its header says "
                f"{self.header['hash']}: the file is damaged. Make or copy it again."
            )

    @cached_property
    def words(self) -> Words:
        """The words, in the order of the file that they came from."""
        self._merge()
        arrays = self.sections.arrays
        if self.kind == "floret":
            return Words(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.uint64))
        return Words(arrays["text"], arrays["offsets"])

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return (
            f"<Table{name} {self.kind} {self.shape[0]} x {self.width} {self.dtype} {self.hash[:8]}>"
        )

    # -- similarity

    @overload
    def most_similar(
        self, queries: str, n: int = ..., *, filter: Filter | None = ..., among: Among = ...
    ) -> Neighbours: ...
    @overload
    def most_similar(
        self,
        queries: list[str] | tuple[str, ...],
        n: int = ...,
        *,
        filter: Filter | None = ...,
        among: Among = ...,
    ) -> list[Neighbours]: ...
    @overload
    def most_similar(
        self,
        queries: NDArray[Any],
        n: int = ...,
        *,
        filter: Filter | None = ...,
        among: Among = ...,
    ) -> Any: ...
    @overload
    def most_similar(
        self,
        queries: None = ...,
        n: int = ...,
        *,
        positive: Sequence[str | NDArray[Any]] = ...,
        negative: Sequence[str | NDArray[Any]] = ...,
        filter: Filter | None = ...,
        among: Among = ...,
    ) -> Neighbours: ...
    def most_similar(
        self,
        queries: str | Sequence[str] | NDArray[Any] | None = None,
        n: int = 10,
        *,
        positive: Sequence[str | NDArray[Any]] = (),
        negative: Sequence[str | NDArray[Any]] = (),
        filter: Filter | None = None,
        among: Among = None,
    ) -> Any:
        """The ``n`` words whose vectors have the largest cosine with each query, best first.

        A word or a vector gives one list of ``(word, cosine)``; several words, or vectors of shape
        ``(m, width)``, give a list of lists. ``positive`` and ``negative`` give one list, for the
        sum of their unit vectors. Words of the query aren't among the answers. ``filter`` says
        which words may be, ``among`` names all candidates. The search is exact; rows of zeros and
        rows without a word are left out. Raises :class:`~spanloom.errors.DataError` for a word
        without a vector.
        """
        self._merge()
        own = None
        if among is not None:
            words = list(dict.fromkeys(among))
            own = Table.from_arrays(words, self.vectors_for(words))
        return most_similar(self, queries, n, positive, negative, filter, own)

    def similarity(self, one: str, other: str) -> float:
        """The cosine of the vectors of two words; 0.0 if one of them is of zeros."""
        a, b = self.vectors_for([one, other])
        norm = float(np.linalg.norm(a) * np.linalg.norm(b))
        return float(a @ b) / norm if norm else 0.0

    @cached_property
    def scope(self) -> Scope:
        """What a search needs of the table: for each row its first word, and its inverse norm."""
        arrays = self.sections.arrays
        return Scope.of(arrays["norms"], arrays.get("key_rows"), len(self.words))

    # -- changing

    def set_vector(self, text: str, vector: Any) -> None:
        """Give a word a vector of shape ``(width,)``. The file stays as it is: save the table, or
        the pipeline, to keep the change. Raises :class:`~spanloom.errors.DataError` for another
        shape, for what isn't finite, and for a floret table."""
        vector = np.array(vector, dtype=np.float32)
        if vector.shape != (self.width,):
            raise DataError(
                f"a vector of shape {vector.shape} for {text!r}: it must be ({self.width},)"
            )
        if not np.isfinite(vector).all():
            raise DataError(f"the vector for {text!r} holds infinity or NaN")
        if self.kind == "floret":
            raise DataError("a floret table composes all vectors of n-grams: no word has its own")
        self._changes[hash_string(text)] = (text, vector)

    def copy(self) -> Table:
        """Another object on the same rows, whose changes are its own."""
        other = Table(self.sections, self.path, by_reference=self.by_reference)
        other._changes = dict(self._changes)
        return other

    def _merge(self) -> None:
        """Make what was changed part of the sections. The table is in no file then."""
        if not self._changes:
            return
        changes, self._changes = self._changes, {}
        sections = in_memory(
            self._changed(changes),
            dtype=self.dtype,
            attrs=self.attrs,
            unknown=self.unknown,
            name=self.name,
        )
        self.sections, self.path, self.by_reference = sections, None, False
        for name in ("words", "scope"):
            self.__dict__.pop(name, None)

    def _changed(self, changes: Mapping[int, tuple[str, NDArray[np.float32]]]) -> Source:
        words = list(self.words)
        table = self.gather(np.arange(len(self)))
        keys = self.sections.arrays.get("key_rows")
        key_rows = np.arange(len(words)) if keys is None else keys.astype(np.int64)
        shared = np.bincount(key_rows, minlength=len(table)) > 1
        new_words: list[str] = []
        new_rows: list[NDArray[np.float32]] = []
        ids = {number: i for i, number in enumerate(hash_strings(words).tolist())}
        for number, (text, vector) in changes.items():
            at = ids.get(number)
            if at is not None and not shared[key_rows[at]]:
                table[key_rows[at]] = vector
                continue
            if at is None:
                new_words.append(text)
                key_rows = np.append(key_rows, len(table) + len(new_rows))
            else:
                key_rows[at] = len(table) + len(new_rows)
            new_rows.append(vector)
        source = self.source()
        words += new_words
        table = np.concatenate([table, np.array(new_rows).reshape(-1, self.width)])
        if keys is None:
            source.chunks = [Chunk(words, table)]
        else:
            source.shared = (words, key_rows, table)
        return source

    # -- saving

    def source(self, size: int = 4096) -> Source:
        """The table as a stream, to write it in another form."""
        arrays = self.sections.arrays
        shared = None
        if "key_rows" in arrays:
            shared = (self.words, arrays["key_rows"].astype(np.int64), _Gathered(self))
        return Source(
            self.width,
            self._chunks(size),
            total=len(self.words),
            subwords=self.subwords,
            buckets=self.bucket_rows if self.subwords is not None else None,
            attrs=self.attrs,
            shared=shared,  # type: ignore[arg-type]
            extra=self.header.get("extra", {}),
        )

    def _chunks(self, size: int) -> Iterator[Chunk]:
        keys, counts = self.sections.arrays.get("key_rows"), self.sections.arrays.get("counts")
        for start in range(0, len(self.words), size):
            words = self.words[start : start + size]
            at = np.arange(start, start + len(words))
            rows = self.gather(at if keys is None else keys[at].astype(np.int64))
            seen = None if counts is None else counts[start : start + len(words)].tolist()
            yield Chunk(words, rows, counts=seen)

    def save(self, path: str | Path) -> Path:
        """Write the table to a file of its own."""
        self._merge()
        path = Path(path)
        if self.path is not None:
            _link(self.path, path)
            return path
        settings = {"dtype": self.dtype, "attrs": self.attrs, "unknown": self.unknown}
        return write_table(path, self.source(), name=self.name, **settings)

    def reference(self) -> dict[str, Any] | None:
        """What a saved vocab holds of its table: where it is and which one it is. None for a table
        in memory, or with changes that no file holds."""
        if self.path is None or self._changes:
            return None
        return self._reference(str(self.path))

    def _reference(self, path: str) -> dict[str, Any]:
        kept = {"by_reference": True} if self.by_reference else {}
        return {"@vectors": "spanloom.Vectors.v1", "path": path, "hash": self.hash, **kept}

    def to_disk(self, folder: str | Path) -> None:
        """Write :data:`REFERENCE` into a vocab's folder, and the table beside it, as a hard link
        where the file system can, unless the table was opened by reference."""
        import srsly

        self._merge()
        folder = Path(folder)
        if not self.by_reference:
            self.save(folder / FILE)
        path = str(self.path) if self.by_reference else FILE
        write_text(folder / REFERENCE, srsly.json_dumps(self._reference(path), indent=2))

    def __reduce__(self) -> tuple[Any, ...]:
        changes = list(self._changes.values())
        if self.path is None:
            raise DataError(
                "a table in memory can't be sent to another process: save it, and open the file"
            )
        base = str(self.header["hash"])
        return _restore, (str(self.path), base, self.by_reference, changes)


class _Gathered:
    """Rows of a table by slices or indices, as float32, for writers that stream."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.shape = table.shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        at = np.arange(*key.indices(len(self))) if isinstance(key, slice) else key
        return self.table.gather(at)


def _restore(path: str, hash: str, by_reference: bool, changes: Iterable[tuple[str, Any]]) -> Table:
    table = Table.open(path, hash=hash, by_reference=by_reference)
    for text, vector in changes:
        table.set_vector(text, vector)
    return table


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and os.path.samefile(source, target):
        return
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
