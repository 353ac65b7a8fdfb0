"""Readers of files of data, under srsly's names: patterns of rulers, labels, variants of signs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spanloom.errors import FormatError
from spanloom.io.files import existing
from spanloom.io.lines import json_line, numbered_lines

__all__ = ["read_json", "read_jsonl"]


def read_json(path: str | Path) -> Any:
    """Reader ``srsly.read_json.v1``: what a file has as JSON.

    Raises :class:`MissingFileError`, and :class:`FormatError` for what isn't JSON.
    """
    try:
        return json.loads(existing(path, "JSON file").read_text(encoding="utf8"))
    except ValueError as error:
        raise FormatError(path, getattr(error, "lineno", None), f"isn't JSON: {error}") from None


def read_jsonl(path: str | Path, skip: bool = False) -> list[Any]:
    """Reader ``srsly.read_jsonl.v1``: what a file has as JSON on each line; with ``skip``, without
    lines that are none.

    Raises :class:`MissingFileError`, and :class:`FormatError` with the line.
    """
    found = []
    for number, line in numbered_lines(existing(path, "JSONL file")):
        if not line.strip():
            continue
        try:
            found.append(json_line(path, number, line))
        except FormatError:
            if not skip:
                raise
    return found
