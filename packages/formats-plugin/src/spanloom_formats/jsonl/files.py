"""Documents as lines of JSON: what :meth:`Doc.to_json` gives, or a text and its annotation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.corpora.sources import default_tokenizer, tokenized
from spanloom.corpora.writing import lines_written
from spanloom.errors import DataError, FormatError
from spanloom.examples.offsets import Misfits
from spanloom.io.lines import json_line, numbered_lines

from .records import annotate_record

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["read_jsonl", "write_jsonl"]

Record = dict[str, Any]
#: Lines whose texts are tokenized at a time.
_CHUNK = 256


def read_jsonl(
    path: str | Path,
    vocab: Vocab,
    *,
    tokenizer: Callable[[str], Doc] | None = None,
    problems: list[FormatError] | None = None,
    strict: bool = False,
) -> Iterator[Doc]:
    """The documents of a ``.jsonl`` or ``.jsonl.gz`` file.

    An object with ``tokens`` is what :meth:`Doc.to_json` gives. One without is a text that is
    tokenized here, by ``tokenizer`` or else by the rules of the vocab's language, with ``label``,
    ``cats``, ``entities`` or ``spans`` (see
    :func:`~spanloom_formats.jsonl.records.annotate_record`). Raises :class:`FormatError` with file
    and line for a line that is no document; with ``problems``, the error is added there and the
    line left out. Spans that fit no tokens are left out with one
    :class:`~spanloom.examples.MisalignedWarning`; with ``strict`` they are errors too.
    """
    misfits = Misfits(path, strict=strict)
    try:
        yield from _documents(path, vocab, tokenizer, problems, misfits)
    finally:
        misfits.tell()


def _documents(
    path: str | Path,
    vocab: Vocab,
    tokenizer: Callable[[str], Doc] | None,
    problems: list[FormatError] | None,
    misfits: Misfits,
) -> Iterator[Doc]:
    lines = (
        (number, line)
        for number, line in numbered_lines(path, lenient=problems is not None)
        if line.strip()
    )
    while chunk := list(islice(lines, _CHUNK)):
        records: list[tuple[int, Record]] = []
        failed: list[FormatError] = []
        for number, line in chunk:
            try:
                records.append((number, _checked(path, number, line)))
            except FormatError as error:
                failed.append(error)
                if problems is None:
                    break  # what comes before it is still read
        texts = [record["text"] for _, record in records if "tokens" not in record]
        if texts and tokenizer is None:
            tokenizer = default_tokenizer(vocab)
        made = iter(tokenized(texts, tokenizer) if tokenizer else [])
        for number, record in records:
            misfits.place = f"line {number}: "
            try:
                doc = _document(record, vocab, made, misfits)
            except DataError as error:
                failed.append(FormatError(path, number, f"isn't a document: {error}"))
                if problems is None:
                    raise failed[-1] from None
            else:
                yield doc
        if problems is None and failed:
            raise failed[0]
        if problems is not None:
            problems.extend(sorted(failed, key=lambda error: error.line or 0))


def _document(record: Record, vocab: Vocab, made: Iterator[Doc], misfits: Misfits) -> Doc:
    from spanloom.tokens import Doc

    if "tokens" in record:
        return Doc(vocab).from_json(record)
    doc = next(made)
    annotate_record(doc, record, misfits)
    return doc


def _checked(path: str | Path, number: int, line: str) -> Record:
    data = json_line(path, number, line)
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise FormatError(
            path,
            number,
            "isn't a document: each line must be an object with a 'text' and its annotation in "
            "'label', 'cats', 'entities' or 'spans', or with 'tokens' as doc.to_json() gives them",
        )
    return data


def _line(data: dict[str, Any]) -> str:
    """As JSON in one line; escaped if UTF-8 can't hold it (half a surrogate pair)."""
    line = json.dumps(data, ensure_ascii=False)
    try:
        line.encode("utf8")
    except UnicodeEncodeError:
        line = json.dumps(data)
    return f"{line}\n"


def write_jsonl(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write documents as :meth:`Doc.to_json` gives them, gzipped if the name ends in ``.gz``.
    Returns how many. The file appears when all are written."""
    count = 0
    with lines_written(path) as write:
        for doc in docs:
            write(_line(doc.to_json()))
            count += 1
    return count
