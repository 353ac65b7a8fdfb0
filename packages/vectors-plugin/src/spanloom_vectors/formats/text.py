"""Vectors as text: a word and its numbers on each line.

word2vec's and fastText's (``.vec``) have a first line with the number of words and dimensions,
GloVe's have none. Words may hold spaces: the numbers are counted from the end of the line. What a
header says is compared with the lines, and a file in which most lines are no vectors is refused.
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
from .streams import recoded, writing

__all__ = ["check_words", "encodes", "is_vector_line", "line_chunks", "read_text", "write_text"]

#: Bytes that are parsed at a time: arrays over them should fit into the processor's cache.
_BLOCK = 1 << 18
#: Bytes of a line that is no vector.
_LONGEST = 1 << 25
#: Lines from which the width is told, where no header says it.
_SAMPLE = 100
#: Bytes in which these lines, and what the file is, are looked for.
_HEAD = 1 << 20
_BLANKS = " \t\n\r\v\f"
#: How other files begin, in lower case.
_OTHERS = (
    (b"version https://git-lfs", "a pointer of Git LFS: get what it points at by `git lfs pull`"),
    (b"<!doctype", "a page of HTML, such as a server sends in place of what isn't there"),
    (b"<html", "a page of HTML, such as a server sends in place of what isn't there"),
    (b"<?xml", "XML"),
    (b'{"', "JSON"),
    (b"[{", "JSON"),
    (b"[[", "JSON"),
    (b"%pdf-", "a PDF"),
)


def read_text(path: str | Path, problems: Problems, *, encoding: str = "utf8") -> Source:
    """A stream over a file in word2vec's, fastText's or GloVe's text format."""
    with recoded(path, encoding) as file:
        head = file.read(_HEAD)
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not head.strip():
        raise FormatError(path, None, "the file is empty")
    _check_start(path, head)
    header = _header(lines)
    sample = lines[1:] if header else lines
    # The last one may be cut.
    sample = (sample[:-1] if len(sample) > 1 and len(head) == _HEAD else sample)[:_SAMPLE]
    tabs = any(b"\t" in line for line in sample)
    total, width = header if header else (None, _width(path, sample))
    if header:
        _check_width(path, width, sample)
    chunks = line_chunks(path, width, total, tabs, problems, header=bool(header), encoding=encoding)
    return Source(width, chunks, total=total)


