"""Tables of word vectors."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from wordloom.errors import DataError, SerializationError
from wordloom.files import write_text
from wordloom.strings import hash_string, hash_strings

from .build import Chunk, Source, in_memory, write_table
from .similar import Hits, Scope, analogy, nearest_words
from .storage import Sections, content_hash
from .subwords import Subwords
from .unknown import hashed_vectors
from .words import Words

if TYPE_CHECKING:
    from wordloom.lexicon import Lexicon

__all__ = ["FILE", "REFERENCE", "Table"]

FILE = "vectors.wlv"
"""The name of the table's file in a vocab's folder."""

REFERENCE = "vectors.json"
"""The name of the file that says which table a vocab uses."""

Ids = Callable[[str, NDArray[np.int64]], NDArray[np.uint64]]
Texts = Callable[[NDArray[np.int64]], list[str]]


class Table:
    """Words and their vectors, mapped into memory from a file that never changes.

    A table of kind ``words`` has a row for each word; with :attr:`subwords` (fastText) it also
    composes vectors for others. One of kind ``floret`` composes all. Words are looked up by the
    attributes in :attr:`attrs`, in that order; a word that isn't there gets what :attr:`unknown`
    says, and counts as having no vector unless it was composed.

    What :meth:`set_vector` changes belongs to this object alone, not to others on the same file.
    """

    __slots__ = ("__dict__", "_changes", "by_reference", "path", "sections")

    def __init__(
        self, sections: Sections, path: Path | None = None, *, by_reference: bool = False
    ) -> None:
        self.sections = sections
        self.path = path
        self.by_reference = by_reference
        self._changes: dict[int, tuple[str, NDArray[np.float32]]] = {}

    # -- making

    @classmethod
    def open(
        cls, path: str | Path, *, hash: str | None = None, by_reference: bool = False
    ) -> Self:
        """Open a table file; nothing but its header is read.

        With ``hash``, another table than that one raises
        :class:`~wordloom.errors.SerializationError`, naming both. With ``by_reference``, a pipeline
        that is saved with this table refers to the file where it is, instead of holding it.
        """
        path = Path(path)
        table = cls(Sections.open(path), path.absolute(), by_reference=by_reference)
        if hash is not None and table.hash != hash:
            raise SerializationError(
                f"'{path}' is another table of vectors: its hash is {table.hash}, and {hash} is "
                f"needed. A model works with the table that it was trained with only: put that one "
                f"in its place, or train again"
            )
        return table

    @classmethod
    def from_arrays(
        cls, words: Sequence[str], rows: NDArray[Any], **settings: Any
    ) -> Self:
        """A table in memory of ``rows``, shape ``(len(words), width)``.

        ``settings`` are those of :func:`~wordloom_vectors.write_table`. Raises
        :class:`~wordloom.errors.DataError` where they don't fit or a word is there twice.
        """
        rows = np.asarray(rows)
        if rows.ndim != 2 or len(rows) != len(words):
            raise DataError(f"{len(words)} words need rows of shape ({len(words)}, width), not {rows.shape}")
        return cls.from_source(Source(rows.shape[1], [Chunk(words, rows)]), **settings)

    @classmethod
    def from_source(cls, source: Source, **settings: Any) -> Self:
        """A table in memory of what a reader gives."""
        return cls(in_memory(source, **settings))

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
    def hash(self) -> str:
        """The hash of the content, 32 hex digits. Equal tables have equal hashes, wherever they
        are and however they came about."""
        self._merge()
        return str(self.header["hash"])

    def verify(self) -> None:
        """Compute the hash anew. Raises :class:`~wordloom.errors.SerializationError` if the file
        was changed or damaged after it was written."""
        self._merge()
        found = content_hash(self.header, self.sections.digests())
        if found != self.header["hash"]:
            raise SerializationError(
                f"{self.sections.source}: the content has the hash {found}, and its header says "
                f"{self.header['hash']}: the file is damaged, make or copy it again"
            )

    @cached_property
    def words(self) -> Words:
        """The words, in the order of the file that they came from."""
        self._merge()
        arrays = self.sections.arrays
        if self.kind == "floret":
            return Words(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.uint64))
        return Words(arrays["text"], arrays["offsets"])

    def __len__(self) -> int:
        return self.shape[0]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and bool(self.known([word])[0])

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        """The vector of a word. Raises :class:`KeyError` if it has none."""
        if word not in self:
            raise KeyError(f"{word!r} has no vector in this table")
        return self.vectors_for([word])[0]

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"<Table{name} {self.kind} {self.shape[0]} x {self.width} {self.dtype} {self.hash[:8]}>"

    # -- looking up

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
        arrays = self.sections.arrays
        present = rows if not len(rows) or rows.min() >= 0 else np.maximum(rows, 0)
        if self._changes:
            present = np.where(present >= len(self), 0, present)
        if not len(self):
            values = np.zeros((len(rows), self.width), dtype=np.float32)
        else:
            values = arrays["rows"][present].astype(np.float32, copy=False)
        if self.dtype == "int8" and len(self):
            values *= arrays["scales"][present][:, None]
        values[rows < 0] = 0.0
        if self._changes:
            fresh = [vector for _, vector in self._changes.values()]
            for i in np.flatnonzero(rows >= len(self)).tolist():
                values[i] = fresh[rows[i] - len(self)]
        return values

    def rows_for(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """The row of each text, shape ``(len(texts),)``; -1 where there is none. Words whose
        vectors are composed have none."""
        return self._find(len(texts), _ids_of(texts))

    def known(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each text has a vector, in the table or composed, shape ``(len(texts),)``."""
        known = self.rows_for(texts) >= 0
        if self.subwords is not None and not known.all():
            missing = np.flatnonzero(~known)
            counts = self.subwords.rows(_as(self.attrs[0], [texts[i] for i in missing.tolist()]))[1]
            known[missing] = counts > 0
        return known

    def vectors_for(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vector of each text, float32 of shape ``(len(texts), width)``: where there is none,
        what :attr:`unknown` says."""
        return self._vectors(
            len(texts), _ids_of(texts), lambda at: _as(self.attrs[0], [texts[i] for i in at.tolist()])
        )

    def vectors_at(self, lexicon: Lexicon, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """The vectors of word types, rows of a vocab's lexicon: as :meth:`vectors_for`, without
        hashing a string."""

        def ids(attr: str, at: NDArray[np.int64]) -> NDArray[np.uint64]:
            found: NDArray[np.uint64] = lexicon.column(_column(attr))[rows[at]]
            return found

        def texts(at: NDArray[np.int64]) -> list[str]:
            return [lexicon.strings[number] for number in ids(self.attrs[0], at).tolist()]

        return self._vectors(len(rows), ids, texts)

    def _find(self, count: int, ids: Ids) -> NDArray[np.int64]:
        rows = np.full(count, -1, dtype=np.int64)
        left = np.arange(count)
        for attr in self.attrs:
            rows[left] = self.find(ids(attr, left))
            left = left[rows[left] < 0]
            if not len(left):
                break
        return rows

    def _vectors(self, count: int, ids: Ids, texts: Texts) -> NDArray[np.float32]:
        rows = self._find(count, ids)
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

    @property
    def bucket_rows(self) -> NDArray[Any]:
        """The rows of n-gram buckets, shape ``(buckets, width)``; of a floret table all rows."""
        if self.kind != "floret":
            return self.sections.arrays["buckets"]
        return self.gather(np.arange(len(self))) if self.dtype == "int8" else self.sections.arrays["rows"]

    # -- similarity

    def most_similar(
        self,
        queries: str | Sequence[str] | NDArray[Any] | None = None,
        n: int = 10,
        *,
        positive: Sequence[str | NDArray[Any]] = (),
        negative: Sequence[str | NDArray[Any]] = (),
        filter: Callable[[str], bool] | None = None,
        among: Sequence[str] | None = None,
    ) -> Any:
        """The ``n`` words whose vectors have the largest cosine with each query, best first.

        A word or a vector gives one list of ``(word, cosine)``; several words, or vectors of shape
        ``(m, width)``, give a list of lists. ``positive`` and ``negative`` give one list, for the
        sum of their unit vectors. Words of the query aren't among the answers. ``filter`` says
        which words may be, ``among`` names all candidates. The search is exact; rows of zeros and
        rows without a word are left out. Raises :class:`~wordloom.errors.DataError` for a word
        without a vector.
        """
        self._merge()
        if among is not None or self.kind == "floret":
            table = self._of(among)
            if isinstance(queries, str):
                return table.most_similar(self[queries], n, filter=_but({queries}, filter))
            if queries is not None and len(queries) and isinstance(queries[0], str):
                return [
                    table.most_similar(self[str(q)], n, filter=_but({str(q)}, filter)) for q in queries
                ]
            taken = {word for word in (*positive, *negative) if isinstance(word, str)}
            signed = [[self[w] if isinstance(w, str) else w for w in ws] for ws in (positive, negative)]
            return table.most_similar(
                queries, n, positive=signed[0], negative=signed[1], filter=_but(taken, filter)
            )
        if queries is None:
            return analogy(self, positive, negative, n, filter)
        return nearest_words(self, queries, n, filter)

    def _of(self, words: Sequence[str] | None) -> Table:
        if words is None:
            raise DataError(
                "a floret table holds no words that could be answers: say which, among=[...]"
            )
        words = list(dict.fromkeys(words))
        return Table.from_arrays(words, self.vectors_for(words))

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

    def hits(self, vectors: NDArray[Any], n: int) -> Hits:
        """Rows and cosines of the ``n`` nearest rows of each vector, see :mod:`.similar`."""
        from .similar import search

        return search(self, np.asarray(vectors, dtype=np.float32), n)

    # -- changing

    def set_vector(self, text: str, vector: Any) -> None:
        """Give a word a vector of shape ``(width,)``. The file stays as it is: save the table, or
        the pipeline, to keep the change. Raises :class:`~wordloom.errors.DataError` for another
        shape, for what isn't finite, and for a floret table."""
        vector = np.array(vector, dtype=np.float32)
        if vector.shape != (self.width,):
            raise DataError(f"a vector of shape {vector.shape} for {text!r}: it must be ({self.width},)")
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
        new_words, new_rows = [], []
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

    def reference(self, path: str) -> dict[str, Any]:
        """What a saved vocab holds of its table: where it is and which one it is."""
        return {"@vectors": "wordloom.Vectors.v1", "path": path, "hash": self.hash}

    def to_disk(self, folder: str | Path) -> None:
        """Write :data:`REFERENCE` into a vocab's folder, and the table beside it, as a hard link
        where the file system can, unless the table was opened by reference."""
        import srsly

        self._merge()
        folder = Path(folder)
        if not self.by_reference:
            self.save(folder / FILE)
        path = str(self.path) if self.by_reference else FILE
        write_text(folder / REFERENCE, srsly.json_dumps(self.reference(path), indent=2))

    def __reduce__(self) -> tuple[Any, ...]:
        changes = list(self._changes.values())
        if self.path is None:
            raise DataError(
                "a table in memory can't be sent to another process: save it, and open the file"
            )
        base = str(self.header["hash"])
        return _restore, (str(self.path), base, self.by_reference, changes)


class _Gathered:
    """Rows of a table by slices, as float32, for writers that stream."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.shape = table.shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: slice) -> NDArray[np.float32]:
        return self.table.gather(np.arange(*key.indices(len(self))))


def _restore(path: str, hash: str, by_reference: bool, changes: Iterable[tuple[str, Any]]) -> Table:
    table = Table.open(path, hash=hash, by_reference=by_reference)
    for text, vector in changes:
        table.set_vector(text, vector)
    return table


def _but(words: set[str], filter: Callable[[str], bool] | None) -> Callable[[str], bool]:
    return lambda word: word not in words and (filter is None or filter(word))


def _column(attr: str) -> str:
    # A word type has no lemma: tokens do, see StaticVectors.
    return "ORTH" if attr == "LEMMA" else attr


def _as(attr: str, texts: Sequence[str]) -> list[str]:
    return [text.lower() for text in texts] if attr in ("LOWER", "NORM") else list(texts)


def _ids_of(texts: Sequence[str]) -> Ids:
    return lambda attr, at: hash_strings(_as(attr, [texts[i] for i in at.tolist()]))


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and os.path.samefile(source, target):
        return
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
