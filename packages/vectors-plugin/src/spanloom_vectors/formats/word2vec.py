"""word2vec's binary format: a line with the number of words and dimensions; then each word, a
space, and its numbers as float32, little endian. Some writers put a line end after each vector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from spanloom.errors import FormatError

from ..build import Chunk, Source
from ..problems import Problems
from .streams import check_size, reading, writing
from .text import check_words

__all__ = ["read_word2vec", "write_word2vec"]

_READ = 1 << 21


def read_word2vec(path: str | Path, problems: Problems, *, encoding: str = "utf8") -> Source:
    """A stream over a file in word2vec's binary format."""
    with reading(path) as file:
        fields = file.readline(100).split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        raise FormatError(path, 1, "the first line doesn't hold the number of words and dimensions")
    total, width = map(int, fields)
    if width < 1:
        raise FormatError(path, 1, f"vectors of {width} dimensions")
    check_size(path, 4 * width + 2, f"vectors of {width} numbers")
    chunks = _chunks(Path(path), total, width, problems, encoding)
    return Source(width, chunks, total=total)


def _chunks(
    path: Path, total: int, width: int, problems: Problems, encoding: str
) -> Iterator[Chunk]:
    size, number = 4 * width, 0
    with reading(path) as file:
        file.readline()
        rest = b""
        while number < total:
            data = file.read(_READ)
            if not data:
                raise FormatError(
                    path,
                    None,
                    f"only {number} of {total} vectors are there: the file was cut short",
                )
            data = rest + data
            words: list[bytes] = []
            places: list[int] = []
            at = 0
            while number + len(words) < total:
                space = data.find(b" ", at)
                if space < 0 or space + 1 + size > len(data):
                    break
                words.append(data[at:space].lstrip(b"\n"))
                places.append(space + 1)
                at = space + 1 + size
            rest = data[at:]
            if len(rest) > size + _READ and rest.find(b" ", 0, _READ) < 0:
                raise FormatError(path, None, f"word {number + len(words) + 1} has no end")
            if words:
                yield _chunk(data, words, places, width, number + 1, problems, encoding)
                number += len(words)
        if (rest + file.read(_READ)).strip(b"\n"):
            raise FormatError(
                path, None, f"there are more than the {total} vectors that the header announces"
            )


def _chunk(
    data: bytes,
    words: list[bytes],
    places: list[int],
    width: int,
    first: int,
    problems: Problems,
    encoding: str,
) -> Chunk:
    raw = np.frombuffer(data, dtype=np.uint8)
    spots = np.array(places)[:, None] + np.arange(4 * width)
    rows = raw[spots].view("<f4")
    decoded: list[str] = []
    keep: list[int] = []
    for i, word in enumerate(words):
        try:
            text = word.decode(encoding)
        except UnicodeDecodeError:
            problems.undecodable(first + i, word)
            continue
        if not text:
            problems.add("empty", first + i, "there is no word before the numbers")
        else:
            decoded.append(text)
            keep.append(i)
    if len(keep) < len(words):
        rows = rows[keep]
    return Chunk(decoded, rows, [first + i for i in keep])


def write_word2vec(path: str | Path, source: Source, *, newline: bool = True) -> None:
    """Write word2vec's binary format. Spaces in words become underscores, since the first space
    ends the word. Raises :class:`~spanloom.errors.DataError` as :func:`.text.write_text` does."""
    end = b"\n" if newline else b""
    with writing(path) as file:
        file.write(f"{source.total} {source.width}\n".encode())
        for chunk in source.counted(path):
            check_words(chunk.words, path)
            rows = np.ascontiguousarray(chunk.rows, dtype="<f4")
            file.write(
                b"".join(
                    word.replace(" ", "_").encode("utf8") + b" " + row.tobytes() + end
                    for word, row in zip(chunk.words, rows)
                )
            )
