"""Hooks of spanloom-spacy. Light: what they name is a string until it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spanloom.plugins import hookimpl

if TYPE_CHECKING:
    from spanloom.plugins import CommandTable

SPANLOOM_API = 1


@hookimpl
def register_commands(commands: CommandTable) -> None:
    """The commands about languages."""
    commands.group("languages", help="Rules of languages, from an installed spaCy.")
    for name, purpose in (
        ("import", "Take rules of languages from an installed spaCy."),
        ("list", "Show which languages have been imported."),
    ):
        target = f"spanloom_spacy.cli.languages:{name}_command"
        commands.add(f"languages {name}", target=target, help=purpose)
