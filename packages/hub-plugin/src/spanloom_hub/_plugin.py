"""Hooks of spanloom-hub. Light: what they name is a string until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

__all__ = ["SPANLOOM_API", "register_commands"]

SPANLOOM_API = 1


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands that make and get packaged pipelines."""
    commands.add(
        "package",
        target="spanloom_hub.cli.package:package_command",
        help="Make a wheel of a trained pipeline.",
    )
    commands.add(
        "download",
        target="spanloom_hub.cli.download:download_command",
        help="Get a packaged pipeline and install it, without pip.",
    )
