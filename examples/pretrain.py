"""From raw text to a better tagger: pretrain, train, compare.

    python examples/pretrain.py

You have 150 annotated sentences, and much more text that nobody annotated. The script pretrains
an encoder on the raw text of a sample of UD English EWT (30,000 words; its annotation isn't looked
at), draws the curve, trains a tagger on the annotated sentences twice, from the pretrained weights
and from random ones, and measures both on sentences that neither saw. It takes a few minutes on two
cores and needs no network. Results lie in out/pretrain.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# One thread for each BLAS: the layers are small, and more threads get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import wordloom
from wordloom.config import init_config
from wordloom.training.corpus import Corpus
from wordloom_pretrain import pretrain
from wordloom_pretrain.report import plot_losses

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data"
ANNOTATED = 150


def read_arguments() -> argparse.Namespace:
    """What the user asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--raw", type=Path, help="raw text of your own: .jsonl or .txt")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "pretrain")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few steps, to see it work")
    return parser.parse_args()


def write_raw_text(path: Path) -> None:
    """The sentences of the sample as JSON lines, without annotation."""
    mark = "# text = "
    lines = (DATA / "train.conllu").read_text("utf8").splitlines()
    texts = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf8")


def make_config(raw: Path, seed: int, quick: bool) -> Any:
    """One config for both: ``[pretraining]`` and ``[training]`` have the same encoder."""
    config = init_config("en", ["tagger"], sections=("pretraining",))
    config["paths"]["raw"] = str(raw)
    config["system"]["seed"] = seed
    config["pretraining"].update(
        max_steps=20 if quick else 1500,
        eval_frequency=10 if quick else 100,
        patience=500,
        held_out=0.03,
        shuffle_buffer=2000,
    )
    # Little text: small batches make more steps of it.
    config["pretraining"]["batcher"]["size"] = 600
    config["corpora"]["pretrain"]["min_length"] = 3
    config["training"].update(max_steps=10 if quick else 300, eval_frequency=10 if quick else 50)
    return config


def train_tagger(config: Any, weights: Path | None) -> Mapping[str, Any]:
    """Scores on the test part after training from ``weights``, or from random ones."""
    result = wordloom.train(
        config,
        overrides={"paths.init_tok2vec": str(weights) if weights else None},
        train=Corpus(DATA / "train.conllu", n_sents=1, limit=ANNOTATED),
        dev=Corpus(DATA / "dev.conllu"),
    )
    return result.nlp.evaluate(list(Corpus(DATA / "test.conllu")(result.nlp)))


def main() -> None:
    """Pretrain, train twice, compare."""
    options = read_arguments()
    out: Path = options.out
    shutil.rmtree(out / "weights", ignore_errors=True)
    raw: Path = options.raw or out / "raw.jsonl"
    if options.raw is None:
        write_raw_text(raw)
    config = make_config(raw, options.seed, options.quick)

    print(f"1. Pretraining on {raw}")
    result = pretrain(config, out / "weights")
    plot_losses(out / "curve.png", result.history)

    print(f"\n2. Training on {ANNOTATED} sentences, from pretrained weights")
    pretrained = train_tagger(config, result.best)["tag_acc"]
    print(f"\n3. Training on {ANNOTATED} sentences, from random weights")
    random = train_tagger(config, None)["tag_acc"]

    fewer = 100 * (1 - (1 - pretrained) / (1 - random))
    print(f"\nTags of the test part: {100 * random:.2f} % right from random weights,")
    print(f"{100 * pretrained:.2f} % from pretrained ones: {fewer:.1f} % fewer errors.")
    print(f"The curve of pretraining: {out / 'curve.png'}")


if __name__ == "__main__":
    main()
