"""floret's text format: a line with buckets, dimensions, minn, maxn, hashes, seed, and the marks
for the beginning and end of a word; then each row, its number first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, FormatError

from ..build import Source
from ..problems import Problems
from ..subwords import Subwords
from .streams import reading, writing
from .text import line_chunks

__all__ = ["is_floret", "read_floret", "write_floret"]


def is_floret(line: bytes) -> bool:
    """Whether this can be the first line of a floret file."""
    fields = line.split()
    return len(fields) == 8 and all(field.isdigit() for field in fields[:6])


def read_floret(path: str | Path, problems: Problems) -> Source:
    """The rows of a floret file."""
    with reading(path) as file:
        line = file.readline(1000)
    if not is_floret(line):
        raise FormatError(path, 1, "this isn't the header of a floret file (8 fields are due)")
    buckets, width, minn, maxn, count, seed = map(int, line.split()[:6])
    bow, eow = (field.decode("utf8") for field in line.split()[6:])
    try:
        subwords = Subwords("floret", buckets, minn, maxn, count, seed, bow, eow)
    except DataError as error:
        raise FormatError(path, 1, str(error)) from error
    table: NDArray[np.float32] = np.zeros((buckets, width), dtype=np.float32)
    seen = np.zeros(buckets, dtype=np.bool_)
    for numbers, rows in _rows(path, width, problems):
        if numbers.max(initial=0) >= buckets:
            raise FormatError(path, None, f"row {numbers.max()} of {buckets}")
        table[numbers], seen[numbers] = rows, True
    if not seen.all():
        raise FormatError(path, None, f"{int(seen.sum())} of {buckets} rows are there: cut short")
    return Source(width, (), total=0, subwords=subwords, buckets=table)


def _rows(
    path: str | Path, width: int, problems: Problems
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    for chunk in line_chunks(Path(path), width, True, False, problems):
        try:
            yield np.array([int(word) for word in chunk.words]), chunk.rows
        except ValueError as error:
            raise FormatError(path, None, f"a row's number is no number: {error}") from error


def write_floret(path: str | Path, source: Source) -> None:
    """Write floret's text format. Raises :class:`~spanloom.errors.DataError` for other tables."""
    subwords = source.subwords
    if subwords is None or subwords.kind != "floret" or source.buckets is None:
        raise DataError("only a floret table can be written in floret's format")
    head = [subwords.buckets, source.width, subwords.minn, subwords.maxn]
    tail = [subwords.hash_count, subwords.hash_seed, subwords.bow, subwords.eow]
    with writing(path) as file:
        file.write(" ".join(map(str, [*head, *tail])).encode("utf8") + b"\n")
        for number in range(subwords.buckets):
            row = np.asarray(source.buckets[number : number + 1], dtype=np.float32)[0]
            file.write(f"{number} {' '.join(row.astype(str).tolist())}\n".encode())
