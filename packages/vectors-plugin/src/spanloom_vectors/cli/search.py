"""``spanloom vectors search``."""

from __future__ import annotations

import json

import click

from spanloom.errors import DataError

from ..opening import open_vectors

__all__ = ["search_command"]


@click.command("search")
@click.argument("source", type=click.Path())
@click.argument("words", nargs=-1)
@click.option("--minus", "-m", multiple=True, help="A word to take off; repeat it for more.")
@click.option("--number", "-n", type=int, default=10, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def search_command(
    source: str, words: tuple[str, ...], minus: tuple[str, ...], number: int, as_json: bool
) -> None:
    """Find the words of SOURCE that are nearest to the sum of WORDS.

    An analogy, "man is to king as woman is to ...":

      spanloom vectors search TABLE king woman --minus man
    """
    if not words and not minus:
        raise DataError("give at least one word to search for")
    table = open_vectors(source)
    found = table.most_similar(positive=words, negative=minus, n=number)
    if as_json:
        click.echo(json.dumps([{"word": word, "score": score} for word, score in found]))
        return
    for word, score in found:
        click.echo(f"{score:.4f}  {word}")
