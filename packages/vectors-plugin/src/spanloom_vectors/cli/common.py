"""What the commands share: options, progress, reports."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from ..build import ATTRS, DTYPES, UNKNOWN, Chunk, Source, write_table
from ..formats import FORMATS, read_source
from ..problems import Policy, Problems
from ..storage import is_table
from ..table import Table

__all__ = ["bar", "converted", "moving", "reading_options", "report_problems", "table_options"]

F = TypeVar("F", bound=Callable[..., Any])


def reading_options(function: F) -> F:
    """Options that say how a file is read."""
    for option in (
        click.option(
            "--policy",
            type=click.Choice(["skip", "error"]),
            default="skip",
            show_default=True,
            help="What to do with a bad line.",
        ),
        click.option("--encoding", help="Encoding of the words, if it isn't UTF-8."),
        click.option(
            "--limit", "-n", "--truncate", type=click.IntRange(min=1), help="Words to read at most."
        ),
        click.option(
            "--from", "source_format", type=click.Choice(list(FORMATS)), help="Format of SOURCE."
        ),
    ):
        function = option(function)
    return function


def table_options(function: F) -> F:
    """Options that say what a table is like."""
    for option in (
        click.option(
            "--unknown", type=click.Choice(UNKNOWN), help="The vector of words without one."
        ),
        click.option(
            "--attr",
            "-a",
            "attrs",
            multiple=True,
            type=click.Choice(ATTRS, case_sensitive=False),
            help="Look words up by this; repeat it to try several in order.",
        ),
        click.option(
            "--dtype", type=click.Choice(DTYPES), default="float32", show_default=True,
            help="How rows are stored.",
        ),
        click.option("--name", default="", help="A name to store in the table."),
    ):  # fmt: skip
        function = option(function)
    return function


@contextmanager
def moving(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; call what it gives with how much was done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.advance(task, count)


@contextmanager
def bar(source: Source, label: str) -> Iterator[Source]:
    """The same source, with a bar on standard error that moves as it is read."""
    with moving(label, source.total) as advance:
        chunks = source.chunks

        def watched() -> Iterator[Chunk]:
            for chunk in chunks:
                advance(len(chunk.words))
                yield chunk

        source.chunks = watched()
        yield source


@contextmanager
def converted(
    path: str | Path,
    *,
    beside: Path,
    policy: Policy = "skip",
    limit: int | None = None,
    source_format: str | None = None,
    encoding: str | None = None,
    name: str = "",
    dtype: str = "float32",
    attrs: Sequence[str] = (),
    unknown: str | None = None,
) -> Iterator[Table]:
    """A table file made of whatever is at ``path``, in a temporary folder beside the output.

    What was wrong with its lines is reported.
    """
    beside.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        "name": name,
        "dtype": dtype,
        "attrs": list(attrs) or None,
        "unknown": unknown,
        "limit": limit,
    }
    problems = Problems(Path(path), policy)
    if is_table(path):
        source = Table.open(path).source()
    else:
        source = read_source(path, format=source_format, problems=problems, encoding=encoding)
    with tempfile.TemporaryDirectory(prefix=".vectors.", dir=beside) as folder:
        with bar(source, f"Reading {Path(path).name}"):
            target = write_table(Path(folder) / "table.wlv", source, problems=problems, **settings)
        report_problems(problems)
        yield Table.open(target)


def report_problems(problems: Problems) -> None:
    """Say which lines were left out."""
    if not problems.total:
        return
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(problems.counts.items()))
    click.echo(f"Left out {problems.total} of the lines of '{problems.path}': {counts}.", err=True)
    for problem in problems.examples:
        click.echo(f"  {problem}", err=True)
