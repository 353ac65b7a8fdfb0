"""What all readers have in common: vectors that can't be used are left out and counted, and a file
without any other is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import FormatError

from ..build import Chunk, Source, kept
from ..problems import Problems

__all__ = ["sound"]

_BLOCK = 4096


def sound(source: Source, path: str | Path, problems: Problems) -> Source:
    """The same source without vectors that hold infinity or NaN: these are problems.

    Raises :class:`~spanloom.errors.FormatError` for rows that are no real numbers at once, and for
    no vector at all when the stream has come to its end.
    """
    if source.shared is not None:
        words, key_rows, table = source.shared
        size = len(table)
        finite = [_finite(path, table[i : i + _BLOCK])[0] for i in range(0, size, _BLOCK)]
        good = np.concatenate([np.zeros(0, dtype=np.bool_), *finite])
        keep = good[key_rows]
        for i in np.flatnonzero(~keep).tolist():
            _report(problems, i + 1, words[i])
        if not good.all():
            source.shared = kept(source.shared, keep)
            source.total = int(keep.sum())
        if not keep.any():
            raise _nothing(path, problems)
    elif source.subwords is None or source.subwords.kind != "floret":
        source.chunks = _sound(source.chunks, path, problems)
    return source


def _sound(chunks: Iterable[Chunk], path: str | Path, problems: Problems) -> Iterator[Chunk]:
    seen = count = 0
    for chunk in chunks:
        finite, rows = _finite(path, chunk.rows)
        words, lines, counts = chunk.words, chunk.lines, chunk.counts
        if not finite.all():
            for i in np.flatnonzero(~finite).tolist():
                _report(problems, lines[i] if lines is not None else seen + i + 1, words[i])
            keep = np.flatnonzero(finite).tolist()
            rows, words = rows[keep], [words[i] for i in keep]
            lines = None if lines is None else [lines[i] for i in keep]
            counts = None if counts is None else [counts[i] for i in keep]
        seen, count = seen + len(finite), count + len(words)
        yield Chunk(words, rows, lines, counts)
    if not count:
        raise _nothing(path, problems)


def _finite(path: str | Path, rows: Any) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which of some rows hold finite numbers alone, and the rows as float32."""
    if rows.dtype.kind not in "fiu":
        raise FormatError(path, None, f"the vectors are an array of {rows.dtype}, not of numbers")
    with np.errstate(over="ignore"):
        rows = np.asarray(rows, dtype=np.float32)
    return np.isfinite(rows).all(axis=1), rows


def _report(problems: Problems, line: int, word: str) -> None:
    problems.add("number", line, f"infinity or NaN in the vector of {word!r}")


def _nothing(path: str | Path, problems: Problems) -> FormatError:
    first = f": {problems.examples[0]}" if problems.examples else ""
    return FormatError(path, None, f"there isn't one usable vector in it{first}")
