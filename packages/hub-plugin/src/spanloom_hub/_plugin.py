"""Hooks of spanloom-hub. Light: what they name is a string until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

SPANLOOM_API = 1


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands that make and get packaged pipelines."""
    for name, purpose in (
        ("package", "Make a wheel of a trained pipeline."),
        ("download", "Get a packaged pipeline and install it, without pip."),
    ):
        target = f"spanloom_hub.cli.{name}:{name}_command"
        commands.add(name, target=target, help=purpose)
