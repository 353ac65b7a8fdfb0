"""One shared embedding layer against one for each component: size, speed, accuracy.

Tagger, morphologizer and parser on UD English EWT, the same layer sizes, batches and steps, three
seeds. The table is the seed document's "Shared vs. independent", with figures.
"""

from __future__ import annotations

import copy
import statistics
import tempfile
from pathlib import Path
from typing import Any

import spanloom
from common import Row, arguments, check_threads, cpu_time, ewt_file, ewt_texts, report
from spanloom.config import init_config

PIPELINE = ["tagger", "morphologizer", "parser"]
SCORES = ("tag_acc", "pos_acc", "morph_acc", "dep_uas", "dep_las")


def config(shared: bool, steps: int, seed: int) -> Any:
    """The config of the pipeline, with one encoder or three."""
    settings = init_config("en", PIPELINE, optimize="efficiency")
    settings["paths"]["train"] = str(ewt_file("train"))
    settings["paths"]["dev"] = str(ewt_file("dev"))
    settings["system"]["seed"] = seed
    settings["training"].update({"max_steps": steps, "eval_frequency": steps, "patience": 0})
    settings = settings.interpolate()
    if not shared:
        encoder = settings["components"].pop("tok2vec")["model"]
        settings["nlp"]["pipeline"] = PIPELINE
        for name in PIPELINE:
            settings["components"][name]["model"]["tok2vec"] = copy.deepcopy(encoder)
    return settings


def size(nlp: Any) -> float:
    """Megabytes that the saved pipeline takes."""
    with tempfile.TemporaryDirectory() as folder:
        nlp.to_disk(Path(folder) / "model")
        files = (path for path in Path(folder).rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files) / 1e6


def run(shared: bool, steps: int, seed: int, texts: list[str]) -> dict[str, float]:
    """Train once and measure."""
    result: list[Any] = []
    settings = config(shared, steps, seed)
    seconds = cpu_time(lambda: result.append(spanloom.train(settings, quiet=True)))
    nlp = result[0].nlp
    docs: list[Any] = []
    list(nlp.pipe(texts[:200]))
    predicting = cpu_time(lambda: docs.extend(nlp.pipe(texts)))
    scores = result[0].history.evaluations[-1].scores
    return {
        "size": size(nlp),
        "training": seconds,
        "prediction": sum(map(len, docs)) / predicting,
        **{name: 100 * scores[name] for name in SCORES},
    }


def main() -> None:
    """Both sides, seed by seed."""
    options = arguments(__doc__, steps=1000, seeds=3)
    check_threads()
    steps, seeds = (100, 1) if options.quick else (options.steps, options.seeds)
    texts = ewt_texts("dev")
    sides = [[run(shared, steps, seed, texts) for seed in range(seeds)] for shared in (True, False)]
    shared, apart = (
        {key: statistics.mean(run[key] for run in side) for key in side[0]} for side in sides
    )
    rows = [
        Row("saved pipeline", shared["size"], apart["size"], "MB"),
        Row(f"training, {steps} steps", shared["training"], apart["training"], "CPU s"),
        Row("from raw text", shared["prediction"], apart["prediction"], "words/CPU s", True),
        *(Row(name, shared[name], apart[name], "%", True) for name in SCORES),
    ]
    report(rows, "Embedding layers", options.json, ("shared", "independent"))


if __name__ == "__main__":
    main()
