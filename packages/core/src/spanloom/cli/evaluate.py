"""``spanloom evaluate``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from ..io.files import existing, json_text, refuse_source, write_text
from ..plugins import import_code
from .options import CODE, GPU

__all__ = ["evaluate_command", "score_rows"]

_GROUPS = {"token": "Tokens", "morph_micro": "Features", "sents": "Sentences", "ents": "Entities"}
#: How scores are called in the table.
_NAMES = {
    "token_acc": "Tokens",
    **{name: name[:-4].upper() for name in ("tag_acc", "pos_acc", "morph_acc", "lemma_acc")},
    **{name: name[4:].upper() for name in ("dep_uas", "dep_las")},
    **{
        f"{key}_{part[0].lower()}": f"{of}, {part}"
        for key, of in _GROUPS.items()
        for part in ("precision", "recall", "F1")
    },
    "cats_score": "Categories, score",
    "cats_micro_f": "Categories, micro F1",
    "cats_macro_f": "Categories, macro F1",
    "cats_macro_auc": "Categories, macro AUC",
}


@click.command("evaluate")
@click.argument("model", type=click.Path())
@click.argument("data", type=click.Path())
@click.option("--output", "-o", type=click.Path(), help="Write all scores as JSON.")
@click.option("--gold-preproc", "-G", is_flag=True, help="Use gold tokens and sentences.")
@CODE
@GPU
@click.option("--limit", type=click.IntRange(min=0), default=0, help="Documents to score at most.")
@click.option("--per-type", is_flag=True, help="Show scores for each label and feature too.")
def evaluate_command(
    model: str,
    data: str,
    output: str | None,
    gold_preproc: bool,
    code: str | None,
    gpu_id: int,
    limit: int,
    per_type: bool,
) -> None:
    """Score the pipeline MODEL (a folder or an installed package) on the annotated file or folder
    DATA."""
    if code is not None:
        import_code(code)
    from ..corpora.corpus import corpus
    from ..errors import DataError
    from ..pipeline import load
    from ..training.run import use_gpu

    if output is not None:
        refuse_source(output, data)
    reader = corpus(existing(data, "annotated data"), gold_preproc=gold_preproc, limit=limit)
    if gpu_id >= 0:
        use_gpu(gpu_id)
    nlp = load(model)
    examples = list(reader(nlp))
    if not examples:
        raise DataError(f"'{data}' contains no documents to score")
    scores = nlp.evaluate(examples)
    _show(scores, per_type)
    if output is not None:
        write_text(output, json_text(scores, indent=2) + "\n")
        click.echo(f"Wrote '{output}'.")


def score_rows(scores: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Scores as rows of name and percentage, those that were measured alone."""
    rows = []
    for key, value in scores.items():
        if isinstance(value, int | float) and key != "speed":
            rows.append((_NAMES.get(key, key), f"{100 * value:.2f}"))
    if "speed" in scores:
        rows.append(("Words per second", f"{scores['speed']:,.0f}"))
    return rows


def _show(scores: Mapping[str, Any], per_type: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    table = Table("Score", "%", box=None, pad_edge=False, header_style="bold")
    table.columns[1].justify = "right"
    for name, value in score_rows(scores):
        table.add_row(name, value)
    console.print(table)
    for key, value in scores.items():
        if per_type and isinstance(value, Mapping):
            console.print(_per_type(key, value))


def _per_type(title: str, scores: Mapping[str, Mapping[str, float]]) -> Any:
    from rich.table import Table

    table = Table(title, "P", "R", "F", box=None, pad_edge=False, header_style="bold")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, each in sorted(scores.items()):
        table.add_row(name, *(f"{100 * each[part]:.2f}" for part in "prf"))
    return table
