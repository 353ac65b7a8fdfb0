"""What a process makes doesn't depend on how Python hashes strings there (PYTHONHASHSEED)."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

SEEDS = "012"

#: A corpus of many words, each in several texts, so that the order of new words can matter.
CORPUS = """
import hashlib, random, sys
import numpy, spanloom
from spanloom import Doc, Example
from spanloom.config import init_config
from spanloom.tokens.storage.docfile import write_docs

def texts(seed, count=30):
    choose = random.Random(seed).choice
    ends = ["ing", "ed", "s", "er", "ly"]
    words = [a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in ends]
    return [" ".join(choose(words) for _ in range(12)) + ", can't (stop)." for _ in range(count)]

def tagged(vocab, text):
    doc = spanloom.blank("en", vocab=vocab).make_doc(text)
    return Doc(
        vocab, words=doc.words, spaces=doc.spaces.tolist(), tags=[w[-1] for w in doc.words],
        pos=["NOUN" if w[-1] == "s" else "VERB" for w in doc.words],
        morphs=[f"End={w[-1].upper()}" for w in doc.words], lemmas=[w[:2] for w in doc.words],
        sent_starts=[i == 0 for i in range(len(doc))],
    )

def show(*parts):
    print("hash", hashlib.sha256(b"".join(parts)).hexdigest())
"""

TRAINED = """
random.seed(0); numpy.random.seed(0)
nlp = spanloom.Pipeline.from_config(init_config("en", ["tagger", "morphologizer", "senter"]))
examples = [Example(nlp.make_doc(t), tagged(nlp.vocab, t)) for t in texts(0)]
optimizer = nlp.initialize(lambda: examples)
for _ in range(3):
    nlp.update(examples, sgd=optimizer)
write_docs(sys.argv[1], [example.reference for example in examples])
show(nlp.to_bytes(), open(sys.argv[1], "rb").read())
"""

RESUMED = """
folder, steps = sys.argv[1], int(sys.argv[2])
for part, seed in (("train", 0), ("dev", 1)):
    vocab = spanloom.Vocab("en")
    write_docs(f"{folder}/{part}.loom", [tagged(vocab, t) for t in texts(seed)])
config = init_config("en", ["tagger", "senter"])
config["paths"].update(train=f"{folder}/train.loom", dev=f"{folder}/dev.loom")
config["training"].update(max_steps=steps, eval_frequency=2)
config["training"]["batcher"]["size"] = 200
nlp = spanloom.train(config, f"{folder}/out", quiet=True, resume=True).nlp
show(*(part.model.to_bytes() for _, part in nlp.components))
"""


def printed(seed: str, code: str, *arguments: object) -> str:
    """What the last line says that a piece of Python prints in a process of its own."""
    env = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CORPUS + code, *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.lengthy
def test_the_same_training_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        found = set(pool.map(lambda seed: printed(seed, TRAINED, tmp_path / seed), SEEDS))
    assert len(found) == 1


@pytest.mark.slow
def test_a_run_resumed_in_another_process_gives_the_same_weights(tmp_path: Path) -> None:
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    with ThreadPoolExecutor() as pool:
        whole = pool.submit(printed, "0", RESUMED, tmp_path / "whole", 6)
        printed("1", RESUMED, tmp_path / "parts", 4)
    assert printed("2", RESUMED, tmp_path / "parts", 6) == whole.result()
