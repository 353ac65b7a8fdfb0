"""Reading texts, or documents, from files of any format that has them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, FormatError
from ..io.files import existing
from ..io.lines import json_line, numbered_lines
from .corpus import format_of, read_docs

if TYPE_CHECKING:
    from ..pipeline import Pipeline
    from ..tokens import Doc

__all__ = ["read_texts", "text_files"]


def read_texts(
    source: str | Path, nlp: Pipeline, *, text_key: str = "text", lines: bool = False
) -> Iterator[str | Doc]:
    """The texts of a file, of all files in a folder in the order of their names, or of standard
    input (``-``).

    A ``.txt`` file is one text, or with ``lines`` each of its lines that isn't empty; in a
    ``.jsonl`` file each line is a string or an object with ``text_key``; both may be gzipped. Files
    of annotated documents give these.

    Raises :class:`MissingFileError`, :class:`DataError` for a format that isn't read, and
    :class:`FormatError` with file and line for a line that can't be.
    """
    if str(source) == "-":
        yield from _stripped(sys.stdin) if lines else [sys.stdin.read()]
        return
    path = existing(source, "text")
    for file in [path] if path.is_file() else text_files(path):
        kind = _kind(file)
        if kind == "txt":
            found = (line for _, line in numbered_lines(file))
            yield from _stripped(found) if lines else ["\n".join(found)]
        elif kind == "jsonl":
            yield from _json_texts(file, text_key)
        else:
            yield from read_docs(file, nlp.vocab, tokenizer=nlp.tokenizer)


def text_files(folder: Path) -> list[Path]:
    """The files of a folder, and of the folders in it, that :func:`read_texts` reads, by name.

    Raises :class:`DataError` if there are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.is_file() and _kind(path))
    if not found:
        raise DataError(f"'{folder}' contains no texts (.txt, .jsonl) and no documents")
    return found


def _stripped(lines: Iterable[str]) -> Iterator[str]:
    return (line.strip() for line in lines if line.strip())


def _kind(path: Path) -> str | None:
    suffix = Path(path.name.removesuffix(".gz")).suffix.removeprefix(".")
    return suffix if suffix in ("txt", "jsonl") else format_of(path)


def _json_texts(path: Path, key: str) -> Iterator[str]:
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        value = json_line(path, number, line)
        text = value.get(key) if isinstance(value, dict) else value
        if not isinstance(text, str):
            raise FormatError(path, number, f"has no text at '{key}': give its key with --text-key")
        yield text
