"""Writing tables: rows are streamed, words are collected."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError
from spanloom.io.files import file_written
from spanloom.vocab.strings import hash_strings

from .problems import Problems
from .storage import Sections, SectionWriter
from .subwords import Subwords

__all__ = ["ATTRS", "DTYPES", "UNKNOWN", "Chunk", "Source", "write_sections", "write_table"]

DTYPES = ("float32", "float16", "int8")
ATTRS = ("ORTH", "LOWER", "NORM", "LEMMA")
UNKNOWN = ("zero", "mean", "hash", "subword")

#: Rows that are worked on at a time.
_BLOCK = 4096


@dataclass(frozen=True)
class Chunk:
    """Some words with their vectors, shape ``(len(words), width)``.

    ``lines`` says where each word stands in the file; ``counts`` how often it was seen in the
    training text, where the format tells.
    """

    words: Sequence[str]
    rows: NDArray[Any]
    lines: Sequence[int] | None = None
    counts: Sequence[int] | None = None


@dataclass
class Source:
    """A stream of words and vectors, and what a format knows beside them.

    ``total`` is the number of words as far as it is known beforehand. ``buckets`` holds the rows
    of ``subwords``, shape ``(buckets, width)``. ``key_rows`` is for formats in which several words
    share a row: then ``chunks`` yields rows and words separately, see :mod:`.formats.spacy`.
    """

    width: int
    chunks: Iterable[Chunk]
    total: int | None = None
    subwords: Subwords | None = None
    buckets: NDArray[Any] | None = None
    attrs: Sequence[str] | None = None
    shared: tuple[Sequence[str], NDArray[np.int64], NDArray[Any]] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def check_words(self) -> None:
        """Raise :class:`~spanloom.errors.DataError` for a floret table, in which words have no
        vectors of their own, so that a format of words can't hold it."""
        if self.subwords is not None and self.subwords.kind == "floret":
            raise DataError(
                "a floret table has no words, only rows of pieces: it can be written in floret's "
                "format (.floret), as a table (.wlv) or as a folder of spaCy's"
            )

    def counted(self, path: str | Path) -> Iterator[Chunk]:
        """The chunks, for a format that says beforehand how many words there are: another number
        raises :class:`~spanloom.errors.DataError`."""
        count = 0
        for chunk in self.chunks:
            count += len(chunk.words)
            yield chunk
        if count != self.total:
            raise DataError(
                f"'{path}': {count} words came where {self.total} were announced: make a table of "
                f"them first (Table.from_source), and write its source()"
            )

    def arrays(self) -> tuple[list[str], NDArray[np.float32]]:
        """All words, and all rows in one array: for what is small."""
        words: list[str] = []
        rows = [np.zeros((0, self.width), dtype=np.float32)]
        for chunk in self.chunks:
            words.extend(chunk.words)
            rows.append(np.asarray(chunk.rows, dtype=np.float32))
        return words, np.concatenate(rows)


def kept(
    shared: tuple[Sequence[str], NDArray[np.int64], Any], keep: NDArray[np.bool_]
) -> tuple[Sequence[str], NDArray[np.int64], Any]:
    """Of words that share rows those that are to be kept, with the rows that they need."""
    words, key_rows, table = shared
    used, fresh = np.unique(key_rows[keep], return_inverse=True)
    return [words[i] for i in np.flatnonzero(keep).tolist()], fresh.astype(np.int64), table[used]


class _Keys:
    """Words in order, and which of their ids are known already."""

    def __init__(self, problems: Problems | None) -> None:
        self.problems = problems
        self.text = bytearray()
        self.sizes: list[NDArray[np.int64]] = []
        self.ids: list[NDArray[np.uint64]] = []
        self.count = 0
        self._runs: list[NDArray[np.uint64]] = []

    def add(self, words: Sequence[str], lines: Sequence[int] | None) -> NDArray[np.bool_]:
        """Take new words; returns which of them are new, and thus were taken."""
        ids = hash_strings(words)
        fresh = np.zeros(len(ids), dtype=np.bool_)
        fresh[np.unique(ids, return_index=True)[1]] = True
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, ids), len(run) - 1)
            fresh &= run[at] != ids
        if not fresh.all():
            for i in np.flatnonzero(~fresh).tolist():
                self._report(words[i], lines[i] if lines is not None else self.count + i + 1)
            words = [word for word, keep in zip(words, fresh.tolist()) if keep]
        encoded = [word.encode("utf8", "surrogatepass") for word in words]
        self.text += b"".join(encoded)
        self.sizes.append(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)))
        self.ids.append(ids[fresh])
        self.count += len(encoded)
        self._remember(np.sort(ids[fresh]))
        return fresh

    def _report(self, word: str, line: int) -> None:
        if self.problems is None:
            raise DataError(f"the word {word!r} is there twice")
        self.problems.add("duplicate", line, f"the word {word!r} was there before")

    def _remember(self, run: NDArray[np.uint64]) -> None:
        # Runs of doubling sizes: each id is merged a few times, and few runs are searched.
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if len(run):
            self._runs.append(run)

    def write(self, writer: SectionWriter) -> None:
        ids = np.concatenate([np.zeros(0, dtype=np.uint64), *self.ids])
        order = np.argsort(ids, kind="stable")
        writer.write("ids", [ids[order]], "uint64")
        writer.write("order", [order], "uint32")
        sizes = np.concatenate([np.zeros(1, dtype=np.int64), *self.sizes])
        writer.write("offsets", [np.cumsum(sizes)], "uint64")
        writer.write("text", [np.frombuffer(self.text, dtype=np.uint8)], "uint8")


