"""``spanloom languages import``."""

from __future__ import annotations

from pathlib import Path

import click

from ..importing import import_language, spacy_languages
from ..languages import imported, languages_folder

__all__ = ["import_command", "list_command"]


@click.command("import")
@click.argument("codes", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All languages that spaCy has.")
@click.option(
    "--to", type=click.Path(path_type=Path), help="Another folder than SPANLOOM_LANGUAGES or yours."
)
def import_command(codes: tuple[str, ...], every: bool, to: Path | None) -> None:
    """Take rules of languages from an installed spaCy.

    CODES are codes of languages such as "de". Each gives a file of data, which works afterwards
    without spaCy: tokenizer rules, stop words, number words and norms.
    """
    if not codes and not every:
        raise click.UsageError("give codes of languages, or --all")
    folder = to or languages_folder()
    for code in spacy_languages() if every else codes:
        path = import_language(code, folder)
        click.echo(f"{code}: {path}")


@click.command("list")
def list_command() -> None:
    """Which languages have been imported, and where they are."""
    click.echo(f"{languages_folder()}: {', '.join(imported()) or 'none'}")
