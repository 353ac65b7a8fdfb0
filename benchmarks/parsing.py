"""Tagger and parser on EWT with a shared layer: accuracy, speed and training beside spaCy.

Width 96, depth 4, batches of 1,000 words of single sentences, dropout 0.1, Adam 0.001 with
averages. Scores are those of the weights that were best on dev. Use the whole treebank
(``SPANLOOM_EWT``) for figures that count. With ``--sentences 10`` a document is ten sentences, so
that the parser learns, and is measured by, where they begin.
"""

from __future__ import annotations

from typing import Any

from common import arguments, check_threads, ewt_file, ewt_texts, has_spacy, read_lines, report
from sides import Side, Trained, compared, measured, sides, speed_rows, train_and_score


def read_trees(part: str) -> list[dict[str, list[Any]]]:
    """Sentences of EWT by their syntactic words, as keyword arguments of ``Doc``."""
    found: list[dict[str, list[Any]]] = []
    rows: list[list[str]] = []
    for line in [*read_lines(ewt_file(part)), ""]:
        if line and not line.startswith("#"):
            fields = line.split("\t")
            if fields[0].isdigit():
                rows.append(fields)
        elif not line and rows:
            tops = [int(row[6]) for row in rows]
            found.append(
                {
                    "words": [row[1] for row in rows],
                    "spaces": ["SpaceAfter=No" not in row[9] for row in rows],
                    "tags": [row[4] for row in rows],
                    "heads": [top - 1 if top else i for i, top in enumerate(tops)],
                    "deps": [row[7] if int(row[6]) else "ROOT" for row in rows],
                }
            )
            rows = []
    return found


def grouped(trees: list[dict[str, list[Any]]], number: int) -> list[dict[str, list[Any]]]:
    """Documents of so many sentences."""
    documents = []
    for start in range(0, len(trees), number):
        document: dict[str, list[Any]] = {name: [] for name in trees[0]}
        for tree in trees[start : start + number]:
            offset = len(document["words"])
            for name, values in tree.items():
                document[name] += [head + offset for head in values] if name == "heads" else values
        documents.append(document)
    return documents


def measure(scores: dict[str, Any]) -> float:
    """What the best weights are chosen by."""
    return float(scores["dep_las"] or 0.0)


def run(side: Side, seed: int, steps: int, sentences: int) -> tuple[Trained, dict[str, float]]:
    """Train, and score dev and test."""
    nlp = side.pipeline(seed, "en", "tagger", "parser")
    parts = {
        part: [side.example(nlp, None, **tree) for tree in grouped(read_trees(part), sentences)]
        for part in ("train", "dev", "test")
    }
    every = max(1, min(250, steps // 2))
    names = ("tag_acc", "dep_uas", "dep_las", *(["sents_f"] if sentences > 1 else []))
    trained, scores = train_and_score(
        nlp, parts, names, steps=steps, seed=seed, every=every, measure=measure
    )
    raw = [
        side.example(nlp, text, **tree)
        for text, tree in zip(ewt_texts("test"), read_trees("test"), strict=True)
    ]
    scores["test, raw text, dep_las"] = 100 * nlp.evaluate(raw)["dep_las"]
    return trained, scores


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, steps=2000, seeds=3, repeats=3, sentences=1)
    check_threads()
    steps, seeds = (30, 1) if options.quick else (options.steps, options.seeds)
    texts = ewt_texts("dev")
    words = sum(len(tree["words"]) for tree in read_trees("dev"))
    figures = measured(
        lambda side, seed: run(side, seed, steps, options.sentences),
        sides(has_spacy()),
        seeds,
        lambda nlp: speed_rows(nlp, texts, words, options.repeats),
    )
    goals = {"training": 1.3, "in batches": 2.0, "one sentence": 1.0}
    rows = compared(figures, lambda name: 1.0 if "," in name else goals.get(name))
    report(rows, f"Tagger and parser, {steps} steps, mean of {seeds} seeds", options.json)


if __name__ == "__main__":
    main()
