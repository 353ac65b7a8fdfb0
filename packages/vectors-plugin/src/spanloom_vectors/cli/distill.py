"""``spanloom vectors distill``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from spanloom.errors import DataError
from spanloom.vocab.encoding import open_encoder

from ..distill import Frequency, distill
from ..opening import write_vectors
from ..vocabulary import Vocabulary, count_words, read_vocabulary
from .common import moving, table_options

__all__ = ["distill_command"]


@click.command("distill")
@click.argument("model")
@click.argument("output", type=click.Path())
@click.option(
    "--vocab",
    type=click.Path(),
    help="Words: a pipeline, a table, or a file with a word on each line. Without this, those of "
    "--corpus, or of MODEL's vocabulary.",
)
@click.option("--corpus", multiple=True, type=click.Path(),
              help="Texts to count words in; repeat it for more.")  # fmt: skip
@click.option("--lang", default="en", show_default=True, help="The language of --corpus.")
@click.option("--limit", "-n", type=int, help="Words to take at most, from the first on.")
@click.option("--min-count", type=int, default=1, show_default=True,
              help="Leave words out that were seen less often.")  # fmt: skip
@click.option("--dims", type=int, default=256, show_default=True,
              help="How many principal components to keep.")  # fmt: skip
@click.option("--pca/--no-pca", default=True, show_default=True,
              help="Keep principal components, or all that the encoder gives.")  # fmt: skip
@click.option("--frequency", type=click.Choice(get_args(Frequency)), default="none",
              show_default=True, help="Weight vectors by how frequent words are.")  # fmt: skip
@click.option("--pooling", help="How a word's vector is pooled from its pieces.")
@click.option("--device", default="", help="Where the encoder runs, such as cuda:0.")
@table_options
def distill_command(
    model: str,
    output: str,
    vocab: str | None,
    corpus: tuple[str, ...],
    lang: str,
    limit: int | None,
    min_count: int,
    dims: int,
    pca: bool,
    frequency: Frequency,
    pooling: str | None,
    device: str,
    attrs: tuple[str, ...],
    **options: Any,
) -> None:
    """Make the table OUTPUT of what the encoder MODEL gives for each word of a vocabulary.

    MODEL is a folder of a model of Hugging Face, its name on the hub, or a pipeline with a
    transformer. It is run by the package spanloom-transformers. Each word is encoded alone, the
    vectors are reduced to their principal components, and may be weighted by frequency:

      spanloom vectors distill MODEL table.wlv --corpus texts.jsonl --min-count 2 -a LOWER
    """
    settings = {"device": device} | ({} if pooling is None else {"pooling": pooling})
    encoder = open_encoder(model, **settings)
    words = _words(model, vocab, corpus, lang)
    if attrs and attrs[0] in ("LOWER", "NORM"):
        words = words.lowered()
    words = words.cut(limit, min_count)
    with moving("Encoding words", len(words)) as advance:
        table, found = distill(
            encoder, words, dims=dims, pca=pca, frequency=frequency, advance=advance,
            attrs=list(attrs) or None, **options,
        )  # fmt: skip
    write_vectors(output, table)
    click.echo(
        f"Encoded {found.words} words; {found.encoder_width} dimensions reduced to {found.width}, "
        f"which hold {100 * found.variance:.0f} % of the variance; weighted by: {frequency}."
    )
    if found.empty:
        some = ", ".join(map(repr, found.empty[:5]))
        click.echo(f"Left out {len(found.empty)} words that the encoder doesn't see: {some}.")
    click.echo(f"Wrote '{output}': {len(table)} x {table.width}, hash {table.hash}.")


def _words(model: str, vocab: str | None, corpus: tuple[str, ...], lang: str) -> Vocabulary:
    """The words to encode, with counts where there are texts."""
    counted = None
    if corpus:
        import spanloom

        counted = count_words(corpus, spanloom.blank(lang))
    if vocab is None:
        if counted is not None:
            return counted
        if not (Path(model) / "config.cfg").is_file():
            raise DataError(
                f"'{model}' isn't a saved pipeline with a vocabulary: say which words the table "
                "should have vectors for, with --vocab or --corpus"
            )
        vocab = model
    words = read_vocabulary(vocab)
    return words if counted is None else words.counted(counted)
