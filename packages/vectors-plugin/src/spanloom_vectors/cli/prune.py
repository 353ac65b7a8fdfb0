"""``spanloom vectors prune``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from spanloom.io.files import write_text

from ..opening import open_vectors, write_vectors
from ..pruning import Merge, prune

__all__ = ["MODES", "prune_command", "report_merges"]

MODES = ["nearest", "drop", "quantise"]


def report_merges(merges: Sequence[Merge], mode: str, path: str | None) -> None:
    """Say what became of the words that lost their rows; all of them in a file, if there is one."""
    forgotten = sum(merge.into is None for merge in merges)
    shared = len(merges) - forgotten
    click.echo(f"{shared} words share the row of another, {forgotten} are forgotten ({mode}).")
    for merge in [merge for merge in merges if merge.into is not None][:5]:
        click.echo(f"  {merge.word} -> {merge.into} ({merge.score:.2f})")
    if path is not None:
        lines = [f"{merge.word}\t{merge.into or ''}\t{merge.score:.4f}\n" for merge in merges]
        write_text(path, "".join(lines))


@click.command("prune")
@click.argument("source", type=click.Path())
@click.argument("output", type=click.Path())
@click.option("--rows", "-r", type=int, required=True, help="Keep exactly that many.")
@click.option("--mode", type=click.Choice(MODES), default="nearest", show_default=True,
              help="nearest: other words share the row most like theirs; drop: they are forgotten; "
              "quantise: all words share means of similar rows.")  # fmt: skip
@click.option("--report", type=click.Path(), help="Write what was merged into what, tab separated.")
def prune_command(source: str, output: str, rows: int, mode: Any, report: str | None) -> None:
    """Write the vectors SOURCE to OUTPUT with fewer rows."""
    table, merges = prune(open_vectors(source), rows, mode)
    write_vectors(output, table)
    report_merges(merges, mode, report)
    count, width = table.shape
    click.echo(f"Wrote '{Path(output)}': {count} rows x {width}, hash {table.hash}.")
