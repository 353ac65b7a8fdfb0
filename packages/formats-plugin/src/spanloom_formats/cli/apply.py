"""``spanloom apply``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from spanloom.cli.options import CODE, GPU
from spanloom.plugins import import_code

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
    default=1,
    show_default=True,
    help="Number of processes.",
)
@click.option("--resume", "-r", is_flag=True, help="Continue a run that was stopped.")
@CODE
@GPU
def apply_command(
    model: str, source: str, output: str, code: str | None, gpu_id: int, **options: Any
) -> None:
    """Annotate SOURCE with the pipeline MODEL and write the documents to OUTPUT.

    SOURCE is a file or folder of texts (.txt, .jsonl) or of documents (.spacy, .loom, ...), or "-"
    for standard input. The name of OUTPUT tells the format (.jsonl, .spacy, .loom, .conllu); "-" is
    standard output, as lines of JSON. A run that was stopped or killed goes on with --resume.
    """
    if code is not None:
        import_code(code)
    from spanloom import load
    from spanloom.training.run import use_gpu

    from ..applying import apply_pipeline

    if gpu_id >= 0:
        use_gpu(gpu_id)
    nlp = load(model)
    with _progress() as progress:
        done = apply_pipeline(nlp, source, output, progress=progress, **options)
    speed = f", {done.words / done.seconds:,.0f} words per second" if done.words else ""
    before = f" ({done.before:,} of them before)" if done.before else ""
    click.echo(f"Wrote '{output}': {done.docs:,} documents{before}{speed}.", err=True)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Yield what shows the numbers of documents and words; nothing where no one looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")

        def show(docs: int, words: int) -> None:
            if docs % 10 == 0:
                bar.update(task, description=f"{docs:,} documents, {words:,} words")

        yield show
