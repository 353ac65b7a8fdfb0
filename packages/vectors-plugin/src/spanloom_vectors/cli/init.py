"""``spanloom init vectors``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..pruning import prune
from .common import converted, reading_options, table_options
from .prune import MODES, report_merges

__all__ = ["init_vectors_command"]


@click.command("vectors")
@click.argument("lang")
@click.argument("source", type=click.Path())
@click.argument("output", type=click.Path())
@click.option("--prune", "-p", "rows", type=int, help="Keep that many rows.")
@click.option("--prune-mode", type=click.Choice(MODES), default="nearest", show_default=True,
              help="What becomes of the other words.")  # fmt: skip
@reading_options
@table_options
def init_vectors_command(
    lang: str, source: str, output: str, rows: int | None, prune_mode: Any, **options: Any
) -> None:
    """Make a pipeline for LANG that has the vectors SOURCE and no components, in the folder OUTPUT.

    Load it, or train with its vectors:

      spanloom train config.cfg --paths.vectors OUTPUT
    """
    import spanloom

    from ..table import Table

    path = Path(output)
    nlp = spanloom.blank(lang)
    with converted(source, beside=path.absolute().parent, **options) as table:
        if rows is not None and rows < len(table):
            pruned, merges = prune(table, rows, prune_mode)
            report_merges(merges, prune_mode, None)
            table = Table.open(pruned.save(Path(table.sections.source).with_name("pruned.wlv")))
        nlp.vocab.vectors = table
        nlp.to_disk(path)
        count, width = table.shape
        words = f"{len(table.words)} words" if table.kind == "words" else "any word"
        click.echo(f"Wrote '{output}': {count} rows x {width} for {words}, hash {table.hash}.")
        click.echo(f"Train with it: spanloom train CONFIG --paths.vectors {output}")
