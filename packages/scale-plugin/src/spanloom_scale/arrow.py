"""Annotate Arrow tables and streams of batches in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Unpack

import pyarrow as pa

from spanloom import Pipeline
from spanloom.errors import DataError

from .annotator import Annotator, Options, Settings, annotator

__all__ = ["annotate"]


def annotate(data: Any, pipeline: str | Path | Pipeline, **options: Unpack[Options]) -> Any:
    """The rows of ``data`` with columns of annotation.

    ``data`` is a ``pyarrow.Table``, and so is what is returned; or a ``RecordBatchReader`` or
    iterable of ``RecordBatch``: then it is a ``RecordBatchReader``, whose schema is known before
    anything is annotated. ``pipeline`` is a pipeline, or what names a saved one (see
    :meth:`Settings.of`); the vocab of a pipeline that is given stays as it is.

    Rows and their other columns stay as they are and in order. One that can't be annotated (a
    null, or a text for which a component fails) has nulls, and in the column ``error`` what went
    wrong. Raises :class:`DataError` for columns that there aren't, and what loading raises.
    """
    made = _annotator(pipeline, options)
    if isinstance(data, pa.Table):
        schema = made.settings.schema(data.schema)
        return pa.Table.from_batches(_stream(made, data.to_batches()), schema=schema)
    batches: Iterator[Any] = iter(data)
    if isinstance(data, pa.RecordBatchReader):
        before = data.schema
    else:
        first = next(batches, None)
        if not isinstance(first, pa.RecordBatch):
            raise DataError(f"a table, or batches of rows, are needed, not {type(data).__name__}")
        before, batches = first.schema, chain([first], batches)
    schema = made.settings.schema(before)
    return pa.RecordBatchReader.from_batches(schema, _stream(made, batches))


def _annotator(pipeline: str | Path | Pipeline, options: Options) -> Annotator:
    if not isinstance(pipeline, Pipeline):
        return annotator(Settings.of(pipeline, options))
    return Annotator(pipeline, Settings.checked("", "", options))


def _stream(made: Annotator, batches: Iterable[Any]) -> Iterator[Any]:
    return (done for batch in batches for done in made.annotate(batch))
