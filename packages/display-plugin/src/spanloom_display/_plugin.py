"""Hooks of spanloom-display. Light: what they name is a string until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

SPANLOOM_API = 1


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The command that shows annotated text."""
    target = "spanloom_display.cli.render:render_command"
    commands.add("render", target=target, help="Annotate text and write it as an HTML page.")
