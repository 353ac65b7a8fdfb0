"""Vectors as text: a word and its numbers on each line.

word2vec's and fastText's (``.vec``) have a first line with the number of words and dimensions,
GloVe's have none. Words may hold spaces: the numbers are counted from the end of the line.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, FormatError

from ..build import Chunk, Source
from ..problems import Problems
from .numbers import parse_numbers
from .streams import reading, writing

__all__ = ["check_words", "line_chunks", "read_text", "write_text"]

#: Bytes that are parsed at a time: arrays over them should fit into the processor's cache.
_BLOCK = 1 << 18
#: Lines from which the width is told, where no header says it.
_SAMPLE = 100


def read_text(path: str | Path, problems: Problems) -> Source:
    """A stream over a file in word2vec's, fastText's or GloVe's text format."""
    with reading(path) as file:
        head = file.read(1 << 20)
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not head.strip():
        raise FormatError(path, None, "the file is empty")
    header = _header(lines)
    sample = lines[1:] if header else lines
    # The last one may be cut.
    sample = (sample[:-1] if len(sample) > 1 and len(head) == 1 << 20 else sample)[:_SAMPLE]
    tabs = any(b"\t" in line for line in sample)
    total, width = header if header else (None, _width(path, sample))
    chunks = line_chunks(Path(path), width, header is not None, tabs, problems)
    return Source(width, chunks, total=total)


def _header(lines: list[bytes]) -> tuple[int, int] | None:
    fields = lines[0].split()
    if len(fields) != 2 or not all(field.isdigit() for field in fields):
        return None
    total, width = map(int, fields)
    following = lines[1].split() if len(lines) > 1 else []
    # "7 5" may be a word and a vector of one dimension; a header is followed by longer lines.
    return (
        (total, width) if width > 0 and (not following or len(following) > min(width, 1)) else None
    )


def _width(path: str | Path, lines: Iterable[bytes]) -> int:
    # Most words hold no space, so that the most frequent number of fields is the right one.
    sizes = Counter(len(line.split()) - 1 for line in lines if line.strip())
    width = max(sizes, key=lambda size: (sizes[size], -size), default=0)
    if width < 1:
        raise FormatError(path, 1, "no numbers follow the word: these aren't vectors as text")
    return width


def line_chunks(
    path: Path, width: int, header: bool, tabs: bool, problems: Problems
) -> Iterator[Chunk]:
    """The words and vectors of all lines, the first of which may be a header."""
    number = 2 if header else 1
    with reading(path) as file:
        if header:
            file.readline()
        for block in _blocks(file, strip=not header):
            if tabs:
                block = block.replace(b"\t", b" ")
            lines = block.split(b"\n")
            chunk = _parsed(lines, width, number, problems)
            if len(chunk.words):
                yield chunk
            number += len(lines)


def _blocks(file: IO[bytes], strip: bool) -> Iterator[bytes]:
    """Blocks of whole lines, without the last line end."""
    rest = b""
    while data := file.read(_BLOCK):
        if strip:
            data, strip = data.removeprefix(b"\xef\xbb\xbf"), False
        data = rest + data
        cut = data.rfind(b"\n")
        if cut < 0:
            rest = data
            continue
        rest = data[cut + 1 :]
        yield data[:cut]
    if rest:
        yield rest


def _parsed(lines: list[bytes], width: int, number: int, problems: Problems) -> Chunk:
    """The words and vectors of lines, all at once where they are as they should be."""
    lines = [line.rstrip() for line in lines]
    pairs = [line.partition(b" ") for line in lines]
    rest = [numbers for _, _, numbers in pairs]
    values = parse_numbers(rest, width)
    if values is None:
        values = _numbers(rest, width)
    words = _decoded([word for word, _, _ in pairs]) if values is not None else None
    if values is not None and words is not None and all(words):
        return Chunk(words, values, range(number, number + len(lines)))
    return _one_by_one(lines, width, number, problems)


def _numbers(lines: list[bytes], width: int) -> NDArray[np.float32] | None:
    """The numbers of all lines, in any notation; None if a line doesn't hold ``width`` of them, or
    there is infinity or NaN."""
    if any(line.count(b" ") != width - 1 for line in lines):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            values = np.fromstring(b" ".join(lines), sep=" ", dtype=np.float32)
        except (ValueError, DeprecationWarning):
            return None
    if len(values) != len(lines) * width or not np.isfinite(values).all():
        return None
    return values.reshape(-1, width)


def _decoded(words: list[bytes]) -> list[str] | None:
    try:
        return b"\n".join(words).decode("utf8").split("\n")
    except UnicodeDecodeError:
        return None


def _one_by_one(lines: list[bytes], width: int, first: int, problems: Problems) -> Chunk:
    words: list[str] = []
    rows: list[NDArray[np.float32]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, first):
        if not line:
            continue
        word, values = _split(line, width)
        if values is None:
            found = len(line.split()) - 1
            kind, what = (
                ("short", f"{found} numbers") if found < width else ("number", "not numbers")
            )
            start = line[:30].decode("utf8", "replace")
            problems.add(kind, number, f"{what} where {width} are due: {start!r}...")
        elif not np.isfinite(values).all():
            problems.add("number", number, f"infinity or NaN in the vector of {word!r}")
        elif not word:
            problems.add("empty", number, "there is no word before the numbers")
        else:
            try:
                words.append(word.decode("utf8"))
            except UnicodeDecodeError:
                problems.add("undecodable", number, f"the word {word!r} is not valid UTF-8")
                continue
            rows.append(values)
            numbers.append(number)
    return Chunk(words, np.array(rows, dtype=np.float32).reshape(-1, width), numbers)


def _split(line: bytes, width: int) -> tuple[bytes, NDArray[np.float32] | None]:
    """A word, spaces included, and the numbers at the end of the line, if there are enough."""
    for parts in (line.rsplit(b" ", width), line.rsplit(None, width)):
        if len(parts) == width + 1:
            try:
                return parts[0], np.array([float(part) for part in parts[1:]], dtype=np.float32)
            except ValueError:
                pass
    return b"", None


def check_words(words: Sequence[str], path: str | Path) -> None:
    """Raise :class:`~spanloom.errors.DataError` for words that a format of lines can't hold."""
    for word in words:
        if not word or "\n" in word:
            raise DataError(
                f"'{path}': the word {word!r} can't be written in a format that ends a word by a "
                f"space and a vector by a line end. Write a table, npz or safetensors instead"
            )


def write_text(path: str | Path, source: Source, *, header: bool = True, digits: int = 0) -> None:
    """Write word2vec's text format, or GloVe's with ``header=False``.

    Numbers have the fewest digits that give the same float32 again, or ``digits`` after the point.
    Raises :class:`~spanloom.errors.DataError` for an empty word and one that holds a line end.
    """
    form = f"%.{digits}f" if digits else "%s"
    with writing(path) as file:
        if header:
            file.write(f"{source.total} {source.width}\n".encode())
        for chunk in source.chunks:
            check_words(chunk.words, path)
            rows = np.asarray(chunk.rows, dtype=np.float32)
            lines = []
            for word, row in zip(chunk.words, rows):
                numbers = row.tolist() if digits else row.astype(str).tolist()
                lines.append(f"{word} {' '.join([form % number for number in numbers])}\n")
            file.write("".join(lines).encode("utf8", "surrogatepass"))
