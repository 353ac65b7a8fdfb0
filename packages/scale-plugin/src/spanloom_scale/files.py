"""Annotating folders of files, shard by shard, so that a second start goes on with what is left.

Each file of the source is a shard, and becomes a file of the output: it is written beside its place
and renamed when it is whole. So what is there is whole, and is left alone; a shard that two workers
wrote, since one of them was thought dead, is there once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, TypeVar, Unpack

import pyarrow as pa

from spanloom.errors import DataError, OccupiedError, SpanloomError
from spanloom.io.files import clear_up, read_json, write_text
from spanloom.plugins.factory import names_of

from .annotator import Options, Settings, annotator
from .shards import FORMATS, Reading, shard_files, stem_of, written

__all__ = ["Annotated", "FileOptions", "annotate_files", "annotate_shards"]

I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741

#: What tells of which run an output is.
_NOTE = "about.json"


class Runner(Protocol):
    """How an engine calls a function on each of many items, on ``workers`` workers, and gives back
    the results in any order. A worker that dies is replaced, and its item tried again."""

    def __call__(
        self, function: Callable[[I], O], items: Sequence[I], workers: int | None, /
    ) -> Iterator[O]: ...


class FileOptions(Options, total=False):
    """What every ``annotate_files`` takes beside pipeline, source and output."""

    workers: int | None
    """How many workers: as many as the engine has unless given."""
    format: str
    """The ending of the files that are written: ``parquet`` unless given, or one of `FORMATS`."""
    keep: Sequence[str] | None
    """The columns of the source that are kept; all of them unless given."""
    lines: bool
    """Whether each line of a text file is a document."""
    progress: Callable[[int, int], Any] | None
    """Called with the numbers of shards that are done and that there are."""


@dataclass(frozen=True)
class Annotated:
    """What was done: shards in the output, those of them that were there before; rows of this run,
    how many of them have an error, and its seconds."""

    shards: int
    before: int
    rows: int
    errors: int
    seconds: float

    def __str__(self) -> str:
        before = f" ({self.before:,} of them before)" if self.before else ""
        bad = f", {self.errors:,} with an error," if self.errors else ""
        return f"{self.shards:,} files{before}, {self.rows:,} rows{bad} in {self.seconds:,.1f} s"


@dataclass(frozen=True)
class _Shard:
    source: Path
    output: Path


@dataclass(frozen=True)
class _Done:
    rows: int = 0
    errors: int = 0
    failure: str | None = None


def annotate_files(
    pipeline: str | Path, source: str | Path, output: str | Path, **options: Unpack[FileOptions]
) -> Annotated:
    """Annotate the files of a folder in this process, one after another: see
    :func:`annotate_shards`."""
    return annotate_shards(_in_turn, pipeline, source, output, options)


def _in_turn(function: Callable[[I], O], items: Sequence[I], _: int | None) -> Iterator[O]:
    return map(function, items)


def annotate_shards(
    run: Runner, pipeline: str | Path, source: str | Path, output: str | Path, options: FileOptions
) -> Annotated:
    """Annotate each file of ``source`` (Parquet, lines of JSON, text; JSON and text also with
    ``.gz`` or ``.zst``) on an engine, and write one of the same name into the folder ``output``.

    Rows keep their order and columns; those that can't be annotated say why in ``error``. What an
    earlier run wrote stays. Raises :class:`SpanloomError` if that was with another pipeline or
    other options, or if a whole shard can't be read: all others are written then;
    :class:`OccupiedError` if ``output`` holds anything else; :class:`DataError` for options that
    can't be.
    """
    start = perf_counter()
    reading, settings, ending = _planned(pipeline, source, options)
    shards = _shards(Path(source), Path(output), ending)
    _prepare(
        Path(output),
        {each.output.relative_to(output).as_posix() for each in shards},
        {
            "pipeline": settings.mark,
            "columns": list(settings.columns),
            "disable": list(settings.disable),
            "text": settings.text,
            "lines": reading.lines,
            "schema": reading.schema.to_string(),
        },
    )
    left = [each for each in shards if not each.output.exists()]
    before = done = len(shards) - len(left)
    rows = errors = 0
    failures = []
    progress = options.get("progress") or (lambda done, total: None)
    work = partial(_annotate_shard, settings, reading)
    for result in run(work, left, options.get("workers")) if left else ():
        rows, errors, done = rows + result.rows, errors + result.errors, done + 1
        if result.failure is not None:
            failures.append(result.failure)
        progress(done, len(shards))
    if failures:
        some = "\n  ".join(failures[:5])
        raise SpanloomError(
            f"{len(failures)} of {len(shards)} shards couldn't be annotated, the others are in "
            f"'{output}':\n  {some}"
        )
    return Annotated(len(shards), before, rows, errors, perf_counter() - start)


def _planned(
    pipeline: str | Path, source: str | Path, options: FileOptions
) -> tuple[Reading, Settings, str]:
    """How to read, how to annotate and in what format to write, all checked."""
    ending = options.get("format", "parquet")
    if ending not in FORMATS:
        raise DataError(f"shards can't be written as '{ending}': formats are {', '.join(FORMATS)}")
    own: Any = {key: options[key] for key in Options.__annotations__ if key in options}  # type: ignore[literal-required]
    if ending.startswith("txt"):
        own["columns"] = ("offsets",)
    settings = Settings.of(pipeline, own)
    keep = options.get("keep")
    first = shard_files(source)[0]
    keep = None if keep is None else names_of(keep)
    reading = Reading.of(first, settings.text, options.get("lines", False), keep)
    schema = settings.schema(reading.schema)
    binary = [each.name for each in schema if pa.types.is_binary(each.type)]
    if binary and ending.startswith("jsonl"):
        raise DataError(
            f"JSON can't hold the bytes of '{binary[0]}': write parquet, or leave it out"
        )
    return reading, settings, ending


def _shards(source: Path, output: Path, ending: str) -> list[_Shard]:
    """What becomes what. Raises :class:`OccupiedError` and :class:`DataError` where that can't
    be."""
    base = source.parent if source.is_file() else source
    if output.resolve() == source.resolve() or (
        source.is_dir() and output.resolve().is_relative_to(source.resolve())
    ):
        raise OccupiedError(f"'{output}' lies in the source '{source}': choose another folder")
    shards = [
        _Shard(path, output / f"{stem_of(path.relative_to(base))}.{ending}")
        for path in shard_files(source)
    ]
    made: dict[Path, Path] = {}
    for each in shards:
        if each.output in made:
            raise DataError(
                f"'{made[each.output]}' and '{each.source}' would both become '{each.output}': "
                "rename one"
            )
        made[each.output] = each.source
    return shards


def _prepare(output: Path, names: set[str], about: dict[str, Any]) -> None:
    """Make the folder, or see that it is of the same run."""
    note = output / _NOTE
    if output.exists() and not output.is_dir():
        raise OccupiedError(f"'{output}' is a file: shards are written into a folder")
    if not note.is_file():
        if output.exists() and any(output.iterdir()):
            raise OccupiedError(
                f"'{output}' holds something else than annotated shards: choose another folder"
            )
        write_text(note, json.dumps(about, indent=1))
        return
    found = read_json(note, "note on annotated shards")
    other = [key for key in about if not isinstance(found, dict) or found.get(key) != about[key]]
    if other:
        raise SpanloomError(
            f"'{output}' was annotated with a different {', '.join(other)}: use the same, or "
            "another folder"
        )
    for folder in {(output / name).parent for name in names}:
        clear_up(folder, *{f"*.{ending}" for ending in FORMATS})


def _annotate_shard(settings: Settings, reading: Reading, shard: _Shard) -> _Done:
    """Runs in a worker. Raises what isn't the shard's fault."""
    made = annotator(settings)
    rows = errors = 0
    try:
        with written(shard.output, settings.schema(reading.schema), settings.text) as write:
            for batch, known in reading.read(shard.source):
                for done in made.annotate(batch, known):
                    write(done)
                    rows += len(done)
                    errors += len(done) - done.column("error").null_count
    except SpanloomError as error:
        return _Done(failure=f"{type(error).__name__}: {error}")
    return _Done(rows, errors)
