"""What core's tests share: a corpus whose tags follow from the words, small configs, commands."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result

import spanloom
from spanloom import Doc, Example, Pipeline, Vocab
from spanloom.cli.main import cli
from spanloom.config import Config, init_config
from spanloom.tokens import Span
from spanloom.tokens.storage.docfile import write_docs

TAGS = {"dog": "NN", "cat": "NN", "runs": "VB", "sleeps": "VB", "red": "JJ", "big": "JJ", ".": "."}
POS = {"NN": "NOUN", "VB": "VERB", "JJ": "ADJ", ".": "PUNCT"}


def run(*arguments: str | Path, code: int = 0, text: str | None = None) -> Result:
    """Run a command that has to end with ``code``; ``text`` is what it reads from the user."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], input=text)
    if result.exit_code != code:
        raise AssertionError(f"exit code {result.exit_code}: {result.output}") from result.exception
    return result


def encoder(width: int = 8, rows: int = 50) -> dict[str, Any]:
    """The config of a small one, of a component's own or to share."""
    sizes = {"width": width, "depth": 1, "embed_size": rows}
    return {"@architectures": "spanloom.HashEmbedCNN.v2", **sizes}


def treebank(sentences: int, seed: int = 0, vocab: Vocab | None = None) -> list[Doc]:
    """Documents of ten sentences each, with trees; tags and features follow from the words."""
    choose = random.Random(seed).choice
    vocab = vocab or Vocab("en")
    docs = []
    for start in range(0, sentences, 10):
        words: list[str] = []
        heads: list[int] = []
        for _ in range(min(10, sentences - start)):
            heads += [len(words) + 2] * 4
            words += [choose(["red", "big"]), choose(["dog", "cat"]), choose(["runs", "sleeps"])]
            words.append(".")
        tags = [TAGS[word] for word in words]
        docs.append(
            Doc(
                vocab,
                words=words,
                spaces=[True] * (len(words) - 1) + [False],
                lemmas=words,
                tags=tags,
                pos=[POS[tag] for tag in tags],
                morphs=[f"Len={len(word)}" for word in words],
                heads=heads,
                deps=["ROOT" if head == i else "dep" for i, head in enumerate(heads)],
                sent_starts=[i % 4 == 0 for i in range(len(words))],
            )
        )
    return docs


def write_treebank(folder: Path) -> dict[str, str]:
    """Write a corpus to train on and one to evaluate on; overrides that point at them."""
    found = {}
    for part, (sentences, seed) in {"train": (60, 0), "dev": (10, 1)}.items():
        write_docs(folder / f"{part}.loom", treebank(sentences, seed))
        found[f"paths.{part}"] = str(folder / f"{part}.loom")
    return found


def config_for(data: dict[str, str], *pipeline: str, **training: Any) -> Config:
    """A small config for the corpus."""
    config = init_config("en", pipeline or ("tagger",))
    config["components"]["tok2vec"]["model"]["encode"].update(width=16, depth=1)
    config["components"]["tok2vec"]["model"]["embed"].update(rows=[50, 50, 50, 50])
    config["training"].update(max_steps=8, eval_frequency=4, **training)
    config["training"]["batcher"]["size"] = 100
    config["training"]["optimizer"]["learn_rate"] = 0.02
    for path, value in data.items():
        config["paths"][path.partition(".")[2]] = value
    return config


def weights(nlp: Pipeline) -> bytes:
    return b"".join(component.model.to_bytes() for _, component in nlp.components)


def save_trained(folder: Path, *pipeline: str, steps: int = 24) -> Path:
    """Train a small pipeline on the corpus and save it in a folder, without its training."""
    config = config_for(write_treebank(folder), *pipeline)
    config["training"]["max_steps"] = steps
    spanloom.train(config, quiet=True).nlp.to_disk(folder / "pipeline")
    return folder / "pipeline"


def annotated(vocab: Vocab) -> Doc:
    """Eight tokens with everything annotated."""
    doc = Doc(
        vocab,
        ["I", "live", "in", "New", "York", ".", "You", "go"],
        [True, True, True, True, False, True, True, False],
        tags=["P", "V", "I", "N", "N", ".", "P", "V"],
        pos=["PRON", "VERB", "ADP", "PROPN", "PROPN", "PUNCT", "PRON", "VERB"],
        morphs=["Person=1", "", "", "Number=Sing", "", "", "Person=2|Case=Nom", ""],
        lemmas=["I", "live", "in", "New", "York", ".", "you", "go"],
        heads=[1, 1, 1, 4, 2, 1, 7, 7],
        deps=["nsubj", "ROOT", "prep", "compound", "pobj", "punct", "nsubj", "ROOT"],
        ents=["O", "O", "O", "B-GPE", "I-GPE", "O", "", ""],
    )
    doc.cats = {"A": 0.25}
    doc.spans["s"] = [Span(doc, 0, 2, "X", kb_id="Q1", span_id="id"), doc[1:5]]
    doc.user_data["note"] = ["x", 1]
    doc.tensor = np.arange(16, dtype="f").reshape(8, 2)
    return doc


def two_sentences(vocab: Vocab) -> Example:
    """Seven tokens with all that core's components learn."""
    words = ["the", "cat", "sat", ".", "Dogs", "bark", "!"]
    gold = Doc(
        vocab,
        words=words,
        tags=["D", "N", "V", "P", "N", "V", "P"],
        pos=["DET", "NOUN", "VERB", "PUNCT", "NOUN", "VERB", "PUNCT"],
        morphs=["", "Number=Sing", "Tense=Past", "", "Number=Plur", "", ""],
        sent_starts=[True, False, False, False, True, False, False],
    )
    return Example(Doc(vocab, words=words), gold)


class Counted:
    """Items, and how many of them were read."""

    def __init__(self, items: Iterable[Any]) -> None:
        self.items = iter(items)
        self.read = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        item = next(self.items)
        self.read += 1
        return item


def slope(loss: Callable[[], float], values: Any, place: int) -> float:
    """How fast the loss changes with one of the values, by two finite differences."""
    old = values.flat[place]
    values.flat[place] = old + 1e-5
    up = loss()
    values.flat[place] = old - 1e-5
    down = loss()
    values.flat[place] = old
    return (up - down) / 2e-5
