"""Accuracy and speed of text classifiers, with spaCy's beside them.

The same architecture, sizes, documents, batches and steps on both sides, averages used for the
score. ``SPANLOOM_TEXTCAT`` is a folder with one folder for each set, each with ``train.jsonl`` and
``test.jsonl`` (or ``.gz``) of ``{"text": ..., "label": ...}``.
"""

from __future__ import annotations

import json
import os
import random
import statistics
from pathlib import Path
from typing import Any

from common import Row, arguments, check_threads, cpu_time, read_lines, report

SETS = Path(os.environ.get("SPANLOOM_TEXTCAT", "textcat"))
BATCH = 32

Texts = list[tuple[str, str]]


def read(name: str, part: str) -> Texts:
    """Texts with their labels."""
    plain = SETS / name / f"{part}.jsonl"
    path = plain if plain.exists() else plain.with_suffix(".jsonl.gz")
    rows = [json.loads(line) for line in read_lines(path)]
    return [(row["text"], row["label"]) for row in rows]


def model(prefix: str, kind: str) -> dict[str, Any]:
    """The config of a model, in our names or spaCy's."""
    bow = {
        "@architectures": f"{prefix}.TextCatBOW.v3",
        "exclusive_classes": True,
        "ngram_size": 1,
        "no_output_layer": False,
        "length": 262144,
        "nO": None,
    }
    if kind == "bow":
        return bow
    tok2vec = {
        "@architectures": f"{prefix}.Tok2Vec.v2",
        "embed": {
            "@architectures": f"{prefix}.MultiHashEmbed.v2",
            "width": 64,
            "attrs": ["NORM", "LOWER", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": [2000, 2000, 500, 1000, 500],
            "include_static_vectors": False,
        },
        "encode": {
            "@architectures": f"{prefix}.MaxoutWindowEncoder.v2",
            "width": 64,
            "depth": 2,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }
    if kind == "reduce":
        return {
            "@architectures": f"{prefix}.TextCatReduce.v1",
            "tok2vec": tok2vec,
            "exclusive_classes": True,
            "use_reduce_first": False,
            "use_reduce_last": False,
            "use_reduce_max": True,
            "use_reduce_mean": True,
            "nO": None,
        }
    return {
        "@architectures": f"{prefix}.TextCatEnsemble.v2",
        "linear_model": bow,
        "tok2vec": tok2vec,
        "nO": None,
    }


def run(ours: bool, kind: str, data: tuple[Texts, Texts], steps: int, seed: int) -> tuple[Any, ...]:
    """Accuracy in percent, words a CPU second in training, and in prediction from raw text."""
    from thinc.api import Adam, fix_random_seed

    fix_random_seed(seed)
    if ours:
        import spanloom

        nlp: Any = spanloom.blank("en")
        from spanloom import Example
    else:
        import spacy
        from spacy.training import Example

        nlp = spacy.blank("en")
    nlp.add_pipe("textcat", config={"model": model("spanloom" if ours else "spacy", kind)})
    train, test = data
    labels = sorted({label for _, label in train})
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {each: each == label for each in labels}})
        for text, label in train
    ]
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.001, L2=0.01, grad_clip=1.0, use_averages=True)
    order, queue, words = random.Random(seed), [], 0

    def learn() -> None:
        nonlocal queue, words
        for _ in range(steps):
            if len(queue) < BATCH:
                queue = list(examples)
                order.shuffle(queue)
            batch, queue = queue[:BATCH], queue[BATCH:]
            words += sum(len(example.predicted) for example in batch)
            nlp.update(batch, sgd=optimizer, losses={}, drop=0.1)

    seconds = cpu_time(learn)
    speed = words / seconds
    with nlp.use_params(optimizer.averages):
        texts = [text for text, _ in test]
        docs: list[Any] = []
        seconds = cpu_time(lambda: docs.extend(nlp.pipe(texts, batch_size=256)))
    right = sum(
        max(doc.cats, key=doc.cats.get) == label for doc, (_, label) in zip(docs, test, strict=True)
    )
    return 100 * right / len(test), speed, sum(map(len, docs)) / seconds


def main() -> None:
    """All sets and models; ``--quick`` does fewer steps and one seed."""
    options = arguments(__doc__)
    check_threads()
    steps, seeds = (200, 1) if options.quick else (1000, 3)
    rows = []
    for name in sorted(path.name for path in SETS.iterdir() if path.is_dir()):
        data = read(name, "train"), read(name, "test")
        for kind in ("bow", "reduce", "ensemble"):
            sides = [
                [run(ours, kind, data, steps, seed) for seed in range(seeds)]
                for ours in (True, False)
            ]
            means = [[statistics.mean(values) for values in zip(*side)] for side in sides]
            for i, (what, unit) in enumerate(
                [("accuracy", "%"), ("training", "words/CPU s"), ("from raw text", "words/CPU s")]
            ):
                goal = 1.0 if what == "accuracy" else None
                rows.append(
                    Row(f"{name}, {kind}: {what}", means[0][i], means[1][i], unit, True, goal)
                )
    report(rows, "Text classifiers", options.json)


if __name__ == "__main__":
    main()
