"""Annotate on Ray: data sets of Ray Data, and folders of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, Unpack

import pyarrow as pa

from spanloom.errors import SpanloomError

from .annotator import Annotator, Options, Settings
from .engine import engine_package
from .files import Annotated, FileOptions, annotate_shards

__all__ = ["annotate", "annotate_files"]

I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741

#: Rows that a worker is given at a time.
_ROWS = 1024


def annotate(
    dataset: Any, pipeline: str | Path, *, workers: int | None = None, **options: Unpack[Options]
) -> Any:
    """The rows of a ``ray.data.Dataset`` with columns of annotation, as a new one, in order.

    Each of ``workers`` actors (as many as there are cores unless given) loads the pipeline once,
    from a path that all of them can read or an object store: see :meth:`Settings.of`. Ray starts an
    actor that died again, and gives it its rows once more. Nothing runs before the result is used.
    Errors are those of :func:`spanloom_scale.arrow.annotate`.
    """
    data = engine_package("ray.data", "ray")
    settings = Settings.of(pipeline, options)
    schema = dataset.schema()
    if schema is not None:
        settings.schema(pa.schema(zip(schema.names, schema.types)))
    made = dataset.map_batches(
        _Actor,
        fn_constructor_args=(settings,),
        batch_format="pyarrow",
        batch_size=_ROWS,
        compute=data.ActorPoolStrategy(size=workers)
        if workers is not None
        else data.ActorPoolStrategy(min_size=1),
    )
    made.context.execution_options.preserve_order = True
    return made


class _Actor:
    """What Ray keeps in a process of its own."""

    def __init__(self, settings: Settings) -> None:
        self.annotator = Annotator.load(settings)

    def __call__(self, table: Any) -> Any:
        schema = self.annotator.settings.schema(table.schema)
        batches = (done for each in table.to_batches() for done in self.annotator.annotate(each))
        return pa.Table.from_batches(batches, schema)


def annotate_files(
    pipeline: str | Path, source: str | Path, output: str | Path, **options: Unpack[FileOptions]
) -> Annotated:
    """Annotate the files of a folder, each in a task of Ray: see
    :func:`spanloom_scale.files.annotate_shards`. Without a cluster that this process is connected
    to, one is started on this machine, for as long as it takes."""
    return annotate_shards(_on_ray, pipeline, source, output, options)


def _on_ray(function: Callable[[I], O], items: Sequence[I], workers: int | None) -> Iterator[O]:
    ray = engine_package("ray", "ray")
    started = not ray.is_initialized()
    if started:
        try:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
        except Exception as error:  # Ray has no class of its own for this
            raise SpanloomError(f"Ray couldn't be started on this machine: {error}") from error
    try:
        task = ray.remote(num_cpus=1)(_call)
        given = ray.put(function)
        room = workers or int(ray.cluster_resources().get("CPU", 1))
        waiting = list(reversed(items))
        running: list[Any] = []
        while waiting or running:
            while waiting and len(running) < 2 * room:
                running.append(task.remote(given, waiting.pop()))
            done, running = ray.wait(running)
            yield from ray.get(done)
    except ray.exceptions.RayError as error:
        raise SpanloomError(f"Ray gave up: {error}") from error
    finally:
        if started:
            ray.shutdown()


def _call(function: Callable[[I], O], item: I) -> O:
    return function(item)
