"""Run spaCy's own tests on Spanloom: ``python tests/peer/run.py FOLDER [arguments of pytest]``.

FOLDER is ``spacy/tests`` of its wheel, which is installed anywhere without what it needs, so that
``import spacy`` means the folder ``shim``. Without arguments all is run, and each line of
``differences.toml`` must be true.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PARTS = (
    "doc",
    "matcher",
    "tokenizer",
    "serialize",
    "pipeline",
    "training",
    "parser",
    "test_language.py",
)
LANGUAGES = ("lang/test_lemmatizers.py", "lang/*/test_noun_chunks.py")
HERE = Path(__file__).resolve().parent


def main(folder: str, *arguments: str) -> int:
    """Run pytest in that folder; returns its exit code."""
    tests = Path(folder).resolve()
    path = [str(HERE / "shim"), str(HERE), os.environ.get("PYTHONPATH", "")]
    env = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "SPANLOOM_PEER_TESTS": str(tests),
        "SPANLOOM_PEER_WHOLE": "" if arguments else "1",
    }
    settings = ["-p", "peer", "-p", "no:cacheprovider", "-c", os.devnull, "-q", "-n", "2"]
    languages = [str(path) for part in LANGUAGES for path in sorted(tests.glob(part))]
    # Appended: before the tests' own folder, where spaCy itself is, stands the shim.
    settings += ["--import-mode=append", "--rootdir", str(tests), "--confcutdir", str(tests)]
    command = [sys.executable, "-m", "pytest", *settings, *PARTS, *languages, *arguments]
    return subprocess.run(command, cwd=tests, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
