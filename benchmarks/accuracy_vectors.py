"""What word vectors are worth as features: entities of WNUT17 and tags of EWT after training
without a table, with the GloVe sample and with a distilled one.

    spanloom vectors distill MODEL distilled.wlv --corpus TEXTS --min-count 2 -a LOWER
    python benchmarks/accuracy_vectors.py --distilled distilled.wlv

``SPANLOOM_EWT`` and ``SPANLOOM_NER`` name the folders of the data, see ``common.py`` and
``entities.py``.

``--sizes`` are numbers of sentences, 0 for all; ``--steps`` go with them, batches of 1,000 words
each. The weights are those that were best on the first 500 sentences of dev, the scores are of
test, means over ``--seeds`` seeds. The errors that a table takes away are a share of those made
without one; the spread is the standard deviation over seeds.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
from pathlib import Path
from typing import Any

from common import Row, arguments, check_threads, report
from entities import read_part
from models import read_sentences
from sides import Side, train

GLOVE = Path(os.environ.get("SPANLOOM_VECTORS", Path(__file__).parents[2] / "shared" / "data"))
#: Sentences of dev that the best weights are chosen by.
DEV = 500
#: Component -> its score.
MEASURES = {"ner": "ents_f", "tagger": "tag_acc"}
NAMES = {"ner": "entities (F)", "tagger": "tags"}


def tables(distilled: str) -> dict[str, Any]:
    """The tables to compare, by name; None is no table."""
    from spanloom_vectors import open_vectors, read_vectors

    found: dict[str, Any] = {"none": None}
    path = GLOVE / "vectors" / "glove_twitter_25d_12k.txt.gz"
    if path.exists():
        found["GloVe"] = read_vectors(path, attrs=["LOWER"])
    if distilled:
        found["distilled"] = open_vectors(distilled)
    if len(found) == 1:
        sys.exit("Give --distilled, or SPANLOOM_VECTORS: there is no table to compare.")
    return found


def annotations(factory: str, part: str) -> list[dict[str, Any]]:
    """The sentences of a part, as keyword arguments of ``Doc``."""
    if factory == "ner":
        return list(read_part(part))
    return [{"words": words, "spaces": s, "tags": t} for words, s, t in read_sentences(part)]


def pipeline(factory: str, table: Any, seed: int) -> Any:
    """A component with its own embedding, which has static vectors where there is a table."""
    from thinc.api import fix_random_seed

    import spanloom

    fix_random_seed(seed)
    side = Side("spanloom")
    encoder = side.encoder()
    encoder["embed"]["include_static_vectors"] = table is not None
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = table
    nlp.add_pipe(factory, config={"model": side.head(factory) | {"tok2vec": encoder}})
    return nlp


def score(factory: str, table: Any, parts: dict[str, Any], size: int, seed: int, steps: int) -> Any:
    """The score on test of one training, with what was best on dev, in percent."""
    nlp = pipeline(factory, table, seed)
    side, measure = Side("spanloom"), MEASURES[factory]
    chosen = random.Random(seed).sample(parts["train"], size) if size else parts["train"]
    examples, dev, test = (
        [side.example(nlp, None, **each) for each in part]
        for part in (chosen, parts["dev"][:DEV], parts["test"])
    )
    trained = train(
        nlp, examples, dev, steps=steps, seed=seed, every=max(1, steps // 4),
        measure=lambda scores: scores[measure] or 0.0,
    )  # fmt: skip
    return 100 * (trained.nlp.evaluate(test)[measure] or 0.0)


def compare(factory: str, size: int, seeds: int, steps: int, found: dict[str, Any]) -> list[Row]:
    """The rows of one task at one size."""
    parts = {part: annotations(factory, part) for part in ("train", "dev", "test")}
    size = min(size, len(parts["train"]))
    scores = {
        name: [score(factory, table, parts, size, seed, steps) for seed in range(seeds)]
        for name, table in found.items()
    }
    means = {name: statistics.mean(values) for name, values in scores.items()}
    title = f"{NAMES[factory]}, {size or 'all'} sentences"
    spread = ", ".join(f"{name} {statistics.pstdev(v):.2f}" for name, v in scores.items())
    print(f"{title}, {steps} steps; spread over seeds: {spread}", flush=True)
    rows = []
    for name in found:
        if name != "none":
            base = means["none"]
            rows.append(Row(f"{title}, {name}", means[name], base, "%", higher_is_better=True))
            fewer = 100 * (1 - (100 - means[name]) / (100 - base))
            rows.append(Row(f"errors taken away, {title}, {name}", fewer, None, "%"))
    return rows


def main() -> None:
    """Train, measure and report."""
    options = arguments(
        __doc__, distilled="", tasks="ner,tagger", sizes="500,0", steps="100,300", seeds=3
    )
    check_threads()
    found = tables(options.distilled)
    sizes = [int(part) for part in options.sizes.split(",")]
    steps = [int(part) for part in options.steps.split(",")]
    seeds = options.seeds
    if options.quick:
        sizes, steps, seeds = [50], [10], 1
    rows = []
    for factory in options.tasks.split(","):
        for size, count in zip(sizes, steps, strict=True):
            rows += compare(factory, size, seeds, count, found)
    report(rows, f"Vectors as features, {seeds} seeds", options.json, ("with", "without"))


if __name__ == "__main__":
    main()
