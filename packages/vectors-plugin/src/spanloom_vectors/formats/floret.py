"""floret's text format: a line with buckets, dimensions, minn, maxn, hashes, seed, and the marks
for the beginning and end of a word; then each row, its number first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, FormatError

from ..build import Source
from ..problems import Problems
from ..subwords import Subwords
from .streams import recoded, writing
from .text import line_chunks

__all__ = ["is_floret", "read_floret", "write_floret"]


def is_floret(line: bytes) -> bool:
    """Whether this can be the first line of a floret file."""
    fields = line.split()
    return len(fields) == 8 and all(field.isdigit() for field in fields[:6])


def read_floret(path: str | Path, problems: Problems, *, encoding: str = "utf8") -> Source:
    """The rows of a floret file."""
    with recoded(path, encoding) as file:
        line = file.readline(1000).removeprefix(b"\xef\xbb\xbf")
    if not is_floret(line):
        raise FormatError(path, 1, "this isn't the header of a floret file (8 fields are due)")
    buckets, width, minn, maxn, count, seed = map(int, line.split()[:6])
    try:
        bow, eow = (field.decode("utf8") for field in line.split()[6:])
        subwords = Subwords("floret", buckets, minn, maxn, count, seed, bow, eow)
    except (DataError, UnicodeDecodeError) as error:
        raise FormatError(path, 1, str(error)) from error
    # All rows are read before memory is asked for: the header may say anything.
    numbers: list[int] = []
    parts: list[NDArray[np.float32]] = []
    for chunk in line_chunks(path, width, buckets, False, problems, header=True, encoding=encoding):
        odd = [word for word in chunk.words if not (word.isdecimal() and int(word) < buckets)]
        if odd:
            raise FormatError(path, None, f"row {odd[0]} of {buckets}: no such row")
        numbers += map(int, chunk.words)
        parts.append(chunk.rows)
    if len(set(numbers)) < buckets:
        raise FormatError(path, None, f"{len(set(numbers))} of {buckets} rows are there: cut short")
    table = np.empty((buckets, width), dtype=np.float32)
    table[numbers] = np.concatenate(parts)
    return Source(width, (), total=0, subwords=subwords, buckets=table)


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
