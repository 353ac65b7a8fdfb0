"""Peak memory of training a shared layer, a tagger and a parser on EWT, beside spaCy.

Each side trains in a process of its own, on the settings of ``parsing.py``; what is measured is the
largest resident size of the process, examples included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys

from common import Row, arguments, check_threads, has_spacy, report


def train_one(name: str, steps: int) -> None:
    """Train on one side and print the peak in megabytes."""
    from parsing import measure, read_trees
    from sides import Side, train

    side = Side(name)
    nlp = side.pipeline(0, "en", "tagger", "parser")
    parts = {
        part: [side.example(nlp, None, **tree) for tree in read_trees(part)]
        for part in ("train", "dev")
    }
    train(nlp, parts["train"], parts["dev"], steps=steps, seed=0, every=steps, measure=measure)
    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, steps=100, side="")
    check_threads()
    if options.side:
        train_one(options.side, options.steps)
        return
    steps = 5 if options.quick else options.steps
    peaks = [
        float(
            subprocess.check_output(
                [sys.executable, __file__, "--side", name, "--steps", str(steps)]
            )
        )
        for name in ["spanloom", *(["spacy"] if has_spacy() else [])]
    ]
    peer = peaks[1] if len(peaks) > 1 else None
    rows = [Row("peak memory of training", peaks[0], peer, "MB", goal=1.0)]
    report(rows, f"Tagger and parser, {steps} steps", options.json)


if __name__ == "__main__":
    main()
