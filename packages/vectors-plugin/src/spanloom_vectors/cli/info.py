"""``spanloom vectors info``."""

from __future__ import annotations

import json
from typing import Any

import click

from ..formats import detect
from ..opening import open_vectors
from ..storage import is_table

__all__ = ["info_command"]


@click.command("info")
@click.argument("source", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--verify", is_flag=True, help="Compute the hash anew and compare it.")
def info_command(source: str, as_json: bool, verify: bool) -> None:
    """Tell what the vectors SOURCE are: a table, a pipeline with one, or a file in any format."""
    table = open_vectors(source)
    if verify:
        table.verify()
    rows, width = table.shape
    norms = table.sections.arrays["norms"]
    facts: dict[str, Any] = {
        "format": "table" if is_table(source) or table.path else detect(source).name,
        "kind": table.kind,
        "name": table.name,
        "rows": rows,
        "words": len(table.words),
        "width": width,
        "dtype": table.dtype,
        "looked up by": list(table.attrs),
        "unknown words": table.unknown,
        "subwords": table.subwords.to_dict() if table.subwords is not None else None,
        "rows of zeros": int((norms == 0).sum()),
        "hash": table.hash,
        "first words": table.words[:5],
    }
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for key, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{key:<14} {'-' if text in (None, '') else text}")
    if verify:
        click.echo("The content has the hash that the file says.")
