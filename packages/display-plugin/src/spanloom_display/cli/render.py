"""``spanloom render``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from spanloom.cli.options import CODE, choice
from spanloom.errors import DataError, FormatError
from spanloom.io.files import existing, refuse_source, write_text

__all__ = ["render_command"]

_STYLES = ("auto", "dep", "ent", "span", "tokens")


@click.command("render")
@click.argument("model", type=click.Path())
@click.argument("source", required=False, type=click.Path())
@click.option("--text", "-t", "texts", multiple=True, help="A text to show; may be repeated.")
@click.option(
    "--output", "-o", type=click.Path(), help="File to write; by default standard output."
)
@choice("--style", "-s", of=_STYLES, default="auto", help="What to show of each document.")
@click.option("--spans-key", default="sc", show_default=True, help="The spans that 'span' shows.")
@click.option("--title", default="Annotated text", show_default=True, help="Title of the page.")
@CODE
def render_command(
    model: str,
    source: str | None,
    texts: tuple[str, ...],
    output: str | None,
    style: str,
    spans_key: str,
    title: str,
    code: str | None,
) -> None:
    """Annotate text with the pipeline MODEL and write it as an HTML page.

    SOURCE is a UTF-8 text file, one document; "-" reads standard input. With the style "auto", each
    kind of annotation that the pipeline sets gets its picture: trees, entities, else tokens.
    """
    if output is not None and source is not None:
        refuse_source(output, source)
    given = [*texts, *([_read(source)] if source is not None else [])]
    if not given:
        raise click.UsageError("Give a text to show: a file, '-' for standard input, or --text.")
    if code is not None:
        from spanloom.plugins import import_code

        import_code(code)
    from spanloom.pipeline import load

    from ..page import render_html

    docs = list(load(model).pipe(given))
    page = render_html(docs, style, title=title, spans_key=spans_key)
    if output is None:
        click.echo(page)
    else:
        write_text(output, page)
        click.echo(f"wrote {output}", err=True)


def _read(source: str) -> str:
    """The text of a file, or of standard input."""
    if source == "-":
        return sys.stdin.read()
    path = existing(Path(source), "text")
    if not path.is_file():
        raise DataError(f"'{path}' is a folder: give a text file")
    try:
        return path.read_text("utf8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise FormatError(
            path, line, f"isn't valid UTF-8 ({error.reason}): convert it first"
        ) from None
