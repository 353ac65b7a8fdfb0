"""Annotate on Spark: data frames, and folders of files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
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

#: How often a task is tried on this machine, when its process dies.
_TRIES = 4

#: The variable that tells Spark which Python its processes run.
_PYTHON = "PYSPARK_PYTHON"


def annotate(df: Any, pipeline: str | Path, **options: Unpack[Options]) -> Any:
    """The rows of a Spark ``DataFrame`` with columns of annotation, as a new one.

    Rows stay in their partitions, and in order there. Each Python process of Spark loads the
    pipeline once, from a path that all of them can read or an object store: see
    :meth:`Settings.of`. A task whose process died is tried again as often as Spark is set to
    (``local[2,4]``: four times on this machine). Nothing runs before the result is used. Errors are
    those of :func:`spanloom_scale.arrow.annotate`.
    """
    types = engine_package("pyspark.sql.pandas.types", "spark")
    settings = Settings.of(pipeline, options)
    settings.schema(types.to_arrow_schema(df.schema))
    added = types.from_arrow_schema(pa.schema(annotation_fields(settings.columns)))
    schema = type(df.schema)([*df.schema.fields, *added.fields])
    return df.mapInArrow(partial(_annotated, settings), schema)


def _annotated(settings: Settings, batches: Iterable[Any]) -> Iterator[Any]:
    made = annotator(settings)
    return (done for batch in batches for done in made.annotate(batch))


def annotate_files(
    pipeline: str | Path, source: str | Path, output: str | Path, **options: Unpack[FileOptions]
) -> Annotated:
    """Annotate the files of a folder, each in a task of Spark: see
    :func:`spanloom_scale.files.annotate_shards`. Without an active session, one is started on this
    machine, for as long as it takes."""
    return annotate_shards(_on_spark, pipeline, source, output, options)


def _on_spark(function: Callable[[I], O], items: Sequence[I], workers: int | None) -> Iterator[O]:
    session = engine_package("pyspark.sql", "spark").SparkSession
    errors = engine_package("pyspark.errors", "spark")
    java = engine_package("py4j.protocol", "spark")
    active = session.getActiveSession()
    try:
        spark = active or _started(session, workers)
        # A task each: one that failed is tried again without the others.
        yield from spark.sparkContext.parallelize(items, len(items)).map(function).collect()
    except (errors.PySparkException, java.Py4JError) as error:
        raise SpanloomError(f"Spark gave up: {error}") from error
    finally:
        if active is None and (mine := session.getActiveSession()) is not None:
            mine.stop()


def _started(session: Any, workers: int | None) -> Any:
    """A session on this machine, whose processes run the Python that this one does."""
    told = _PYTHON in os.environ
    os.environ.setdefault(_PYTHON, sys.executable)  # Spark asks nothing else
    try:
        made = session.builder.master(f"local[{workers or '*'},{_TRIES}]")
        return made.config("spark.ui.enabled", "false").getOrCreate()
    finally:
        if not told:
            del os.environ[_PYTHON]
