"""``wordloom convert``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from ..errors import DataError, FormatError

__all__ = ["convert_command"]


@click.command("convert")
@click.argument("source", type=click.Path())
@click.argument("output", type=click.Path())
@click.option(
    "--n-sents",
    "-n",
    type=int,
    default=10,
    show_default=True,
    help="Sentences per document; 0 for whole documents.",
)
@click.option("--lang", "-l", default="xx", show_default=True, help="Code of the language.")
@click.option("--merge-subtokens", "-m", is_flag=True, help="Merge the words of multiword tokens.")
@click.option("--skip-bad", is_flag=True, help="Leave malformed sentences out, and count them.")
def convert_command(
    source: str, output: str, n_sents: int, lang: str, merge_subtokens: bool, skip_bad: bool
) -> None:
    """Turn the annotated file or folder SOURCE into training data.

    The format of SOURCE is told by its name (.conllu, .conllu.gz). OUTPUT is a .jsonl or .jsonl.gz
    file, with a document on each line.
    """
    from ..pipeline.build import vocab_for
    from ..training.corpus import data_files, read_docs

    write = _writer(output)
    vocab = vocab_for(lang)
    problems: list[FormatError] = []
    options = {"n_sents": n_sents, "merge_subtokens": merge_subtokens}
    if skip_bad:
        options["problems"] = problems  # type: ignore[assignment]
    docs = [doc for path in data_files(source) for doc in read_docs(path, vocab, **options)]
    if not docs:
        raise DataError(f"'{source}' holds no documents.")
    write(output, docs)
    tokens = sum(len(doc) for doc in docs)
    click.echo(f"Wrote '{output}': {len(docs):,} documents, {tokens:,} tokens.")
    for problem in problems[:5]:
        click.echo(f"Left out: {problem}", err=True)
    if len(problems) > 5:
        click.echo(f"... and {len(problems) - 5:,} more.", err=True)
    if problems:
        click.echo(f"{len(problems):,} malformed sentences were left out.", err=True)


def _writer(output: str) -> Callable[..., object]:
    from ..training.jsonl import write_jsonl

    name = Path(output).name.removesuffix(".gz")
    if not name.endswith(".jsonl"):
        raise DataError(f"'{output}': documents are written as .jsonl or .jsonl.gz; choose one.")
    return write_jsonl
