"""Files of rows, read and written a bit at a time: Parquet, JSON lines, text; also compressed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
from pyarrow import parquet

from spanloom.errors import DataError, FormatError, MissingFileError
from spanloom.io.files import existing, file_written, json_ready
from spanloom.io.lines import BadLine, json_line, numbered_lines

__all__ = ["FORMATS", "Reading", "kind_of", "shard_files", "stem_of", "written"]

#: Rows that are read at a time, and put into a group of a Parquet file.
_ROWS, _GROUP = 1024, 32_768
#: Records by which the columns of lines of JSON are known.
_SEEN = 1000
_PACKED = {"gz": "gzip", "zst": "zstd"}
_KINDS = ("parquet", "jsonl", "txt")

#: The endings of files that are written.
FORMATS = ("parquet", *(f"{kind}{end}" for kind in _KINDS[1:] for end in ("", ".gz", ".zst")))

#: Some rows, and what is wrong with each of them, if anything is.
Rows = tuple[Any, "list[str | None] | None"]


def kind_of(path: Path) -> str | None:
    """``parquet``, ``jsonl`` or ``txt`` by the name of a file, also where it is compressed."""
    *_, kind = _plain_name(path).rpartition(".")
    return kind if kind in _KINDS and (kind != "parquet" or path.suffix == ".parquet") else None


def stem_of(path: Path) -> Path:
    """The path without its ending, or endings."""
    return path.with_name(_plain_name(path).rpartition(".")[0])


def _plain_name(path: Path) -> str:
    packed = path.suffix.removeprefix(".") in _PACKED
    return path.name.removesuffix(path.suffix) if packed else path.name


def shard_files(source: str | Path) -> list[Path]:
    """The file at ``source``, or all that can be read in the folder and those below, sorted.

    Raises :class:`MissingFileError` if there is none, and :class:`DataError` for another format.
    """
    path = existing(source, "file or folder of texts")
    if path.is_file():
        if kind_of(path) is None:
            raise DataError(f"'{path}' isn't read: shards are {', '.join(FORMATS)}")
        return [path]
    found = (each for each in sorted(path.rglob("*")) if each.is_file() and kind_of(each))
    shown = [p for p in found if not any(x.startswith(".") for x in p.relative_to(path).parts)]
    if not shown:
        raise MissingFileError(f"'{path}' contains no shards ({', '.join(FORMATS)})")
    return shown


@dataclass(frozen=True)
class Reading:
    """How shards are read: the schema that their rows have, the column or key of the texts, and
    whether each line of a text file is one."""

    schema: Any
    text: str
    lines: bool

    @classmethod
    def of(cls, path: Path, text: str, lines: bool, keep: Sequence[str] | None) -> Reading:
        """How to read ``path``, and shards like it: with the columns ``keep``, or all of them.
        Columns of lines of JSON are those of the first thousand.

        Raises :class:`DataError` for columns that aren't there, and :class:`FormatError`.
        """
        kind = kind_of(path)
        if kind == "txt":
            schema = pa.schema([pa.field(text, pa.string())])
        elif kind == "parquet":
            with _named(path):
                schema = parquet.read_schema(path)
        else:
            schema = _inferred(path, text)
        if keep is not None:
            absent = [name for name in keep if name not in schema.names]
            if absent:
                raise DataError(
                    f"'{path}' has no column '{absent[0]}' (there are: {', '.join(schema.names)})"
                )
            names = {text, *keep}
            schema = pa.schema([field for field in schema if field.name in names])
        return cls(schema, text, lines)

    def read(self, path: Path) -> Iterator[Rows]:
        """The rows of a shard, about a thousand at a time. Raises :class:`FormatError` for a file
        that is damaged or has other columns."""
        if kind_of(path) == "parquet":
            yield from self._read_parquet(path)
            return
        records = self._records(path)
        while some := list(islice(records, _ROWS)):
            yield self._rows([each for each, _ in some], [error for _, error in some])

    def _read_parquet(self, path: Path) -> Iterator[Rows]:
        with _named(path), parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS, columns=self.schema.names):
                columns = [batch.column(each.name).cast(each.type) for each in self.schema]
                yield pa.RecordBatch.from_arrays(columns, schema=self.schema), None

    def _records(self, path: Path) -> Iterator[tuple[dict[str, Any], str | None]]:
        lines = numbered_lines(path, lenient=True, opened=_opened)
        if kind_of(path) == "jsonl":
            for number, line in lines:
                if line.strip():
                    yield _record(path, number, line, self.text)
        elif self.lines:
            for _, line in lines:
                if line.strip():
                    bad = _told(line.error) if isinstance(line, BadLine) else None
                    yield {self.text: None if bad else line.strip()}, bad
        else:
            found = [line for _, line in lines]
            bad = next((_told(line.error) for line in found if isinstance(line, BadLine)), None)
            yield {self.text: None if bad else "\n".join(found)}, bad

    def _rows(self, records: list[dict[str, Any]], errors: list[str | None]) -> Rows:
        arrays = []
        for field in self.schema:
            values = [record.get(field.name) for record in records]
            if field.type == pa.string() and field.name != self.text:
                values = [each if _plain(each) else json.dumps(each) for each in values]
            try:
                arrays.append(pa.array(values, field.type))
            except (pa.ArrowException, OverflowError, UnicodeError, TypeError):
                arrays.append(pa.array(_fitting(field, values, errors), field.type))
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema), errors


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _fitting(field: Any, values: list[Any], errors: list[str | None]) -> list[Any]:
    """The values, with None for those that don't fit the field, which is written into errors."""
    for place, value in enumerate(values):
        try:
            pa.array([value], field.type)
        except (pa.ArrowException, OverflowError, UnicodeError, TypeError):
            values[place] = None
            errors[place] = f"DataError: '{field.name}' isn't {field.type}: {str(value)[:40]!r}"
    return values


