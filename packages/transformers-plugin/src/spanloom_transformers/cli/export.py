"""``spanloom transformers export``."""

from __future__ import annotations

from typing import Any

import click

from spanloom.io.files import existing, refuse_source

__all__ = ["export_command"]


@click.command("export")
@click.argument("model", type=click.Path())
@click.argument("output", type=click.Path())
@click.option("--precision", type=click.Choice(["fp32", "fp16", "int8"]), default="fp32",
              show_default=True, help="fp16: smaller files; int8: smaller and faster.")  # fmt: skip
@click.option("--data", type=click.Path(), help="Annotated documents that training didn't see: "
              "both pipelines are scored on them. fp16 and int8 need some.")  # fmt: skip
@click.option("--texts", type=click.Path(), help="Texts that vectors are compared on; of a .txt "
              "file each line is one.")  # fmt: skip
@click.option("--max-loss", type=click.FloatRange(min=0), default=0.5, show_default=True,
              help="By how many points a score may fall, with fp16 and int8.")  # fmt: skip
@click.option("--score", "scores", multiple=True, help="A score that counts, such as ents_f; "
              "several can be given. Without, all that the pipeline has.")  # fmt: skip
@click.option("--limit", type=click.IntRange(min=0), default=0,
              help="Documents of --data to take at most.")  # fmt: skip
def export_command(
    model: str,
    output: str,
    precision: Any,
    data: str | None,
    texts: str | None,
    max_loss: float,
    scores: tuple[str, ...],
    limit: int,
) -> None:
    """Write the pipeline MODEL to the folder OUTPUT with encoders that run in ONNX Runtime, without
    torch. Both are compared first, on --data or --texts, and nothing is written if they differ."""
    from spanloom.corpora.corpus import corpus
    from spanloom.corpora.texts import read_texts
    from spanloom.pipeline import load

    from ..onnx_export.exporting import export

    for source in (data, texts, model):
        if source is not None:
            refuse_source(output, source)
    nlp = load(model)
    found = export(
        nlp,
        output,
        texts=(
            str(getattr(each, "text", each))
            for each in (() if texts is None else read_texts(texts, nlp, lines=True))
        ),
        examples=(
            () if data is None else corpus(existing(data, "annotated data"), limit=limit)(nlp)
        ),
        precision=precision,
        max_loss=max_loss / 100,
        scores=scores or None,
    )
    click.echo(str(found))
    click.echo(f"Wrote '{output}'. It runs where spanloom-onnx is installed, without torch.")
