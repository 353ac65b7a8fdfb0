"""``spanloom debug schema``."""

from __future__ import annotations

import json

import click

from spanloom.io.files import write_text

__all__ = ["schema_command"]


@click.command("schema")
@click.argument("output", type=click.Path(allow_dash=True), default="-")
def schema_command(output: str) -> None:
    """Write the JSON schema of configs to OUTPUT, for editors.

    It knows the sections, components and functions of everything that is installed.
    """
    from ..schema import config_schema

    text = json.dumps(config_schema(), indent=1) + "\n"
    if output == "-":
        click.echo(text, nl=False)
    else:
        write_text(output, text)
        click.echo(f"Wrote '{output}'.")
