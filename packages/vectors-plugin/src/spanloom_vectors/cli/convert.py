"""``spanloom vectors convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..formats import FORMATS, write_source
from .common import bar, converted, reading_options, table_options

__all__ = ["convert_command"]


@click.command("convert")
@click.argument("source", type=click.Path())
@click.argument("output", type=click.Path())
@click.option(
    "--to", "target_format", type=click.Choice(["table", *FORMATS]), help="Format of OUTPUT."
)
@reading_options
@table_options
def convert_command(source: str, output: str, target_format: str | None, **options: Any) -> None:
    """Convert the vectors SOURCE to OUTPUT.

    SOURCE is a table, a file in any format, plain or compressed, or a folder of spaCy's: its
    content says which. The name of OUTPUT says its format: .wlv is a table, .vec, .txt, .bin and so
    on are those of others, and .gz, .bz2, .xz or .zst compress.
    """
    path = Path(output)
    table_wanted = target_format == "table" or (target_format is None and path.suffix == ".wlv")
    with converted(source, beside=path.absolute().parent, **options) as table:
        if table_wanted:
            table.save(path)
            what = f"a table with the hash {table.hash}"
        else:
            format = None if target_format is None else target_format
            with bar(table.source(), f"Writing {path.name}") as stream:
                what = write_source(path, stream, format=format).help
        rows, width = table.shape
        click.echo(f"Wrote '{output}': {len(table.words) or rows} x {width}, {what}.")
