"""Text files line by line, gzipped or not."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..errors import FormatError, MissingFileError

__all__ = ["BadLine", "json_line", "numbered_lines"]

#: Bytes that a line may have unless another number is given: a library of books.
LONGEST = 1 << 27

Opener = Callable[[Path], BinaryIO]


class BadLine(str):
    """Stands for a line that can't be read; ``error`` says why."""

    error: FormatError


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def numbered_lines(
    path: str | Path, *, lenient: bool = False, longest: int = LONGEST, opened: Opener = _opened
) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 text file, gzipped or not, with their numbers from 1.

    Raises :class:`MissingFileError`, and :class:`FormatError` for a broken archive, for a line of
    more than ``longest`` bytes, which would fill the memory, and for one that isn't UTF-8; with
    ``lenient``, such a line comes as a :class:`BadLine`.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"There is no file at '{path.absolute()}'")
    number = 0
    with opened(path) as file:
        try:
            for number, line in enumerate(iter(partial(file.readline, longest + 1), b""), 1):
                if len(line) > longest:
                    bad = _bad(path, number, f"has more than {longest:,} bytes")
                    if not lenient:
                        raise bad.error
                    while line and not line.endswith(b"\n"):
                        line = file.readline(longest)
                    yield number, bad
                    continue
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    what = f"byte {error.start + 1} of the line isn't UTF-8 ({error.reason})"
                    bad = _bad(path, number, what)
                    if not lenient:
                        raise bad.error from None
                    yield number, bad
                else:
                    yield number, text.rstrip("\r\n")
        except (EOFError, OSError, zlib.error) as error:
            raise FormatError(path, number + 1, f"the file is damaged: {error}") from None


def json_line(path: str | Path, number: int, line: str) -> Any:
    """The value of a line of JSON. Raises :class:`FormatError` for one that isn't any."""
    if isinstance(line, BadLine):
        raise line.error
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError(path, number, f"isn't valid JSON: {error}") from None


def _bad(path: Path, number: int, what: str) -> BadLine:
    line = BadLine("(unreadable)")
    line.error = FormatError(path, number, what)
    return line
