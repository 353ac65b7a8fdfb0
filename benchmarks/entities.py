"""Entity recognizer with a shared layer on one data set: accuracy, speed and training beside spaCy.

``SPANLOOM_NER`` names a folder with ``train.conll``, ``dev.conll`` and ``test.conll`` (or ``.gz``):
a token, a tab and its IOB tag on each line, and an empty line after each sentence. WNUT17 and the
UNER sets are of that form. Settings are those of ``parsing.py``. Steadiness is the spread of F1 on
dev over the evaluations of the second half of training.
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path
from typing import Any

from common import arguments, check_threads, has_spacy, read_lines, report
from sides import Side, Trained, compared, measured, sides, speed_rows, train_and_score


def read_part(part: str) -> list[dict[str, list[str]]]:
    """Sentences with entity tags, as keyword arguments of ``Doc``."""
    folder = Path(os.environ.get("SPANLOOM_NER", ""))
    names = [folder / f"{part}.conll", folder / f"{part}.conll.gz"]
    path = next((name for name in names if name.exists()), None)
    if path is None:
        sys.exit(f"No {names[0]}: set SPANLOOM_NER to a folder, see the start of this script.")
    found: list[dict[str, list[str]]] = []
    words: list[str] = []
    ents: list[str] = []
    for line in [*read_lines(path), ""]:
        fields = line.split("\t")
        if len(fields) > 1 and not line.startswith("# "):
            words.append(fields[0])
            ents.append(fields[1])
        elif not line and words:
            found.append({"words": words, "ents": ents})
            words, ents = [], []
    return found


def measure(scores: dict[str, Any]) -> float:
    """What the best weights are chosen by."""
    return float(scores["ents_f"] or 0.0)


def run(side: Side, lang: str, seed: int, steps: int) -> tuple[Trained, dict[str, float]]:
    """Train, and score dev and test."""
    nlp = side.pipeline(seed, lang, "ner")
    parts = {
        part: [side.example(nlp, None, **each) for each in read_part(part)]
        for part in ("train", "dev", "test")
    }
    every = max(1, min(100, steps // 2))
    names = ("ents_p", "ents_r", "ents_f")
    trained, scores = train_and_score(
        nlp, parts, names, steps=steps, seed=seed, every=every, measure=measure
    )
    late = [100 * measure(each) for each in trained.history[len(trained.history) // 2 :]]
    scores["spread of dev, ents_f"] = statistics.pstdev(late)
    return trained, scores


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, steps=1000, seeds=3, repeats=3, lang="en")
    check_threads()
    steps, seeds = (30, 1) if options.quick else (options.steps, options.seeds)
    texts = [" ".join(each["words"]) for part in ("dev", "test") for each in read_part(part)]
    words = sum(text.count(" ") + 1 for text in texts)
    figures = measured(
        lambda side, seed: run(side, options.lang, seed, steps),
        sides(has_spacy()),
        seeds,
        lambda nlp: speed_rows(nlp, texts, words, options.repeats),
    )
    goals = {"training": 1.3, "in batches": 3.0, "one sentence": 1.0, "test, ents_f": 1.0}
    title = f"Entities of {Path(os.environ['SPANLOOM_NER']).name}, {steps} steps, {seeds} seeds"
    report(compared(figures, goals.get), title, options.json)


if __name__ == "__main__":
    main()
