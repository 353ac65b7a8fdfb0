"""Documents as lines of JSON: one document, as :meth:`Doc.to_json` gives it, on each line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError, FormatError
from ..files import write_bytes
from .conllu import BadLine, numbered_lines

if TYPE_CHECKING:
    from ..tokens import Doc
    from ..vocab import Vocab

__all__ = ["read_jsonl", "write_jsonl"]


def read_jsonl(
    path: str | Path, vocab: Vocab, *, problems: list[FormatError] | None = None
) -> Iterator[Doc]:
    """The documents of a ``.jsonl`` or ``.jsonl.gz`` file.

    Raises :class:`FormatError` with file and line for a line that is no document; with
    ``problems``, the error is added there and the line left out.
    """
    from ..tokens import Doc

    for number, line in numbered_lines(path, lenient=problems is not None):
        if not line.strip():
            continue
        try:
            if isinstance(line, BadLine):
                raise line.error
            yield Doc(vocab).from_json(_checked(path, number, line))
        except FormatError as error:
            if problems is None:
                raise
            problems.append(error)
        except DataError as error:
            wrong = FormatError(path, number, f"isn't a document: {error}")
            if problems is None:
                raise wrong from None
            problems.append(wrong)


def _checked(path: str | Path, number: int, line: str) -> dict[str, object]:
    try:
        data = json.loads(line)
    except ValueError as error:
        raise FormatError(path, number, f"isn't JSON: {error}") from None
    if not isinstance(data, dict) or "text" not in data or "tokens" not in data:
        raise FormatError(
            path,
            number,
            "isn't a document with tokens: each line is an object with 'text' and 'tokens', as "
            "doc.to_json() gives it",
        )
    return data


def write_jsonl(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write documents, gzipped if the name ends in ``.gz``. Returns how many. The file appears when
    all are written."""
    lines = [json.dumps(doc.to_json(), ensure_ascii=False) + "\n" for doc in docs]
    data = "".join(lines).encode("utf8")
    write_bytes(path, gzip.compress(data, mtime=0) if Path(path).suffix == ".gz" else data)
    return len(lines)
