"""One process and two: tok2vec and tagger over a stream of texts, ours beside spaCy.

The wall clock counts here, from the first document that comes out to the last, so that the time to
start the workers isn't part of it; on a machine that does other work besides, two processes look
worse than they are. The CPU time of the parent is that of this process alone for each token: what
handing over and taking back costs, and so how many workers one parent can feed.
"""

from __future__ import annotations

import time
from typing import Any

from common import Row, arguments, check_threads, ewt_texts, has_spacy, report
from models import our_tagger, read_sentences, spacy_tagger

#: Two processes are to be this much faster than one.
GOAL = 1.7


def rates(nlp: Any, texts: list[str], processes: int) -> tuple[float, float]:
    """Tokens a second by the wall clock, and CPU microseconds of this process for each token."""
    stream = nlp.pipe(texts, batch_size=256, n_process=processes)
    next(stream)
    start, used, tokens = time.perf_counter(), time.process_time(), 0
    for doc in stream:
        tokens += len(doc)
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    return tokens / wall, cpu / tokens * 1e6


def measured(nlp: Any, texts: list[str], repeats: int) -> tuple[float, float, float]:
    """The best rate of one process and of two, and the least CPU time of the parent of two."""
    list(nlp.pipe(texts[:1000]))
    one = max(rates(nlp, texts, 1)[0] for _ in range(repeats))
    two = [rates(nlp, texts, 2) for _ in range(repeats)]
    return one, max(rate for rate, _ in two), min(cpu for _, cpu in two)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=3)
    check_threads()
    sentences = read_sentences("train", 300)
    texts = ewt_texts("train")
    texts = texts[:2000] if options.quick else (texts * 3)[:30000]
    repeats = 1 if options.quick else options.repeats
    one, two, cpu = measured(our_tagger(sentences, seed=0), texts, repeats)
    theirs: tuple[float | None, ...] = (None, None, None)
    if has_spacy():
        theirs = measured(spacy_tagger(sentences, seed=0), texts, repeats)
    their_one, their_two, their_cpu = theirs
    unit = "tokens/s"
    rows = [
        Row("one process", one, their_one, unit=unit, higher_is_better=True),
        Row("two processes", two, their_two, unit=unit, higher_is_better=True),
        Row("ours: two beside one (peer: one)", two, one, unit, higher_is_better=True, goal=GOAL),
        Row("parent of two processes", cpu, their_cpu, unit="CPU µs/token"),
    ]
    report(rows, "Processes", options.json)


if __name__ == "__main__":
    main()
