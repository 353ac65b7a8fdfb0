"""One process and two: tok2vec and tagger over a stream of texts, ours beside spaCy.

The wall clock counts here. "steady" is from the first document that comes out to the last; "with
start" is the whole call, starting the workers too. On a machine that does other work besides, two
processes look worse than they are: then let the last rows speak, the CPU time of all processes for
each token, with one and with two. Half of the second is what two free cores need. That of the
parent is what handing over and taking back costs, and so how many workers one parent can feed.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from multiprocessing import active_children
from pathlib import Path
from typing import Any

from common import Row, arguments, check_threads, ewt_texts, has_spacy, report
from models import read_sentences, tagger
from sides import OURS, Side

#: Two processes are to be this much faster than one.
GOAL = 1.7


@dataclass
class Run:
    """Tokens a second by the wall clock, without and with the start, and CPU microseconds for each
    token: of this process, and of this and its workers."""

    steady: float
    whole: float
    parent: float
    together: float


def _children() -> float:
    """CPU seconds of the workers that are running."""
    ticks = 0
    for child in active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def run(nlp: Any, texts: list[str], processes: int) -> Run:
    """Annotate the texts once."""
    begin = time.perf_counter()
    stream = nlp.pipe(texts, batch_size=256, n_process=processes)
    tokens = first = len(next(stream))
    start, used, theirs = time.perf_counter(), time.process_time(), _children()
    last = len(texts) - 1
    for number, doc in enumerate(stream, 1):
        tokens += len(doc)
        if number == last:
            theirs = _children() - theirs  # before the workers end
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    steady = tokens - first
    parent, together = cpu / steady * 1e6, (cpu + theirs) / steady * 1e6
    return Run(steady / wall, tokens / (wall + start - begin), parent, together)


def measured(nlp: Any, texts: list[str], repeats: int) -> tuple[Run, Run]:
    """The best figures of one process, and of two."""
    list(nlp.pipe(texts[:1000]))
    found = []
    for processes in (1, 2):
        runs = [run(nlp, texts, processes) for _ in range(repeats)]
        found.append(
            Run(
                max(each.steady for each in runs),
                max(each.whole for each in runs),
                min(each.parent for each in runs),
                min(each.together for each in runs),
            )
        )
    return found[0], found[1]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=3)
    check_threads()
    sentences = read_sentences("train", 300)
    texts = ewt_texts("train")
    texts = texts[:2000] if options.quick else (texts * 3)[:30000]
    repeats = 1 if options.quick else options.repeats
    one, two = measured(tagger(OURS, sentences, seed=0), texts, repeats)
    their_one = their_two = None
    if has_spacy():
        their_one, their_two = measured(tagger(Side("spacy"), sentences, seed=0), texts, repeats)

    def row(name: str, mine: Run, theirs: Run | None, what: str, unit: str) -> Row:
        peer = None if theirs is None else getattr(theirs, what)
        return Row(name, getattr(mine, what), peer, unit, higher_is_better=unit == "tokens/s")

    rows = [
        row("one process", one, their_one, "steady", "tokens/s"),
        row("two processes, steady", two, their_two, "steady", "tokens/s"),
        row("two processes, with start", two, their_two, "whole", "tokens/s"),
        Row(
            "ours: two beside one, steady (peer: one)",
            two.steady,
            one.steady,
            "tokens/s",
            higher_is_better=True,
            goal=GOAL,
        ),
        row("CPU of one process", one, their_one, "together", "CPU µs/token"),
        row("CPU of two and their parent", two, their_two, "together", "CPU µs/token"),
        row("CPU of the parent of two", two, their_two, "parent", "CPU µs/token"),
    ]
    report(rows, f"Processes: {len(texts):,} texts", options.json)


if __name__ == "__main__":
    main()
