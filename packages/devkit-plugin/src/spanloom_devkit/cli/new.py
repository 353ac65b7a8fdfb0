"""``spanloom plugins new``."""

from __future__ import annotations

from pathlib import Path

import click

from spanloom.cli.options import choice

__all__ = ["new_command"]

_KINDS = (
    "component",
    "rule",
    "architecture",
    "encoder",
    "language",
    "reader",
    "logger",
    "tokenizer",
    "span_getter",
)


@click.command("new")
@click.argument("folder", type=click.Path())
@choice("--kind", "-k", of=_KINDS, default="component", help="What the plugin brings.")
@click.option("--name", "-n", help="Name of the distribution; by default that of the folder.")
def new_command(folder: str, kind: str, name: str | None) -> None:
    """Write a plugin into the new folder FOLDER: a project that installs, trains and passes the
    conformance kit as it is."""
    from ..new import write_plugin

    made = write_plugin(Path(folder), kind, name)
    click.echo(f"wrote {made.dist} ({kind}) into {folder}:")
    for path in made.files:
        click.echo(f"  {path}")
    click.echo(
        f'\ncd {folder}\npip install -e ".[test]"\npytest\n'
        f"pytest --spanloom-conformance={made.dist}"
    )
