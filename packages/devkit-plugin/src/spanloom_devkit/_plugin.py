"""Hooks of spanloom-devkit. Light: what they name is a string until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

SPANLOOM_API = 1


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands for authors of plugins; light, so that a broken plugin can't keep them away."""
    commands.add(
        "plugins doctor",
        target="spanloom_devkit.cli.doctor:doctor_command",
        help="Find what is broken, clashing, incompatible or slow.",
        light=True,
    )
    commands.add(
        "plugins new",
        target="spanloom_devkit.cli.new:new_command",
        help="Write a plugin to start from.",
        light=True,
    )