def _check_start(path: str | Path, head: bytes) -> None:
    """Raise :class:`FormatError` for what is known to be no vectors, and say what it is."""
    start = head[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    what = next((name for begin, name in _OTHERS if start.startswith(begin)), None)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        what = "UTF-16: name that as its encoding (--encoding utf-16)"
    elif head[257:262] == b"ustar":
        what = "a tar archive: unpack it, and give the file in it"
    elif b"\0" in head:
        what = "no text, for it holds zero bytes: UTF-16 without a mark, or another binary format"
    elif b"\r" in head and b"\n" not in head:
        what = "text whose lines end with \\r alone: write \\n in its place"
    if what is not None:
        raise FormatError(path, None, f"these aren't vectors: the file is {what}")


def _check_width(path: str | Path, width: int, sample: list[bytes]) -> None:
    """Raise :class:`FormatError` where no line has as many numbers as the header says, or where
    nearly all have more."""
    lines = [(number, line) for number, line in enumerate(sample, 2) if line.strip()]
    counts = [_numbers_at_end(line) for _, line in lines]
    if counts and (max(counts) < width or 4 * sum(n > width for n in counts) >= 3 * len(counts)):
        number, line = next(each for each, n in zip(lines, counts) if n != width)
        raise FormatError(
            path,
            number,
            f"the header promises vectors of {width} numbers, and the line ends with "
            f"{_numbers_at_end(line)}: {line[:40].decode('utf8', 'replace')!r}... (a number has a "
            f"decimal point, and blanks or a tab before it)",
        )


def _numbers_at_end(line: bytes) -> int:
    """How many numbers a line ends with; its first field is a word, whatever it looks like."""
    fields = line.split()[1:]
    for count, field in enumerate(reversed(fields)):
        try:
            float(field)
        except ValueError:
            return count
    return len(fields)


def is_vector_line(line: bytes) -> bool:
    """Whether a line of text can be a word and at least one number."""
    return _numbers_at_end(line) > 0


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
        raise FormatError(path, 1, "no numbers follow the word, so these aren't vectors as text")
    return width


def line_chunks(
    path: str | Path,
    width: int,
    total: int | None,
    tabs: bool,
    problems: Problems,
    *,
    header: bool,
    encoding: str = "utf8",
) -> Iterator[Chunk]:
    """The words and vectors of all lines, the first of which may be a header.

    Raises :class:`~spanloom.errors.FormatError` if there aren't ``total`` lines, where that is
    known, and if at least half of them don't hold ``width`` numbers.
    """
    number = 2 if header else 1
    lines_there = good = 0
    first = ""
    with recoded(path, encoding) as file:
        if header:
            file.readline()
        for block in _blocks(path, file, strip=not header):
            if tabs:
                block = block.replace(b"\t", b" ")
            lines = block.split(b"\n")
            chunk, bad = _parsed(lines, width, number, problems)
            here = len(lines) if bad is None else sum(map(bool, map(bytes.strip, lines)))
            lines_there, good = lines_there + here, good + here - len(bad or ())
            first = first or (bad or [""])[0]
            if len(chunk.words):
                yield chunk
            number += len(lines)
    if first and 2 * good <= lines_there:
        what = f"half of its lines or more aren't a word and {width} numbers: {first}"
        raise FormatError(path, None, what)
    if total is not None and lines_there != total:
        raise FormatError(
            path,
            None,
            f"the header announces {total} vectors, but there are {lines_there}: the file was cut "
            "short or changed. Get it again, or correct the number in its first line.",
        )


def _blocks(path: str | Path, file: IO[bytes], strip: bool) -> Iterator[bytes]:
    """Blocks of whole lines, without the last line end."""
    rest = b""
    while data := file.read(_BLOCK):
        if strip:
            data, strip = data.removeprefix(b"\xef\xbb\xbf"), False
        data = rest + data
        cut = data.rfind(b"\n")
        if cut < 0:
            rest = data
            if len(rest) > _LONGEST:
                raise FormatError(path, None, f"a line has more than {_LONGEST:,} bytes: no vector")
            continue
        rest = data[cut + 1 :]
        yield data[:cut]
    if rest:
        yield rest


def _parsed(
    lines: list[bytes], width: int, number: int, problems: Problems
) -> tuple[Chunk, list[str] | None]:
    """The words and vectors of lines, all at once where they are as they should be; and the
    beginnings of lines with other numbers, None where each line is right."""
    lines = [line.rstrip() for line in lines]
    pairs = [line.partition(b" ") for line in lines]
    rest = [numbers for _, _, numbers in pairs]
    values = parse_numbers(rest, width)
    if values is None:
        values = _numbers(rest, width)
    words = _decoded([word for word, _, _ in pairs]) if values is not None else None
    if values is not None and words is not None and all(words):
        return Chunk(words, values, range(number, number + len(lines))), None
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


def _one_by_one(
    lines: list[bytes], width: int, first: int, problems: Problems
) -> tuple[Chunk, list[str]]:
    bad: list[str] = []
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
            bad.append(f"line {number}, {start!r}")
        elif not np.isfinite(values).all():
            problems.add("number", number, f"infinity or NaN in the vector of {word!r}")
        elif not word:
            problems.add("empty", number, "there is no word before the numbers")
        else:
            try:
                words.append(word.decode("utf8"))
            except UnicodeDecodeError:
                problems.undecodable(number, word)
                continue
            rows.append(values)
            numbers.append(number)
    return Chunk(words, np.array(rows, dtype=np.float32).reshape(-1, width), numbers), bad


def _split(line: bytes, width: int) -> tuple[bytes, NDArray[np.float32] | None]:
    """A word and the numbers at the end of the line, if there are enough. Spaces in a word are
    kept, those around it aren't, unless they are all of it."""
    for parts in (line.rsplit(b" ", width), line.rsplit(None, width)):
        if len(parts) == width + 1:
            try:
                with np.errstate(over="ignore"):  # infinity is told later
                    numbers = np.array([float(part) for part in parts[1:]], dtype=np.float32)
                return parts[0].strip() or parts[0], numbers
            except ValueError:
                pass
    return b"", None


def check_words(words: Sequence[str], path: str | Path, *, text: bool = False) -> None:
    """Raise :class:`~spanloom.errors.DataError` for words that a format of lines can't hold; with
    ``text``, neither those that would be read as others: with tabs, or with blanks around."""
    for word in words:
        odd = text and word != " " and (word != word.strip(_BLANKS) or "\t" in word)
        if not word or odd or "\n" in word or not (word.isascii() or encodes(word)):
            raise DataError(
                f"'{path}': the word {word!r} can't be written in a format that ends a word by a "
                f"space and a vector by a line end. Write a table, npz or safetensors instead"
            )


def encodes(word: str) -> bool:
    """Whether UTF-8 can hold a word: it can't hold half a surrogate pair."""
    try:
        word.encode("utf8")
    except UnicodeEncodeError:
        return False
    return True


def write_text(path: str | Path, source: Source, *, header: bool = True, digits: int = 0) -> None:
    """Write word2vec's text format, or GloVe's with ``header=False``.

    Numbers have the fewest digits that give the same float32 again, or ``digits`` after the point.
    Raises :class:`~spanloom.errors.DataError` for an empty word and one that holds a line end.
    """
    form = f"%.{digits}f" if digits else "%s"
    with writing(path) as file:
        if header:
            file.write(f"{source.total} {source.width}\n".encode())
        for chunk in source.counted(path):
            check_words(chunk.words, path, text=True)
            rows = np.asarray(chunk.rows, dtype=np.float32)
            lines = []
            for word, row in zip(chunk.words, rows):
                numbers = row.tolist() if digits else row.astype(str).tolist()
                lines.append(f"{word} {' '.join([form % number for number in numbers])}\n")
            file.write("".join(lines).encode("utf8"))
