"""Hooks of spanloom-formats. Light: what they name is a string until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

SPANLOOM_API = 1


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands over corpora, and over other files."""
    commands.group("debug", help="Check a config or data before training.")
    commands.add(
        "apply",
        target="spanloom_formats.cli.apply:apply_command",
        help="Annotate files with a trained pipeline.",
    )
    commands.add(
        "convert",
        target="spanloom_formats.cli.convert:convert_command",
        help="Turn annotated files into training data.",
    )
    commands.add(
        "debug data",
        target="spanloom_formats.cli.debug:data_command",
        help="Count what is annotated in training data, and find what is wrong with it.",
    )
