"""Accuracy of the tagger on EWT dev with gold tokens: equal sizes, batches, steps and seeds.

Width 96, depth 4, dropout 0.1, Adam 0.001, batches of 32 sentences in the same order on both
sides; the score is that of the averaged weights after the last step. Use the whole treebank
(``SPANLOOM_EWT``) for the figures that count; the sample shows the difference only.
"""

from __future__ import annotations

import random
import statistics
from typing import Any

from common import Row, arguments, check_threads, cpu_time, has_spacy, report
from models import examples, read_sentences, tagger
from sides import Side, sides

BATCH = 32


def accuracy(side: Side, nlp: Any, sentences: list[Any]) -> float:
    """Tags that are right, in percent, on gold tokens."""
    docs = [example.predicted for example in examples(side, nlp, sentences)]
    for _, component in nlp.pipeline:
        docs = list(component.pipe(docs, batch_size=256))
    gold = [tag for _, _, tags in sentences for tag in tags]
    predicted = [token.tag_ for doc in docs for token in doc]
    return 100 * sum(p == g for p, g in zip(predicted, gold, strict=True)) / len(gold)


def train(nlp: Any, items: list[Any], steps: int, seed: int) -> Any:
    """Update ``nlp`` for ``steps`` batches; return the optimizer, which holds the averages."""
    from thinc.api import Adam

    optimizer = Adam(0.001, L2=0.01, grad_clip=1.0, use_averages=True)
    order = random.Random(seed)
    queue: list[Any] = []
    for _ in range(steps):
        if len(queue) < BATCH:
            queue = list(items)
            order.shuffle(queue)
        batch, queue = queue[:BATCH], queue[BATCH:]
        nlp.update(batch, sgd=optimizer, losses={}, drop=0.1)
    return optimizer


def run(
    side: Side, train_set: list[Any], dev_set: list[Any], steps: int, seed: int
) -> tuple[float, float]:
    """Accuracy and CPU seconds of one training."""
    nlp = tagger(side, train_set, seed)
    items = examples(side, nlp, train_set)
    result: list[Any] = []
    seconds = cpu_time(lambda: result.append(train(nlp, items, steps, seed)))
    with nlp.use_params(result[0].averages):
        return accuracy(side, nlp, dev_set), seconds


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, steps=2000, seeds=3)
    check_threads()
    steps = 30 if options.quick else options.steps
    seeds = range(1 if options.quick else options.seeds)
    train_set, dev_set = read_sentences("train"), read_sentences("dev")
    scores: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    for seed in seeds:
        for side in sides(has_spacy()):
            score, seconds = run(side, train_set, dev_set, steps, seed)
            scores.setdefault(side.name, []).append(score)
            times.setdefault(side.name, []).append(seconds)
            after = f"after {steps} steps, {seconds:.0f} CPU s"
            print(f"seed {seed}, {side.name}: TAG {score:.2f} {after}")
    mean = {side: statistics.mean(values) for side, values in scores.items()}
    median = {side: statistics.median(values) for side, values in times.items()}
    rows = [
        Row("TAG, dev, mean", mean["spanloom"], mean.get("spacy"), "%", higher_is_better=True),
        Row("training", median["spanloom"], median.get("spacy")),
    ]
    report(rows, f"Tagger accuracy, {len(train_set)} sentences, {steps} steps", options.json)


if __name__ == "__main__":
    main()
