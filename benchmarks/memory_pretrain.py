"""Memory of pretraining: the peak of a process that reads a whole corpus as ``spanloom pretrain``
does, in its random order, in batches with masks, and learns from one batch in ``--every``.

    python benchmarks/memory_pretrain.py --raw FOLDER

``--raw`` is a folder of JSON lines. Measured are its smallest file, its largest one, and all of it,
each by a process of its own. Memory is bounded by the buffer of texts and the lexicon's limit of
word types: once they are full, the peaks are about equal.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from common import Row, arguments, check_threads, read_lines, report


def read(raw: Path, every: int) -> dict[str, float]:
    """Read ``raw`` once; words, and the peak of resident memory in MB."""
    import numpy as np

    import spanloom
    from spanloom.config import fill_config, init_config
    from spanloom_pretrain import read_settings
    from spanloom_pretrain.masking import mask_words
    from spanloom_pretrain.stream import held_out_docs, training_docs
    from spanloom_pretrain.target import make_task

    config = init_config("en", ["tagger"], sections=("pretraining",))
    config["paths"]["raw"] = str(raw)
    config = fill_config(config).interpolate()
    settings = read_settings(config)
    nlp = spanloom.Pipeline.from_config(config)
    task = make_task(nlp, settings)
    rng = np.random.default_rng(0)
    held_out_docs(nlp, settings)
    words = 0
    for number, batch in enumerate(settings.make_batcher()(training_docs(nlp, settings, 0))):
        words += sum(map(len, batch))
        if number % every == 0:
            task.update(batch, rng, 0.0)
            task.model.finish_update(settings.optimizer)
        else:
            mask_words(batch, rng)
    return {"words": words, "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure(raw: Path, every: int) -> dict[str, float]:
    """:func:`read` in a process of its own."""
    command = [sys.executable, __file__, "--raw", str(raw), "--every", str(every), "--part", "1"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, raw="", every=50, part=0)
    check_threads()
    if not options.raw:
        sys.exit("Give --raw, a folder of JSON lines.")
    raw = Path(options.raw)
    if options.part:
        print(json.dumps(read(raw, options.every)))
        return
    files = sorted(raw.glob("*.jsonl*"), key=lambda path: path.stat().st_size)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        few = Path(folder) / "few.jsonl"
        few.write_text("\n".join(list(read_lines(files[0]))[:500]) + "\n", "utf8")
        parts = [few, files[0]] if options.quick else [files[0], files[-1], raw]
        for path in parts:
            found = measure(path, options.every)
            name = f"peak, {found['words'] / 1e6:.2f} million words"
            rows.append(Row(name, found["MB"], None, "MB"))
    report(rows, "Memory of pretraining", options.json)


if __name__ == "__main__":
    main()
