"""Accuracy of the tagger on EWT dev with gold tokens: equal sizes, batches, steps and seeds.

Width 96, depth 4, dropout 0.1, Adam 0.001, batches of 32 sentences in the same order on both
sides; the score is that of the averaged weights after the last step. Use the whole treebank
(``SPANLOOM_EWT``) for the figures that count; the sample shows the difference only.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from typing import Any

from common import Row, arguments, check_threads, cpu_time, has_spacy, report
from models import our_examples, our_tagger, read_sentences, spacy_examples, spacy_tagger

BATCH = 32


def accuracy(nlp: Any, make: Callable[[Any, list[Any]], list[Any]], sentences: list[Any]) -> float:
    """Tags that are right, in percent, on gold tokens."""
    docs = [example.predicted for example in make(nlp, sentences)]
    for _, component in nlp.pipeline:
        docs = list(component.pipe(docs, batch_size=256))
    gold = [tag for _, _, tags in sentences for tag in tags]
    predicted = [token.tag_ for doc in docs for token in doc]
    return 100 * sum(p == g for p, g in zip(predicted, gold, strict=True)) / len(gold)


def train(nlp: Any, examples: list[Any], steps: int, seed: int) -> Any:
    """Update ``nlp`` for ``steps`` batches; return the optimizer, which holds the averages."""
    from thinc.api import Adam

    optimizer = Adam(0.001, L2=0.01, grad_clip=1.0, use_averages=True)
    order = random.Random(seed)
    queue: list[Any] = []
    for _ in range(steps):
        if len(queue) < BATCH:
            queue = list(examples)
            order.shuffle(queue)
        batch, queue = queue[:BATCH], queue[BATCH:]
        nlp.update(batch, sgd=optimizer, losses={}, drop=0.1)
    return optimizer


def run(
    build: Callable[..., Any],
    make: Callable[[Any, list[Any]], list[Any]],
    train_set: list[Any],
    dev_set: list[Any],
    steps: int,
    seed: int,
) -> tuple[float, float]:
    """Accuracy and CPU seconds of one training."""
    nlp = build(train_set, seed=seed)
    examples = make(nlp, train_set)
    result: list[Any] = []
    seconds = cpu_time(lambda: result.append(train(nlp, examples, steps, seed)))
    with nlp.use_params(result[0].averages):
        return accuracy(nlp, make, dev_set), seconds


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, steps=2000, seeds=3)
    check_threads()
    steps = 30 if options.quick else options.steps
    seeds = range(1 if options.quick else options.seeds)
    train_set, dev_set = read_sentences("train"), read_sentences("dev")
    sides = {"ours": (our_tagger, our_examples)}
    if has_spacy():
        sides["spacy"] = (spacy_tagger, spacy_examples)
    scores: dict[str, list[float]] = {side: [] for side in sides}
    times: dict[str, list[float]] = {side: [] for side in sides}
    for seed in seeds:
        for side, (build, make) in sides.items():
            score, seconds = run(build, make, train_set, dev_set, steps, seed)
            scores[side].append(score)
            times[side].append(seconds)
            print(f"seed {seed}, {side}: TAG {score:.2f} after {steps} steps, {seconds:.0f} CPU s")
    mean = {side: statistics.mean(values) for side, values in scores.items()}
    median = {side: statistics.median(values) for side, values in times.items()}
    rows = [
        Row("TAG, dev, mean", mean["ours"], mean.get("spacy"), "%", higher_is_better=True),
        Row("training", median["ours"], median.get("spacy")),
    ]
    report(rows, f"Tagger accuracy, {len(train_set)} sentences, {steps} steps", options.json)


if __name__ == "__main__":
    main()
