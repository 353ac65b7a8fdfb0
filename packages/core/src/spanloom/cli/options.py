"""Options and arguments that several commands take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

__all__ = ["CODE", "CONFIG", "GPU", "OVERRIDES", "QUIET", "choice", "run_command"]

F = TypeVar("F", bound=Callable[..., Any])

CONFIG = click.argument("config", type=click.Path(allow_dash=True))
"""The path of a config, or ``-`` for standard input."""

OVERRIDES = click.argument("overrides", nargs=-1, type=click.UNPROCESSED)
"""Settings of the config, such as ``--training.max_steps 100``."""

CODE = click.option("--code", "-c", type=click.Path(), help="Python file with your own code.")
"""A file of the user's own code."""

GPU = click.option(
    "--gpu-id", "-g", type=int, default=-1, help="Number of the GPU; -1 for the CPU."
)
"""The device to compute on."""

QUIET = click.option("--quiet", "-q", is_flag=True, help="Don't show progress.")
"""Whether to show nothing while it runs."""


def choice(*names: str, of: Sequence[str], default: str, help: str) -> Callable[[F], F]:
    """An option that is one of a few words."""
    return click.option(
        *names, type=click.Choice(of), default=default, show_default=True, help=help
    )


def run_command(name: str, example: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that runs what a config says; ``example`` has settings that override it."""
    return click.command(
        name,
        context_settings={"ignore_unknown_options": True},
        epilog=f"Any setting can be overridden: {example}",
    )
