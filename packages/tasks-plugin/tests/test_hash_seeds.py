"""The tasks learn the same in any process, however Python hashes strings there."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

TRAINED = """
import hashlib, random, numpy, spanloom
from spanloom import Doc, Example
from spanloom.config import init_config
random.seed(0); numpy.random.seed(0)
choose = random.choice
words = [a + b + c for a in "bdfgklmnprst" for b in "aeiou" for c in ("ing", "ed", "s", "er")]
nlp = spanloom.Pipeline.from_config(init_config("en", ["parser", "ner", "textcat"]))
examples = []
for i in range(20):
    doc = nlp.make_doc(" ".join(choose(words) for _ in range(10)) + ", can't (stop).")
    gold = Doc(
        nlp.vocab, words=doc.words, spaces=doc.spaces.tolist(),
        heads=[max(at - 1, 0) for at in range(len(doc))],
        deps=["ROOT" if not at else "dep" + w[-1] for at, w in enumerate(doc.words)],
        ents=["B-" + w[-1].upper() if w[0] in "bdf" else "O" for w in doc.words],
    )
    gold.cats = {"A": float(i % 2), "B": float(not i % 2)}
    examples.append(Example(doc, gold))
optimizer = nlp.initialize(lambda: examples)
for _ in range(3):
    nlp.update(examples, sgd=optimizer)
print("hash", hashlib.sha256(nlp.to_bytes()).hexdigest())
"""


def printed(seed):
    """What the last line says that training prints in a process of its own."""
    env = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", TRAINED], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_the_same_training_gives_the_same_weights_in_any_process():
    with ThreadPoolExecutor() as pool:
        assert len(set(pool.map(printed, "012"))) == 1
