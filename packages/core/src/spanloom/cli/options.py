"""Options and arguments that several commands take."""

from __future__ import annotations

import click

__all__ = ["CODE", "OVERRIDES"]

OVERRIDES = click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
"""Settings of the config, such as ``--training.max_steps 100``."""

CODE = click.option("--code", "-c", type=click.Path(), help="A Python file that registers names.")
"""A file of the user's own code."""
