"""Entities on a transformer beside spacy-transformers: F1 after equal steps, and training speed.

Needs what ``transformer_models.py`` needs, and ``SPANLOOM_NER`` as in ``entities.py``. Both sides
train MiniLM and the transition-based recognizer on it, on the same batches in the same order,
without averaging; the encoder learns ten times slower than the recognizer. The transformer's output
isn't kept on documents. Each seed's scores are printed as they come.
"""

from __future__ import annotations

import importlib.util
from functools import partial
from itertools import islice
from typing import Any

from common import arguments, check_threads, cpu_time, report
from entities import read_part
from sides import Side, compared, word_batches
from transformer_models import block, stop_without_model

#: Words in a batch.
WORDS = 400


def pipeline(side: Side, seed: int) -> Any:
    """A transformer and a recognizer that listens to it."""
    mine = side.name == "spanloom"
    owner = "spanloom" if mine else "spacy-transformers"
    nlp = side.blank(seed)
    nlp.add_pipe("transformer", config={"model": block(owner)})
    listener = {
        "@architectures": f"{owner}.TransformerListener.v1",
        "grad_factor": 1.0,
        "pooling": {"@layers": "reduce_mean.v1"},
    }
    head = side.head("ner") | {"use_upper": False, "tok2vec": listener}
    nlp.add_pipe("ner", config={"model": head})
    return nlp


def step(nlp: Any, batch: list[Any], slow: Any, fast: Any) -> None:
    """One update, the transformer by the optimizer ``slow`` and the recognizer by ``fast``."""
    none = False if type(nlp).__module__.startswith("spacy") else None
    nlp.update(batch, sgd=none, losses={}, drop=0.1)
    for name, optimizer in (("transformer", slow), ("ner", fast)):
        nlp.get_pipe(name).finish_update(optimizer)
        optimizer.step_schedules()


def run(side: Side, seed: int, steps: int) -> dict[str, float]:
    """Scores, and words per CPU second of training."""
    from thinc.api import Adam, warmup_linear

    nlp = pipeline(side, seed)
    train, dev, test = (
        [side.example(nlp, None, **each) for each in read_part(part)]
        for part in ("train", "dev", "test")
    )
    nlp.initialize(lambda: train[:200])
    slow, fast = (
        Adam(warmup_linear(rate, steps // 10, steps), L2=0.01, use_averages=False)
        for rate in (1e-4, 1e-3)
    )
    seconds, count = 0.0, 0
    for batch in islice(word_batches(train, WORDS, seed), steps):
        seconds += cpu_time(partial(step, nlp, batch, slow, fast))
        count += sum(len(example.reference) for example in batch)
    found = {"training": count / seconds}
    for part, examples in (("dev", dev), ("test", test)):
        found[f"{part}, ents_f"] = 100 * (nlp.evaluate(examples)["ents_f"] or 0.0)
    if side.name == "spanloom":
        try_int8(nlp, dev + test)
    return found


def try_int8(nlp: Any, examples: list[Any]) -> None:
    """Say what int8 changes, or that it is refused."""
    from spanloom.errors import DataError
    from spanloom_transformers import quantize

    try:
        print(f"int8, dev and test: {quantize(nlp, examples, scores=['ents_f'])}", flush=True)
    except DataError as error:
        print(f"int8 is refused: {error}", flush=True)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, steps=400, seeds=3)
    check_threads()
    stop_without_model()
    steps, seeds = (10, 1) if options.quick else (options.steps, options.seeds)
    peer = importlib.util.find_spec("spacy_transformers") is not None
    names = ["spanloom", "spacy"] if peer else ["spanloom"]
    figures: dict[str, dict[str, list[float]]] = {name: {} for name in names}
    for seed in range(seeds):
        for name in names:
            found = run(Side(name), seed, steps)
            print(
                f"seed {seed}, {name}:", {key: round(v, 1) for key, v in found.items()}, flush=True
            )
            for key, value in found.items():
                figures[name].setdefault(key, []).append(value)
    rows = compared(figures, lambda name: 1.0 if "," in name else 1.3)
    report(rows, f"Entities on MiniLM, {steps} steps, {seeds} seeds", options.json)


if __name__ == "__main__":
    main()
