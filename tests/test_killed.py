"""A run of training that is killed at any moment goes on where it was, with every component."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import spanloom
from spanloom import Doc, Pipeline, Vocab
from spanloom.config import init_config
from spanloom.tokens.storage.docfile import write_docs
from spanloom.training.checkpoint import find_checkpoint

VERBS = ["runs", "sleeps"]


def everything_annotated(path: Path, count: int, seed: int) -> None:
    """Documents with tags, trees, sentences, entities and categories."""
    choose = random.Random(seed).choice
    vocab = Vocab("en")
    docs = []
    for _ in range(count):
        words, tags, heads, deps, ents = [], [], [], [], []
        for _ in range(choose([1, 2, 3])):
            start = len(words)
            words += ["the", choose(["red", "big"]), choose(["Ann", "Bob"]), choose(VERBS), "."]
            tags += ["DT", "JJ", "NNP", "VB", "."]
            heads += [start + 2, start + 2, start + 3, start + 3, start + 3]
            deps += ["det", "amod", "nsubj", "ROOT", "punct"]
            ents += ["O", "O", "B-PERSON", "O", "O"]
        starts = [dep == "det" for dep in deps]
        doc = Doc(vocab, words, tags=tags, heads=heads, deps=deps, ents=ents, sent_starts=starts)
        doc.cats = {"RED": float("red" in words), "BIG": float("red" not in words)}
        docs.append(doc)
    write_docs(path, docs)


def weights(nlp: Pipeline) -> bytes:
    return b"".join(component.model.to_bytes() for _, component in nlp.components)


@pytest.mark.slow
@pytest.mark.parametrize(
    "pipeline", [("tagger", "senter"), ("tagger", "parser", "ner", "textcat")], ids=len
)
def test_killed_at_any_moment_and_resumed(tmp_path: Path, pipeline: tuple[str, ...]) -> None:
    everything_annotated(tmp_path / "train.loom", 60, 0)
    everything_annotated(tmp_path / "dev.loom", 10, 1)
    config = init_config("en", pipeline)
    config["components"]["tok2vec"]["model"]["encode"].update(width=16, depth=1)
    config["components"]["tok2vec"]["model"]["embed"].update(rows=[50, 50, 50, 50])
    config["training"].update(max_steps=60, eval_frequency=2, patience=0, dropout=0.3)
    config["training"]["batcher"]["size"] = 100
    config["training"]["optimizer"]["learn_rate"] = 0.02
    config["paths"].update({each: str(tmp_path / f"{each}.loom") for each in ("train", "dev")})
    config["training"]["optimizer"]["use_averages"] = True
    whole = spanloom.train(config, tmp_path / "whole", quiet=True)
    path = tmp_path / "my.cfg"
    path.write_text(config.to_str(), "utf8")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "spanloom", "train", str(path), "-o", str(out), "--resume"]
    choose = random.Random(0)
    kills = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout is not None
        if kills < 6:
            process.stdout.read(200)  # training has begun
            time.sleep(choose.uniform(0.0, 0.4))
            process.send_signal(signal.SIGKILL)
        output = process.communicate()[0]
        found = find_checkpoint(out)
        if found is not None:
            assert (found / "state.json").is_file()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, output
        kills += 1
    assert kills >= 1
    for name in ("model-best", "model-last"):
        saved = [spanloom.load(folder / name) for folder in (tmp_path / "whole", out)]
        assert weights(saved[0]) == weights(saved[1])
    assert weights(saved[0]) == weights(whole.nlp)
    hidden = [each.name for each in out.iterdir() if each.name.startswith(".")]
    assert hidden == []
