"""``spanloom apply``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from spanloom.cli.options import CODE, GPU
from spanloom.plugins import import_code
from spanloom.plugins.registries import registry

__all__ = ["apply_command"]


@click.command("apply")
@click.argument("model", type=click.Path())
@click.argument("source", type=click.Path(allow_dash=True))
@click.argument("output", type=click.Path(allow_dash=True))
@click.option("--lines", "-L", is_flag=True, help="Each line of a text file is a document.")
@click.option("--text-key", default="text", show_default=True, help="Key of the text in JSON.")
@click.option("--batch-size", "-b", type=click.IntRange(min=1), help="Documents per batch.")
@click.option(
    "--n-process",
    "-n",
    type=click.IntRange(min=1),
    help="Number of processes, 1 unless given; of workers, with --engine.",
)
@click.option("--resume", "-r", is_flag=True, help="Continue a run that was stopped.")
@click.option("--engine", "-e", help="Annotate a folder of shards on an engine, such as ray.")
@click.option("--format", help="With --engine: ending of the files that are written.")
@click.option("--column", "columns", multiple=True, help="With --engine: a column to add.")
@click.option("--keep", multiple=True, help="With --engine: a column of SOURCE to keep.")
@CODE
@GPU
def apply_command(
    model: str,
    source: str,
    output: str,
    code: str | None,
    gpu_id: int,
    engine: str | None,
    **options: Any,
) -> None:
    """Annotate SOURCE with the pipeline MODEL and write the documents to OUTPUT.

    SOURCE is a file or folder of texts (.txt, .jsonl) or of documents (.spacy, .loom, ...), or "-"
    for standard input. The name of OUTPUT tells the format (.jsonl, .spacy, .loom, .conllu); "-" is
    standard output, as lines of JSON. A run that was stopped or killed goes on with --resume.

    With --engine (ray, spark, dask, or local for this process; of spanloom-scale), SOURCE and
    OUTPUT are folders of shards (.parquet, .jsonl, .txt), and each shard is annotated by a worker.
    A second start goes on with the shards that aren't there.
    """
    of_engine = {name: options.pop(name) for name in ("format", "columns", "keep")}
    if engine is not None:
        if code is not None or gpu_id >= 0 or options["batch_size"] is not None:
            raise click.UsageError(
                "--engine goes without --code, --gpu-id and --batch-size: workers load what is "
                "installed where they are, and batch by words"
            )
        _on_engine(engine, (model, source, output), {**options, **of_engine})
        return
    if any(of_engine.values()):
        raise click.UsageError("--format, --column and --keep go with --engine")
    if code is not None:
        import_code(code)
    from spanloom import load
    from spanloom.training.run import use_gpu

    from ..applying import apply_pipeline

    if gpu_id >= 0:
        use_gpu(gpu_id)
    nlp = load(model)
    options["n_process"] = options["n_process"] or 1
    with _progress("{:,} documents, {:,} words", every=10) as progress:
        done = apply_pipeline(nlp, source, output, progress=progress, **options)
    speed = f", {done.words / done.seconds:,.0f} words per second" if done.words else ""
    before = f" ({done.before:,} of them before)" if done.before else ""
    click.echo(f"Wrote '{output}': {done.docs:,} documents{before}{speed}.", err=True)


def _on_engine(engine: str, paths: tuple[str, str, str], options: dict[str, Any]) -> None:
    given = {
        "workers": options["n_process"],
        "text": options["text_key"],
        "lines": options["lines"],
        **{name: options[name] for name in ("format", "columns", "keep")},
    }
    annotate_files = registry.engines.get(engine)
    with _progress("{:,} of {:,} files") as progress:
        given |= {"progress": progress}
        done = annotate_files(*paths, **{name: each for name, each in given.items() if each})
    click.echo(f"Wrote '{paths[-1]}': {done}.", err=True)


@contextmanager
def _progress(words: str, *, every: int = 1) -> Iterator[Callable[[int, int], None] | None]:
    """Yield what shows two numbers in ``words``; nothing where no one looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")

        def show(first: int, second: int) -> None:
            if first % every == 0:
                bar.update(task, description=words.format(first, second))

        yield show
