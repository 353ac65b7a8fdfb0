"""Word vectors: conversion, opening, nearest words; ours beside spaCy and gensim.

The table is made here: 200,000 words of 300 dimensions as text, with five decimals (440 MB, in a
temporary folder). Needs spanloom-vectors; gensim and usearch are measured where they are installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from common import Row, arguments, check_threads, cpu_median, cpu_time, has_spacy, report

#: The word-similarity sets and GloVe sample, where the checkout has them beside it.
DATA = Path(os.environ.get("SPANLOOM_VECTORS", Path(__file__).parents[2] / "shared" / "data"))
FIGURES = {"ws353": 0.43, "rg65": 0.46, "mturk287": 0.58}


def write_vectors(path: Path, words: int, width: int) -> None:
    """Vectors in word2vec's text format, from normal numbers around 64 centres."""
    rng = np.random.default_rng(0)
    # Each number takes eight bytes: 0.12345 or -0.1234, and a space.
    numbers = [f"{i / 1e5:.5f} " if i >= 0 else f"{i / 1e5:.4f} " for i in range(-99999, 100000)]
    text = np.array(numbers, dtype="S8")
    centres = rng.normal(size=(64, width)) * 0.15
    with path.open("wb") as file:
        file.write(f"{words} {width}\n".encode())
        for start in range(0, words, 10000):
            count = min(10000, words - start)
            rows = centres[rng.integers(0, 64, count)] + rng.normal(size=(count, width)) * 0.2
            chosen = text[np.clip(np.rint(rows * 1e5), -99999, 99999).astype(np.int64) + 99999]
            for i, row in enumerate(chosen, start):
                file.write(b"word%d " % i + row.tobytes()[:-1] + b"\n")


def child(*command: str) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of running a command."""
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def rate(function: Callable[[], Any], count: int) -> float:
    """Queries per CPU second."""
    return count / max(cpu_time(function), 1e-9)


def conversion(source: Path, ours: Path, theirs: Path) -> list[Row]:
    """Text to a loadable folder, as a command."""
    code = "from spanloom.cli import main; main()"
    seconds, memory = child("-c", code, "init", "vectors", "en", str(source), str(ours))
    peer: tuple[float | None, float | None] = (None, None)
    if has_spacy():
        peer = child("-m", "spacy", "init", "vectors", "en", str(source), str(theirs))
    return [
        Row("init vectors", seconds, peer[0], goal=3),
        Row("init vectors, peak memory", memory, peer[1], unit="MB", goal=3),
    ]


def opening(ours: Path, theirs: Path, table: Any) -> list[Row]:
    """From the folder to the vector of a word."""
    import spanloom
    from spanloom_vectors import open_vectors

    peer = None
    if has_spacy():
        import spacy

        peer = cpu_time(lambda: spacy.load(theirs).vocab["word77"].vector)
    opened = cpu_median(lambda: open_vectors(ours)["word77"])
    return [
        Row("open, and the vector of a word", opened, peer, goal=50),
        Row("load the pipeline", cpu_median(lambda: spanloom.load(ours)), peer),
    ]


def searching(theirs: Path, table: Any, count: int, quick: bool) -> list[Row]:
    """Nearest ten words."""
    words = [f"word{i * 7}" for i in range(count)]
    single, few = words[: count // 10], words[: count // 20]
    table.most_similar(words[0])
    batch = rate(lambda: table.most_similar(words), count)
    alone = rate(lambda: [table.most_similar(word) for word in single], len(single))
    spacy_rate = gensim_rate = index_rate = None
    if has_spacy():
        import spacy

        vectors = spacy.load(theirs).vocab.vectors
        queries = np.stack([table[word] for word in words[: count // 4]])
        spacy_rate = rate(lambda: vectors.most_similar(queries, n=10, batch_size=256), len(queries))
    if find_spec("gensim") is not None:
        from spanloom_vectors import to_gensim

        keyed = to_gensim(table.source())
        keyed.most_similar(words[0])
        gensim_rate = rate(lambda: [keyed.most_similar(word) for word in few], len(few))
    unit = "queries / CPU s"
    rows = [
        Row(f"nearest words, {count} queries in one call", batch, spacy_rate, unit, True, 5),
        Row("the same, beside gensim one by one", batch, gensim_rate, unit, True, 10),
        Row("nearest words one by one, exact; beside gensim", alone, gensim_rate, unit, True),
    ]
    if find_spec("usearch") is not None and not quick:
        from spanloom_vectors import Index

        index = Index(table, threads=1)
        index_rate = rate(lambda: [index.most_similar(word) for word in words], count)
        exact, found = table.most_similar(single), index.most_similar(single)
        hits = sum(len(dict(a).keys() & dict(b).keys()) for a, b in zip(exact, found, strict=True))
        recall = 100 * hits / sum(map(len, exact))
        name = f"one by one, by an index (recall {recall:.0f} %); beside gensim"
        rows.append(Row(name, index_rate, gensim_rate, unit, True, 20))
    return rows


def judgements() -> list[Row]:
    """Correlations with human judgements, beside the known ones."""
    from spanloom_vectors import evaluate_similarity, read_vectors

    glove = DATA / "vectors" / "glove_twitter_25d_12k.txt.gz"
    if not glove.exists():
        return []
    table = read_vectors(glove)
    rows = []
    for name, known in FIGURES.items():
        found = evaluate_similarity(table, DATA / "wordsim" / f"{name}.tsv").correlation
        rows.append(
            Row(f"{name}, beside the known figure", found, known, "correlation", True, 0.98)
        )
    return rows


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, words=200_000, width=300, queries=1000)
    check_threads()
    words = 5000 if options.quick else options.words
    width = 50 if options.quick else options.width
    count = 100 if options.quick else options.queries
    with tempfile.TemporaryDirectory() as folder:
        from spanloom_vectors import open_vectors

        source, ours, theirs = (Path(folder) / name for name in ("text.txt", "ours", "theirs"))
        # In another process: the memory of one's parent counts as that of a command.
        make = get_context("spawn").Process(target=write_vectors, args=(source, words, width))
        make.start()
        make.join()
        rows = conversion(source, ours, theirs)
        table = open_vectors(ours)
        rows += opening(ours, theirs, table)
        rows += searching(theirs, table, count, options.quick)
    rows += judgements()
    report(rows, "Word vectors", options.json)


if __name__ == "__main__":
    main()
