"""What it costs to start: importing the library and asking the command line for help.

CPU seconds of a new process (user and system), median; a bare Python's are taken off for the
imports. With torch installed the difference is larger, since spaCy's import loads it.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

from common import Row, arguments, check_threads, has_spacy, report


def child_seconds(command: list[str], repeats: int) -> float:
    """Median CPU seconds of running ``command``, after one run that fills the disk cache."""
    times = []
    for turn in range(repeats + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if turn:
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=11)
    check_threads()
    repeats = 2 if options.quick else options.repeats

    def python(code: str) -> float:
        return child_seconds([sys.executable, "-c", code], repeats)

    def command(name: str) -> float:
        return child_seconds([str(Path(sys.executable).with_name(name)), "--help"], repeats)

    spacy = has_spacy()
    bare = python("pass")
    imported = Row(
        "import, over bare Python",
        python("import spanloom") - bare,
        python("import spacy") - bare if spacy else None,
        limit=0.08,
    )
    listing = Row(
        "spanloom plugins list",
        child_seconds(
            [str(Path(sys.executable).with_name("spanloom")), "plugins", "list"], repeats
        ),
    )
    helped = Row("--help", command("spanloom"), command("spacy") if spacy else None, limit=0.4)
    blank = Row(
        "blank('en') and one sentence, over bare Python",
        python("import spanloom; spanloom.blank('en')('Hello there.')") - bare,
        python("import spacy; spacy.blank('en')('Hello there.')") - bare if spacy else None,
    )
    report([imported, helped, listing, blank], "Start", options.json)


if __name__ == "__main__":
    main()
