"""The main job: train a pipeline whose components share one embedding layer, and use it.

    python examples/quickstart.py
    python examples/quickstart.py --text "Any text of yours."
    python examples/quickstart.py --file notes.txt

It trains a tagger, a morphologizer and a parser on a sample of UD English EWT, and an entity
recognizer on a sample of WNUT 2017, all at once: each corpus has its own annotation, and all
components learn one embedding layer. Then it measures them on sentences they never saw, saves the
pipeline, loads it again, and annotates text. It takes a minute or two on two cores and needs no
network. Results lie in out/quickstart.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# One thread for each BLAS: the layers are small, and more threads get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import spanloom
from spanloom.config import init_config
from spanloom.corpora.corpus import Corpus
from spanloom.errors import SpanloomError
from spanloom_display import save_html

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data"
PIPELINE = ["tagger", "morphologizer", "parser", "ner"]
OWN_TEXT = (
    "Spanloom's tagger, parser and entity recognizer share one embedding layer. "
    "Does it know who Ada Lovelace was? No, but she wrote to Charles Babbage from London, "
    "and it can't be fooled easily: I've seen it tag words it had never met before."
)
SCORES = {
    "token_f": "tokens found in raw text (F1)",
    "tag_acc": "tags of the treebank",
    "pos_acc": "universal parts of speech",
    "morph_acc": "morphological features, all of a word",
    "dep_uas": "heads (UAS)",
    "dep_las": "heads with their relations (LAS)",
    "sents_f": "sentences (F1)",
    "ents_f": "entities of social media (F1)",
}
console = Console()


def read_arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", help="a text to annotate with the trained pipeline")
    parser.add_argument("--file", type=Path, help="a UTF-8 file to annotate")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "quickstart")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="train a few steps, to see it work")
    return parser.parse_args()


def make_config(seed: int, quick: bool) -> Any:
    """The config of a pipeline that shares one tok2vec, with what this example wants changed."""
    config = init_config("en", PIPELINE, optimize="efficiency")
    config["paths"]["train"] = str(DATA / "train.conllu")
    config["paths"]["dev"] = str(DATA / "dev.conllu")
    config["system"]["seed"] = seed
    training = config["training"]
    training["max_steps"] = steps = 20 if quick else 1200
    training["eval_frequency"] = 10 if quick else 200
    training["optimizer"]["use_averages"] = True
    training["optimizer"]["learn_rate"] = {
        "@schedules": "warmup_linear.v1",
        "warmup_steps": steps // 16,
        "total_steps": steps,
        "initial_rate": 0.002,
    }
    # Shown with their weight; null shows neither precision nor recall.
    training["score_weights"] |= {"sents_p": None, "sents_r": None}
    return config


def corpus(part: str) -> Callable[[Any], Iterator[Any]]:
    """Both corpora of a part: the treebank knows no entities, and the other one nothing else."""
    treebank = Corpus(DATA / f"{part}.conllu")
    posts = Corpus(DATA / "entities" / f"{part}.conll", n_sents=1)

    def read(nlp: Any) -> Iterator[Any]:
        yield from treebank(nlp)
        for example in posts(nlp):
            # The file has a post where others have a sentence: where sentences begin isn't known.
            example.reference.set_column("SENT_START", np.zeros(len(example.reference), np.int8))
            yield example

    return read


def show_scores(scores: dict[str, Any], title: str) -> None:
    """A table of what was measured."""
    table = Table(title=title, title_justify="left")
    table.add_column("score")
    table.add_column("%", justify="right")
    for name, meaning in SCORES.items():
        if scores.get(name) is not None:
            table.add_row(meaning, f"{100 * scores[name]:.1f}")
    console.print(table)


def show_document(doc: Any, limit: int = 10) -> None:
    """Its sentences, and the first of its tokens with their annotation."""
    sentences = list(doc.sents)
    console.print(f"{len(doc)} tokens in {len(sentences)} sentences:")
    for sentence in sentences[:5]:
        console.print(f"  {escape(sentence.text)}", highlight=False)
    if len(sentences) > 5:
        console.print("  ...")
    table = Table()
    for heading in ("token", "pos", "tag", "morphology"):
        table.add_column(heading, overflow="fold")
    for token in doc[:limit]:
        row = (token.text, token.pos_, token.tag_, str(token.morph).replace("|", " "))
        table.add_row(*map(escape, row))
    if len(doc) > limit:
        table.add_row("...")
    console.print(table)


def read_text(arguments: argparse.Namespace) -> str | None:
    """The user's text, if there is one."""
    if arguments.file is None:
        return arguments.text
    try:
        return arguments.file.read_text("utf-8")
    except UnicodeDecodeError as error:
        sys.exit(f"{arguments.file} is not UTF-8 (byte {error.start}): save it as UTF-8 first")


def main() -> None:
    """Train, evaluate, save, load, annotate."""
    arguments = read_arguments()
    own = read_text(arguments)
    out = arguments.out
    started = time.perf_counter()

    console.rule("[bold]1. Train")
    config = make_config(arguments.seed, arguments.quick)
    steps = " -> ".join(config["nlp"]["pipeline"])
    console.print(f"{steps}, on the samples in {DATA}\n", highlight=False, soft_wrap=True)
    result = spanloom.train(config, out / "training", train=corpus("train"), dev=corpus("dev"))
    try:
        result.history.plot(out / "training.png", title="Quickstart: samples of EWT and WNUT")
    except SpanloomError as error:  # the picture needs matplotlib, and nothing else does
        console.print(f"\n{error}", highlight=False, markup=False)

    console.rule("[bold]2. Evaluate on sentences that training never saw")
    nlp = spanloom.load(result.best)
    show_scores(nlp.evaluate(corpus("test")(nlp)), "The samples' test parts")

    console.rule("[bold]3. Save, load again, annotate")
    nlp.to_disk(out / "pipeline")
    again = spanloom.load(out / "pipeline")
    texts = [OWN_TEXT] + ([own] if own else [])
    docs = list(again.pipe(texts))
    for doc in docs:
        show_document(doc)
    assert [token.tag_ for token in docs[0]] == [token.tag_ for token in nlp(OWN_TEXT)]
    save_html(out / "annotated.html", docs, "auto", title="Annotated by the quickstart pipeline")

    console.rule("[bold]Done")
    seconds = time.perf_counter() - started
    console.print(f"{seconds:.0f} s. Look at:", style="bold", highlight=False)
    for name, what in [
        ("annotated.html", "entities, trees and tokens of the text: open it in a browser"),
        ("training.png", "the training curve"),
        ("pipeline/", "the pipeline, for spanloom.load"),
        ("pipeline/config.cfg", "its whole config, every default written down"),
    ]:
        if (out / name).exists():
            console.print(f"  {out / name}  [dim]{what}[/]", highlight=False, soft_wrap=True)
    here = Path(sys.executable).with_name("spanloom")
    console.print("\nTry next:", style="bold")
    for command in (
        f"{sys.executable} {Path(__file__)} --text 'A sentence of yours.'",
        f"{here} evaluate {out / 'pipeline'} {DATA / 'dev.conllu'}",
        f"{here} init config my.cfg --lang en --pipeline tagger,parser",
        f"{here} train my.cfg --output out/mine --paths.train ... --paths.dev ...",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    try:
        main()
    except (SpanloomError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