class _Rows:
    """Rows on their way to the file, in its dtype; norms and the sum of all are kept."""

    def __init__(self, width: int, dtype: str) -> None:
        self.width = width
        self.dtype = dtype
        self.norms: list[NDArray[np.float32]] = []
        self.scales: list[NDArray[np.float32]] = []
        self.sum = np.zeros(width, dtype=np.float64)
        self.count = 0

    def convert(self, rows: NDArray[Any]) -> NDArray[Any]:
        if rows.dtype.kind not in "fiub":
            raise DataError(f"vectors must be real numbers, not an array of {rows.dtype}")
        with np.errstate(over="ignore"):  # infinity is refused below
            rows = np.ascontiguousarray(rows, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise DataError(f"rows of shape {rows.shape} in a table of width {self.width}")
        if not np.isfinite(rows).all():
            bad = self.count + int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
            raise DataError(f"row {bad} holds infinity or NaN: such a vector would spoil any sum")
        self.count += len(rows)
        self.sum += rows.sum(axis=0, dtype=np.float64)
        stored: NDArray[Any] = rows
        if self.dtype == "int8":
            scales = np.abs(rows).max(axis=1, initial=0.0) / 127.0
            stored = np.rint(rows / np.where(scales > 0, scales, 1.0)[:, None]).astype(np.int8)
            self.scales.append(scales.astype(np.float32))
            rows = stored.astype(np.float32) * scales[:, None].astype(np.float32)
        elif self.dtype == "float16":
            if np.abs(rows).max(initial=0.0) > 65504:
                raise DataError("float16 holds numbers up to 65504: use float32 for these vectors")
            stored = rows.astype(np.float16)
            rows = stored.astype(np.float32)
        self.norms.append(np.sqrt(np.einsum("ij,ij->i", rows, rows)))
        return stored

    def write_rest(self, writer: SectionWriter) -> None:
        writer.write("norms", self.norms, "float32")
        writer.write("mean", [self.sum / max(self.count, 1)], "float32")
        if self.dtype == "int8":
            writer.write("scales", self.scales, "float32")


def write_sections(
    file: IO[bytes],
    source: Source,
    *,
    dtype: str = "float32",
    attrs: Sequence[str] | None = None,
    unknown: str | None = None,
    problems: Problems | None = None,
    limit: int | None = None,
    name: str = "",
) -> dict[str, Any]:
    """Write a table to an open, seekable file; see :func:`write_table`. Returns the header."""
    attrs = list(attrs or source.attrs or ["ORTH"])
    kind: Literal["words", "floret"] = "words"
    if source.subwords is not None and source.subwords.kind == "floret":
        kind = "floret"
    unknown = unknown or ("subword" if source.subwords is not None else "zero")
    _check_settings(dtype, attrs, unknown, source)
    if limit is not None and (limit < 1 or kind == "floret"):
        what = "a floret table has no words to take the first of"
        raise DataError(
            f"limit {limit}: {what if limit > 0 else 'there must be at least one word'}"
        )
    writer = SectionWriter(file)
    keys, rows = _Keys(problems), _Rows(source.width, dtype)
    if kind == "floret":
        if source.buckets is None:
            raise DataError(
                "a source with the subwords of floret needs their rows: give it `buckets`, an "
                "array of shape (number of buckets, width)"
            )
        writer.write("rows", map(rows.convert, _blocks(source.buckets)), dtype, source.width)
    elif source.shared is not None:
        shared = source.shared
        if limit is not None and limit < len(shared[0]):
            shared = kept(shared, np.arange(len(shared[0])) < limit)
        words, key_rows, table = shared
        fresh = keys.add(words, None)
        writer.write("rows", map(rows.convert, _blocks(table)), dtype, source.width)
        writer.write("key_rows", [key_rows[fresh]], "uint32")
    else:
        counts: list[NDArray[np.int64]] = []
        parts = _taken(source.chunks, keys, limit, counts)
        writer.write("rows", map(rows.convert, parts), dtype, source.width)
        if counts and sum(map(len, counts)) == keys.count:
            writer.write("counts", counts, "int64")
    rows.write_rest(writer)
    if kind == "words":
        keys.write(writer)
        if source.buckets is not None:
            buckets = map(_finite, _blocks(source.buckets))
            writer.write("buckets", buckets, "float32", source.width)
    header = {
        "kind": kind,
        "name": name,
        "width": source.width,
        "dtype": dtype,
        "attrs": attrs,
        "unknown": unknown,
        "subwords": source.subwords.to_dict() if source.subwords is not None else None,
        "extra": dict(source.extra),
    }
    return writer.finish(header)


def _check_settings(dtype: str, attrs: Sequence[str], unknown: str, source: Source) -> None:
    if dtype not in DTYPES:
        raise DataError(f"dtype {dtype!r}: a table holds {', '.join(DTYPES)}")
    for attr in attrs:
        if attr not in ATTRS:
            raise DataError(f"words can't be looked up by {attr!r}: use {', '.join(ATTRS)}")
    if unknown not in UNKNOWN:
        raise DataError(f"unknown words: {unknown!r} is none of {', '.join(UNKNOWN)}")
    if unknown == "subword" and source.subwords is None:
        raise DataError("unknown words can only be composed of subwords by a table that has them")
    if source.width < 1:
        raise DataError(f"vectors of {source.width} dimensions: there must be at least one")


def _finite(rows: NDArray[Any]) -> NDArray[Any]:
    if not np.isfinite(rows).all():
        raise DataError("the rows of subwords hold infinity or NaN: the table is damaged")
    return rows


def _blocks(table: NDArray[Any], size: int = _BLOCK) -> Iterator[NDArray[Any]]:
    return (table[start : start + size] for start in range(0, len(table), size))


def _grouped(chunks: Iterable[Chunk], size: int = _BLOCK) -> Iterator[Chunk]:
    """The same words in chunks of ``size`` or a little more: hashing few at a time is slow."""
    group: list[Chunk] = []
    count = 0
    for chunk in chunks:
        group.append(chunk)
        count += len(chunk.words)
        if count >= size:
            yield _joined(group)
            group, count = [], 0
    if group:
        yield _joined(group)


def _joined(group: Sequence[Chunk]) -> Chunk:
    if len(group) == 1:
        return group[0]
    lines = [chunk.lines for chunk in group if chunk.lines is not None]
    counts = [chunk.counts for chunk in group if chunk.counts is not None]
    return Chunk(
        [word for chunk in group for word in chunk.words],
        np.concatenate([chunk.rows for chunk in group]),
        [line for part in lines for line in part] if len(lines) == len(group) else None,
        [count for part in counts for count in part] if len(counts) == len(group) else None,
    )


def _taken(
    chunks: Iterable[Chunk], keys: _Keys, limit: int | None, counts: list[NDArray[np.int64]]
) -> Iterator[NDArray[Any]]:
    """The rows of new words, up to ``limit`` of them."""
    for chunk in _grouped(chunks, _BLOCK if limit is None else min(limit, _BLOCK)):
        words, rows = chunk.words, chunk.rows
        if limit is not None and keys.count + len(words) > limit:
            words, rows = words[: limit - keys.count], rows[: limit - keys.count]
        fresh = keys.add(words, chunk.lines)
        if chunk.counts is not None:
            counts.append(np.asarray(chunk.counts[: len(words)], dtype=np.int64)[fresh])
        yield rows if fresh.all() else rows[fresh]
        if limit is not None and keys.count >= limit:
            return


def write_table(path: str | Path, source: Source, **settings: Any) -> Path:
    """Write a table file, under a temporary name that is replaced when it is whole.

    Settings: ``dtype`` is float32, float16, or int8 with a scale for each row; ``attrs`` are the
    attributes by which a word is looked up, the first that is found wins; ``unknown`` says which
    vector a word without one gets: ``zero``, the ``mean`` of all, a fixed one made from its
    ``hash``, or one composed of its ``subword`` buckets; ``limit`` takes the first words only;
    ``problems`` collects repeated words, which are an error without it.

    Raises :class:`~spanloom.errors.DataError` for settings and vectors that can't be.
    """
    with file_written(path) as file:
        write_sections(file, source, **settings)
    return Path(path)


def in_memory(source: Source, **settings: Any) -> Sections:
    """The sections of a table that is in no file."""
    buffer = io.BytesIO()
    write_sections(buffer, source, **settings)
    return Sections.of(buffer.getbuffer(), "a table in memory")
