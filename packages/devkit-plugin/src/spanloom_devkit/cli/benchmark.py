"""``spanloom benchmark speed``."""

from __future__ import annotations

import json
from itertools import islice
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from spanloom.cli.options import GPU
from spanloom.errors import DataError

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline

__all__ = ["measure_speed", "speed_command"]


@click.command("speed")
@click.argument("model", type=click.Path())
@click.argument("source", type=click.Path(allow_dash=True))
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--warmup", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--batch-size", "-b", type=click.IntRange(min=1), help="Documents per batch.")
@click.option("--limit", type=click.IntRange(min=0), default=0, help="Documents to take at most.")
@click.option("--lines", "-L", is_flag=True, help="Each line of a text file is a document.")
@click.option("--text-key", default="text", show_default=True, help="Key of the text in JSON.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
@GPU
def speed_command(
    model: str,
    source: str,
    rounds: int,
    warmup: int,
    batch_size: int | None,
    limit: int,
    lines: bool,
    text_key: str,
    as_json: bool,
    gpu_id: int,
) -> None:
    """Measure how fast the pipeline MODEL annotates the texts of SOURCE, which is what 'spanloom
    apply' takes.

    Reading files isn't counted. The median of the rounds is told, and the slowest and fastest.
    """
    from spanloom.corpora.texts import read_texts
    from spanloom.pipeline import load
    from spanloom.training.run import use_gpu

    if gpu_id >= 0:
        use_gpu(gpu_id)
    nlp = load(model)
    found = read_texts(source, nlp, text_key=text_key, lines=lines)
    texts = [each if isinstance(each, str) else each.text for each in islice(found, limit or None)]
    if not any(texts):
        raise DataError(f"'{source}' contains no texts")
    result = measure_speed(nlp, texts, rounds=rounds, warmup=warmup, batch_size=batch_size)
    if as_json:
        click.echo(json.dumps(result, indent=1))
        return
    click.echo(f"{result['docs']:,} documents, {result['words']:,} words, {rounds} rounds")
    for name in ("tokenizer", "pipeline"):
        low, middle, high = (result[name][key] for key in ("slowest", "median", "fastest"))
        click.echo(f"{name:<10} {middle:>12,.0f} words per second ({low:,.0f} to {high:,.0f})")


def measure_speed(
    nlp: Pipeline,
    texts: list[str],
    *,
    rounds: int = 5,
    warmup: int = 1,
    batch_size: int | None = None,
) -> dict[str, Any]:
    """Words per second of wall time: of the ``tokenizer`` alone, and of the whole ``pipeline``;
    ``median``, ``slowest`` and ``fastest`` of the rounds, after ``warmup`` ones that don't count.
    """
    words = sum(len(doc) for doc in nlp.pipe(texts, batch_size=batch_size))
    everything = nlp.pipe_names

    def seconds(disable: list[str]) -> float:
        start = perf_counter()
        for _ in nlp.pipe(texts, batch_size=batch_size, disable=disable):
            pass
        return perf_counter() - start

    result: dict[str, Any] = {"docs": len(texts), "words": words, "rounds": rounds}
    for name, disable in (("tokenizer", everything), ("pipeline", [])):
        times = [seconds(disable) for _ in range(warmup + rounds)][warmup:]
        speeds = [words / each for each in times]
        result[name] = {"median": median(speeds), "slowest": min(speeds), "fastest": max(speeds)}
    return result
