"""``spanloom convert``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from spanloom.errors import DataError, FormatError
from spanloom.io.files import refuse_source

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["convert_command"]

#: Problems that are shown; the others are counted.
_SHOWN = 20


@click.command("convert")
@click.argument("source", type=click.Path())
@click.argument("output", type=click.Path())
@click.option(
    "--n-sents",
    "-n",
    type=int,
    default=10,
    show_default=True,
    help="Sentences per document, for formats of sentences; 0 keeps documents whole.",
)
@click.option("--lang", "-l", default="xx", show_default=True, help="Code of the language.")
@click.option("--merge-subtokens", "-m", is_flag=True, help="Merge the words of multiword tokens.")
@click.option("--skip-bad", is_flag=True, help="Skip malformed lines, and count them.")
@click.option("--strict", is_flag=True, help="Treat spans that fit no tokens as malformed.")
def convert_command(
    source: str,
    output: str,
    n_sents: int,
    lang: str,
    merge_subtokens: bool,
    skip_bad: bool,
    strict: bool,
) -> None:
    """Turn the annotated file or folder SOURCE into the file OUTPUT.

    The file names tell the formats: .conllu, .conll and .iob and .biluo (token and entity tag on
    each line), .jsonl (texts with spans and categories), .spacy (spaCy's DocBin), .loom (the
    fastest to read), .parquet and .arrow (tables; they need spanloom[arrow]). Files of text may be
    gzipped (.conllu.gz).
    """
    from spanloom.corpora.corpus import data_files, read_docs
    from spanloom.corpora.writing import writer_for
    from spanloom.pipeline.build import blank

    write = writer_for(output)
    files = data_files(source)
    refuse_source(output, source, *files)
    nlp = blank(lang)
    problems: list[FormatError] = []
    counts = {"tokens": 0}
    options: dict[str, Any] = {
        "n_sents": n_sents,
        "merge_subtokens": merge_subtokens,
        "tokenizer": nlp.tokenizer,
        "problems": problems if skip_bad else None,
        "strict": strict,
    }

    def docs() -> Iterator[Doc]:
        for path in files:
            for doc in read_docs(path, nlp.vocab, **options):
                counts["tokens"] += len(doc)
                yield doc
        if not counts["tokens"]:
            _tell(problems)
            raise DataError(f"'{source}' contains no documents with tokens")

    count = write(output, docs())
    click.echo(f"Wrote '{output}': {count:,} documents, {counts['tokens']:,} tokens.")
    _tell(problems)


def _tell(problems: list[FormatError]) -> None:
    for problem in problems[:_SHOWN]:
        click.echo(f"Left out: {problem}", err=True)
    if len(problems) > _SHOWN:
        click.echo(f"... and {len(problems) - _SHOWN:,} more.", err=True)
    if problems:
        click.echo(f"{len(problems):,} malformed sentences or lines were left out.", err=True)