def _record(path: Path, number: int, line: str, text: str) -> tuple[dict[str, Any], str | None]:
    """A line of JSON as a record, and what is wrong with it."""
    try:
        value = json_line(path, number, line)
    except FormatError as error:
        return {}, _told(error)
    record = value if isinstance(value, dict) else {text: value}
    if not isinstance(record.get(text), str):
        record = {**record, text: None}
        return record, _told(FormatError(path, number, f"has no text at '{text}'"))
    return record, None


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _inferred(path: Path, text: str) -> Any:
    """The columns of lines of JSON: plain values have their type, others are text."""
    lines = islice(numbered_lines(path, lenient=True, opened=_opened), _SEEN)
    kinds: dict[str, set[type]] = {}
    for number, line in lines:
        record, _ = _record(path, number, line, text)
        for key, value in record.items():
            if value is not None:
                kinds.setdefault(key, set()).add(type(value))
    types = {key: _type_of(found) for key, found in kinds.items()}
    return pa.schema([*{**types, text: pa.string()}.items()])


def _type_of(kinds: set[type]) -> Any:
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    return pa.float64() if kinds and kinds <= {int, float} else pa.string()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Let what Arrow raises name the file."""
    try:
        yield
    except (pa.ArrowException, KeyError, OSError) as error:
        raise FormatError(path, None, f"can't be read: {error}") from error


def _opened(path: Path) -> BinaryIO:
    packed = _PACKED.get(path.suffix.removeprefix("."))
    return cast(BinaryIO, io.BufferedReader(pa.input_stream(str(path), compression=packed)))


@contextmanager
def written(path: Path, schema: Any, text: str) -> Iterator[Callable[[Any], Any]]:
    """Yield what takes batches of rows of a schema and writes them to a file that appears when the
    block ends; if it raises, nothing is left. ``text`` is the column that holds the texts."""
    with file_written(path) as file:
        if kind_of(path) == "parquet":
            with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
                waiting: list[Any] = []
                yield lambda batch: _grouped(writer, waiting, batch, schema)
                if waiting:
                    writer.write_table(pa.Table.from_batches(waiting, schema))
            return
        packed = _PACKED.get(path.suffix.removeprefix("."))
        line_of = _text_line if kind_of(path) == "txt" else _json_line
        with pa.CompressedOutputStream(file, packed) if packed else pa.PythonFile(file, "w") as out:
            yield lambda batch: out.write(
                "".join(line_of(row, text) for row in batch.to_pylist()).encode("utf8")
            )


def _grouped(writer: Any, waiting: list[Any], batch: Any, schema: Any) -> None:
    waiting.append(batch)
    if sum(map(len, waiting)) >= _GROUP:
        writer.write_table(pa.Table.from_batches(waiting, schema))
        waiting.clear()


def _json_line(row: dict[str, Any], _: str) -> str:
    return json.dumps(json_ready(row), ensure_ascii=False, default=str) + "\n"


def _text_line(row: dict[str, Any], text: str) -> str:
    """The words of a document, with spaces between them; an empty line where it failed."""
    words = (row[text][each["start"] : each["end"]] for each in row["offsets"] or ())
    return " ".join(word for word in words if not word.isspace()) + "\n"
