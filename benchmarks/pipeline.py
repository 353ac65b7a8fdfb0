"""tok2vec and tagger on raw text, and training it: ours beside spaCy, equal sizes and hash rows.

Width 96, depth 4, rows 5000, 1000, 2500, 2500. Words are the sentences' own, so that both sides
count the same. Batches of 256 documents; training in batches of 32 sentences on the first ones of
the training part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common import Row, arguments, check_threads, cpu_median, ewt_texts, has_spacy, report
from models import batches, examples, read_sentences, tagger
from sides import Side, sides

ONE = "The quick brown fox jumped over the lazy dog near the old river bank yesterday."


def annotate(nlp: Any, texts: list[str]) -> Callable[[], None]:
    """A function that runs ``nlp`` over ``texts`` in batches."""

    def run() -> None:
        for _ in nlp.pipe(texts, batch_size=256):
            pass

    return run


def one_by_one(nlp: Any, text: str, times: int) -> Callable[[], None]:
    """A function that calls ``nlp(text)`` ``times`` times."""

    def run() -> None:
        for _ in range(times):
            nlp(text)

    return run


def one_epoch(nlp: Any, items: list[Any], optimizer: Any) -> Callable[[], None]:
    """A function that updates ``nlp`` once on all ``items``."""

    def run() -> None:
        for batch in batches(items, 32):
            nlp.update(batch, sgd=optimizer, losses={}, drop=0.1)

    return run


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=5)
    check_threads()
    repeats = 1 if options.quick else options.repeats
    few = 200 if options.quick else None
    sentences = read_sentences("train", 300 if options.quick else 1500)
    texts = ewt_texts("dev", few)
    words = sum(len(tokens) for tokens, _, _ in read_sentences("dev", few))
    trained = sum(len(tokens) for tokens, _, _ in sentences)

    def measure(side: Side) -> tuple[float, float, float]:
        from thinc.api import Adam

        nlp = tagger(side, sentences, seed=0)
        items = examples(side, nlp, sentences)
        batch = words / cpu_median(annotate(nlp, texts), repeats)
        single = cpu_median(one_by_one(nlp, ONE, 100), repeats) / 100 * 1e6
        epoch = cpu_median(one_epoch(nlp, items, Adam(0.001)), max(1, repeats // 2))
        return batch, single, trained / epoch

    ours, *peer = map(measure, sides(has_spacy()))
    theirs: tuple[float | None, ...] = peer[0] if peer else (None, None, None)
    rate = "words per CPU s"
    rows = [
        Row("raw text in batches", ours[0], theirs[0], rate, True, goal=3.0),
        Row("nlp(one sentence)", ours[1], theirs[1], "CPU µs", goal=1.0),
        Row("training", ours[2], theirs[2], rate, True, goal=1.3),
    ]
    report(rows, "tok2vec (96 x 4) and tagger", options.json)


if __name__ == "__main__":
    main()
