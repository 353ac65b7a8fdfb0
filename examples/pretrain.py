"""From raw text to a better entity recognizer: pretrain, train, compare.

    python examples/pretrain.py
    python examples/pretrain.py --raw posts.jsonl

You have 300 annotated posts, and more text that nobody annotated. The script pretrains an encoder
on the raw text (by default that of the samples of WNUT 2017 and UD English EWT, 60,000 words, whose
annotation isn't looked at), draws the curve, trains an entity recognizer on the annotated posts
twice, from the pretrained weights and from random ones, and measures both on posts that neither
saw. It takes a few minutes on two cores and needs no network. Results lie in out/pretrain. The more
text, and the more like the posts, the better: give your own with --raw.
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

import spanloom
from spanloom.config import init_config
from spanloom.corpora.corpus import Corpus
from spanloom_pretrain import pretrain
from spanloom_pretrain.report import plot_losses

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data"
ANNOTATED = 300


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
    """The texts of both samples as JSON lines, without annotation."""
    nlp = spanloom.blank("en")
    posts = Corpus(DATA / "entities" / "train.conll", n_sents=1)
    rows: list[dict[str, Any]] = [{"tokens": post.reference.words} for post in posts(nlp)]
    mark = "# text = "
    lines = (DATA / "train.conllu").read_text("utf8").splitlines()
    rows += [{"text": line.removeprefix(mark)} for line in lines if line.startswith(mark)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf8")


def make_config(raw: Path, seed: int, quick: bool) -> Any:
    """One config for both: ``[pretraining]`` and ``[training]`` have the same encoder."""
    config = init_config("en", ["ner"], sections=("pretraining",))
    config["paths"]["raw"] = str(raw)
    config["system"]["seed"] = seed
    config["pretraining"].update(
        max_steps=20 if quick else 3000,
        eval_frequency=10 if quick else 150,
        patience=900,
        held_out=0.03,
    )
    # Little text: small batches make more steps of it.
    config["pretraining"]["batcher"]["size"] = 500
    config["corpora"]["pretrain"]["min_length"] = 3
    config["training"].update(max_steps=10 if quick else 300, eval_frequency=10 if quick else 50)
    config["training"]["optimizer"]["use_averages"] = True
    return config


def train_recognizer(config: Any, weights: Path | None) -> Mapping[str, Any]:
    """Scores on the test part after training from ``weights``, or from random ones."""
    posts = DATA / "entities"
    result = spanloom.train(
        config,
        overrides={"paths.init_tok2vec": str(weights) if weights else None},
        train=Corpus(posts / "train.conll", n_sents=1, limit=ANNOTATED),
        dev=Corpus(posts / "dev.conll", n_sents=1),
    )
    return result.nlp.evaluate(list(Corpus(posts / "test.conll", n_sents=1)(result.nlp)))


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

    print(f"\n2. Training on {ANNOTATED} posts, from pretrained weights")
    pretrained = train_recognizer(config, result.best)["ents_f"] or 0.0
    print(f"\n3. Training on {ANNOTATED} posts, from random weights")
    random = train_recognizer(config, None)["ents_f"] or 0.0

    print(f"\nEntities of the test part: F1 {100 * random:.1f} from random weights,")
    print(f"{100 * pretrained:.1f} from pretrained ones.")
    print(f"The curve of pretraining: {out / 'curve.png'}")


if __name__ == "__main__":
    main()
