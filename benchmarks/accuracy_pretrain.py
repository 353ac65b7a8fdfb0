"""What pretraining is worth: tag accuracy on EWT after training on few sentences, started from
pretrained weights and from random ones.

    wordloom init config config.cfg --pipeline tagger --pretraining
    wordloom pretrain config.cfg weights --paths.raw RAW --pretraining.max_steps 3000
    python benchmarks/accuracy_pretrain.py --weights weights/model-best.bin --config config.cfg

``--sizes`` are numbers of sentences, ``--seeds`` how many seeds; each run stops after ``--steps``
steps and counts the best score on the dev part, measured every tenth of them. The errors that
pretraining takes away are those that random weights make and pretrained ones don't, as a share.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

from common import Row as Figure
from common import arguments, check_threads, ewt_file, report


def accuracy(config: Path, weights: str | None, size: int, seed: int, steps: int) -> float:
    """The best tag accuracy on the dev part in one training run."""
    import wordloom
    from wordloom.config import load_config
    from wordloom.training.corpus import Corpus

    overrides: dict[str, Any] = {
        "paths.train": str(ewt_file("train")),
        "paths.dev": str(ewt_file("dev")),
        "paths.init_tok2vec": weights,
        "system.seed": seed,
        "training.max_steps": steps,
        "training.eval_frequency": max(steps // 10, 1),
        "training.patience": 0,
    }
    result = wordloom.train(
        load_config(config),
        overrides=overrides,
        train=Corpus(ewt_file("train"), n_sents=1, limit=size),
        dev=Corpus(ewt_file("dev"), n_sents=10),
        quiet=True,
    )
    best = result.history.best
    return float((best.scores or {})["tag_acc"]) if best is not None else 0.0


def main() -> None:
    """Train, measure and report."""
    options = arguments(
        __doc__, weights="", config="config.cfg", sizes="250,500,1000", seeds=3, steps=400
    )
    check_threads()
    if not options.weights:
        sys.exit("Give --weights: a file of 'wordloom pretrain'.")
    rows = []
    for size in (int(part) for part in options.sizes.split(",")):
        found = [
            statistics.mean(
                accuracy(Path(options.config), weights, size, seed, options.steps)
                for seed in range(options.seeds)
            )
            for weights in (options.weights, None)
        ]
        rows.append(
            Figure(
                f"tag accuracy, {size} sentences", 100 * found[0], 100 * found[1], "%",
                higher_is_better=True,
            )
        )  # fmt: skip
        fewer = 1 - (1 - found[0]) / (1 - found[1])
        rows.append(Figure(f"errors taken away, {size} sentences", 100 * fewer, None, "%"))
    report(rows, "Pretraining, tags of EWT", options.json, ("pretrained", "random"))


if __name__ == "__main__":
    main()
