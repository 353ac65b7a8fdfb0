"""Parquet and Arrow files, and tables of other tools, such as those of Hugging Face ``datasets``.

Our own tables (:mod:`spanloom_formats.arrow.tables`) keep everything. Of others, these columns are
read: ``text``, or ``tokens``; ``label``, ``cats``, ``entities`` or ``spans`` as in JSONL
(:func:`~spanloom_formats.jsonl.records.annotate_record`); with tokens, ``tags`` or ``ner_tags`` in
IOB2 or BILUO, as strings or as numbers whose names the table knows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanloom.corpora.sources import default_tokenizer, tokenized
from spanloom.errors import DataError, FormatError, SerializationError
from spanloom.examples.offsets import Misfits
from spanloom.io.files import existing, file_written
from spanloom.plugins.factory import with_settings_of

from ..jsonl.files import read_jsonl
from ..jsonl.records import annotate_record
from .tables import arrow_batches, arrow_schema, from_arrow, is_ours, pyarrow

if TYPE_CHECKING:
    from spanloom.tokens import Doc
    from spanloom.vocab import Vocab

__all__ = ["docs_from_table", "read_arrow", "read_parquet", "write_arrow", "write_parquet"]

#: Rows that are read at a time.
_ROWS = 1024
_ENTITY_TAGS = ("ner_tags", "tags")
_KEPT = ("label", "cats", "entities", "ents", "spans", "meta")

Names = dict[str, list[str]]


@with_settings_of(read_jsonl)
def read_parquet(path: str | Path, vocab: Vocab, **settings: Any) -> Iterator[Doc]:
    """The documents of a ``.parquet`` file, read a few rows at a time: one of ours, or a table of
    texts or tokens (see the module). ``settings`` are those of
    :func:`~spanloom_formats.read_jsonl`.

    Raises :class:`MissingFileError`, and :class:`FormatError` with the number of the row; with
    ``problems``, rows of tables that aren't ours are left out and added there.
    """
    pa = pyarrow()
    from pyarrow import parquet

    path = existing(path, "Parquet file")
    with _named(path, pa), parquet.ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=_ROWS)
        schema = file.schema_arrow
        yield from _docs(path, schema, batches, vocab, **settings)


@with_settings_of(read_jsonl)
def read_arrow(path: str | Path, vocab: Vocab, **settings: Any) -> Iterator[Doc]:
    """The documents of an ``.arrow`` file, in Arrow's format for files (Feather) or for streams
    (as ``datasets`` keeps them). Otherwise like :func:`read_parquet`."""
    pa = pyarrow()
    path = existing(path, "Arrow file")
    with _named(path, pa), pa.memory_map(str(path)) as source:
        try:
            file = pa.ipc.open_file(source)
            batches = (file.get_batch(i) for i in range(file.num_record_batches))
        except pa.ArrowInvalid:
            source.seek(0)
            file = batches = pa.ipc.open_stream(source)
        yield from _docs(path, file.schema, batches, vocab, **settings)


@contextmanager
def _named(path: Path, pa: Any) -> Iterator[None]:
    """Errors of pyarrow as ours, with the file."""
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        reason = str(error).partition("\n")[0]
        raise FormatError(
            path, None, f"can't be read ({type(error).__name__}: {reason})"
        ) from error
    except SerializationError as error:
        raise FormatError(path, None, str(error)) from error


def _docs(
    path: Path,
    schema: Any,
    batches: Iterable[Any],
    vocab: Vocab,
    tokenizer: Callable[[str], Doc] | None = None,
    problems: list[FormatError] | None = None,
    strict: bool = False,
) -> Iterator[Doc]:
    if is_ours(schema):
        for batch in batches:
            batch.validate(full=True)
            yield from from_arrow(batch, vocab)
        return
    try:
        names = _names(schema)
    except DataError as error:
        raise FormatError(path, None, str(error)) from None
    row, misfits = 0, Misfits(path, strict=strict)
    try:
        for batch in batches:
            batch.validate(full=True)
            docs = _foreign(batch, row + 1, names, vocab, tokenizer, misfits)
            for place, found in enumerate(docs, row + 1):
                if not isinstance(found, Exception):
                    yield found
                    continue
                problem = FormatError(path, place, f"(a row) isn't a document: {found}")
                if problems is None:
                    raise problem from found
                problems.append(problem)
            row += len(batch)
    finally:
        misfits.tell()


def docs_from_table(
    table: Any, vocab: Vocab, *, tokenizer: Callable[[str], Doc] | None = None
) -> Iterator[Doc]:
    """The documents of a ``pyarrow.Table`` or an iterable of ``RecordBatch``: one of ours, or one
    of texts or tokens (see the module). ``tokenizer`` is for texts; the default is that of the
    vocab's language.

    Raises :class:`DataError` with the number of the row, and :class:`SerializationError` for a
    table of ours that is damaged.
    """
    pa = pyarrow()
    batches = table.to_batches(max_chunksize=_ROWS) if isinstance(table, pa.Table) else table
    batches = iter([batches] if isinstance(batches, pa.RecordBatch) else batches)
    first = next(batches, None)
    if first is None:
        return
    batches = chain([first], batches)
    if is_ours(first.schema):
        yield from from_arrow(batches, vocab)
        return
    names, row, misfits = _names(first.schema), 0, Misfits()
    try:
        for batch in batches:
            docs = _foreign(batch, row + 1, names, vocab, tokenizer, misfits)
            for place, found in enumerate(docs, row + 1):
                if isinstance(found, Exception):
                    raise DataError(f"row {place} isn't a document: {found}") from found
                yield found
            row += len(batch)
    finally:
        misfits.tell()


def _names(schema: Any) -> Names:
    """The names of labels that are numbers, by column, from the metadata of ``datasets``. Raises
    :class:`DataError` for a table of something else."""
    columns = schema.names
    if "text" not in columns and "tokens" not in columns:
        raise DataError(
            f"has no column 'text' or 'tokens' (it has: {', '.join(columns)}): rename the one that "
            "holds the texts"
        )
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return {
            column: each["names"]
            for column, feature in features.items()
            for each in (feature, feature.get("feature"))
            if isinstance(each, dict) and "names" in each
        }
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _foreign(
    batch: Any,
    first: int,
    names: Names,
    vocab: Vocab,
    tokenizer: Callable[[str], Doc] | None,
    misfits: Misfits,
) -> Iterator[Doc | Exception]:
    """A document for each row, or what is wrong with it; ``first`` is the number of the first."""
    kept = ("text", "tokens", *_ENTITY_TAGS, *_KEPT)
    try:
        columns = {
            name: batch.column(name).to_pylist() for name in kept if name in batch.schema.names
        }
    except (ValueError, TypeError, OverflowError) as error:  # such as dates out of range
        yield from [DataError(f"its values can't be taken over ({error})")] * len(batch)
        return
    records = [
        {key: _plain(value, names.get(key)) for key, value in zip(columns, row)}
        for row in zip(*columns.values())
    ]
    texts = [
        record["text"]
        for record in records
        if record.get("tokens") is None and isinstance(record.get("text"), str)
    ]
    make = tokenizer or (default_tokenizer(vocab) if texts else None)
    made = iter(tokenized(texts, make) if make else [])
    for row, record in enumerate(records, first):
        misfits.place = f"row {row}: "
        try:
            yield _document(record, vocab, made, misfits)
        except DataError as error:
            yield error


def _document(record: dict[str, Any], vocab: Vocab, made: Iterator[Doc], misfits: Misfits) -> Doc:
    from spanloom.tokens import Doc

    if record.get("tokens") is not None:
        tags = next((record[key] for key in _ENTITY_TAGS if record.get(key) is not None), None)
        doc = Doc(vocab, words=record["tokens"], ents=tags)
    elif isinstance(record.get("text"), str):
        doc = next(made)
    else:
        raise DataError("it has no text")
    kept = {key: record[key] for key in _KEPT if record.get(key) is not None}
    annotate_record(doc, kept, misfits)
    return doc


def _plain(value: Any, names: list[str] | None) -> Any:
    """A value as JSON would have it: labels by name, maps as dicts, no fields without a value."""
    if isinstance(value, list) and value and all(type(each) is tuple for each in value):
        value = dict(value)
    if isinstance(value, dict):
        return {key: _plain(each, names) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_plain(each, names) for each in value]
    if names is not None and type(value) is int and 0 <= value < len(names):
        return names[value]
    return value


def write_parquet(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write a stream of documents to a Parquet file that other tools read too. Returns how many.

    A few thousand documents are held in memory; the file appears when all are written. Raises
    :class:`SerializationError` for user data that isn't plain, and :class:`SpanloomError` without
    pyarrow.
    """
    pyarrow()
    from pyarrow import parquet

    with file_written(path) as file:
        with parquet.ParquetWriter(file, arrow_schema(), compression="zstd") as writer:
            return _written(writer, docs)


def write_arrow(path: str | Path, docs: Iterable[Doc]) -> int:
    """Write a stream of documents to an Arrow file (Feather). Otherwise like
    :func:`write_parquet`."""
    pa = pyarrow()
    with file_written(path) as file:
        with pa.ipc.new_file(file, arrow_schema()) as writer:
            return _written(writer, docs)


def _written(writer: Any, docs: Iterable[Doc]) -> int:
    count = 0
    for batch in arrow_batches(docs):
        writer.write_batch(batch)
        count += len(batch)
    return count
