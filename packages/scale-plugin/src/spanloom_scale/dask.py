"""Annotate on Dask: data frames, and folders of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, Unpack

import pyarrow as pa

from spanloom.errors import SpanloomError

from .annotator import Options, Settings, annotator
from .columns import annotation_fields
from .engine import engine_package
from .files import Annotated, FileOptions, annotate_shards

__all__ = ["annotate", "annotate_files"]

I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741


def annotate(frame: Any, pipeline: str | Path, **options: Unpack[Options]) -> Any:
    """The rows of a Dask ``DataFrame`` with columns of annotation, of Arrow's types
    (``pandas.ArrowDtype``), as a new one; index, other columns and order stay.

    Each worker process loads the pipeline once, from a path that all of them can read or an object
    store: see :meth:`Settings.of`. Nothing runs before the result is used. Errors are those of
    :func:`spanloom_scale.arrow.annotate`.
    """
    settings = Settings.of(pipeline, options)
    schema = pa.Schema.from_pandas(frame._meta, preserve_index=False)
    names = [name for name in schema.names if name != settings.text]
    kinds = [pa.field(name, pa.null()) for name in names]
    there = [pa.field(settings.text, pa.string())] if settings.text in schema.names else []
    settings.schema(pa.schema([*there, *kinds]))
    meta = _with_columns(frame._meta, pa.schema(annotation_fields(settings.columns)).empty_table())
    return frame.map_partitions(_annotated, settings, meta=meta)


def _annotated(frame: Any, settings: Settings) -> Any:
    texts = pa.array(frame[settings.text], pa.string(), from_pandas=True)
    batch = pa.RecordBatch.from_arrays([texts], names=[settings.text])
    done = pa.Table.from_batches(annotator(settings).annotate(batch), settings.schema(batch.schema))
    return _with_columns(frame, done.drop_columns([settings.text]))


def _with_columns(frame: Any, table: Any) -> Any:
    pandas = engine_package("pandas", "dask")
    columns = {
        name: pandas.Series(pandas.arrays.ArrowExtensionArray(table.column(name)), frame.index)
        for name in table.column_names
    }
    return frame.assign(**columns)


def annotate_files(
    pipeline: str | Path, source: str | Path, output: str | Path, **options: Unpack[FileOptions]
) -> Annotated:
    """Annotate the files of a folder, each in a task of Dask: see
    :func:`spanloom_scale.files.annotate_shards`. Without a client in this process, a cluster is
    started on this machine, for as long as it takes."""
    return annotate_shards(_on_dask, pipeline, source, output, options)


def _on_dask(function: Callable[[I], O], items: Sequence[I], workers: int | None) -> Iterator[O]:
    distributed = engine_package("distributed", "dask")
    try:
        client, own = distributed.get_client(), False
    except ValueError:
        client, own = distributed.Client(n_workers=workers, threads_per_worker=1), True
    try:
        futures = client.map(function, items, pure=False)
        for future in distributed.as_completed(futures):
            yield future.result()
    except distributed.scheduler.KilledWorker as error:
        raise SpanloomError(f"Dask gave up: {error}") from error
    finally:
        if own:
            client.close()
            client.cluster.close() if client.cluster is not None else None
