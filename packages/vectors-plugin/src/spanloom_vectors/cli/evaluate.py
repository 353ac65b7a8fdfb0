"""``spanloom vectors evaluate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ..evaluate import evaluate_analogies, evaluate_similarity, read_lines
from ..opening import open_vectors

__all__ = ["evaluate_command"]


@click.command("evaluate")
@click.argument("source", type=click.Path())
@click.argument("sets", nargs=-1, type=click.Path(), required=True)
@click.option("--limit", type=int, help="Answer analogies with the first so many words only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate_command(source: str, sets: tuple[str, ...], limit: int | None, as_json: bool) -> None:
    """Compare the vectors SOURCE with the test files SETS.

    A file holds two words and a human judgement of their similarity on each line (the result is
    Spearman's rank correlation), or analogies in word2vec's format (the share of right answers).
    """
    table = open_vectors(source)
    results: list[dict[str, Any]] = []
    for path in sets:
        if any(line.startswith(":") for line in read_lines(Path(path))[:5]):
            for each in evaluate_analogies(table, path, limit=limit):
                results.append(  # noqa: PERF401
                    {"set": f"{Path(path).name}: {each.name}", "measure": "accuracy",
                     "score": each.accuracy, "used": each.used, "total": each.total}
                )  # fmt: skip
        else:
            found = evaluate_similarity(table, path)
            results.append(
                {"set": found.name, "measure": "correlation", "score": found.correlation,
                 "used": found.used, "total": found.total}
            )  # fmt: skip
    if as_json:
        click.echo(json.dumps(results, indent=2))
        return
    width = max(len(result["set"]) for result in results)
    for result in results:
        pairs = f"{result['used']} of {result['total']}"
        score = f"{result['measure']:<11}  {result['score']:.2f}"
        click.echo(f"{result['set']:<{width}}  {score}  {pairs}")
