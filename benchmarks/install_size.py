"""What an installation takes: packages and bytes, beside spaCy's.

Each side is installed by pip into a fresh environment, with whatever index pip is set up to use.
Core is built from this checkout. What the environment had before (pip itself) isn't counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from common import Row, arguments, report

ROOT = Path(__file__).resolve().parent.parent

_COUNT = """
import json, sysconfig
from importlib.metadata import distributions
from pathlib import Path
folder = Path(sysconfig.get_path("purelib"))
files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
print(json.dumps([len(list(distributions())), sum(path.stat().st_size for path in files)]))
"""


def measured(python: Path) -> tuple[int, int]:
    """Distributions, and bytes without compiled caches, in an environment."""
    done = subprocess.run([python, "-c", _COUNT], capture_output=True, text=True, check=True)
    count, size = json.loads(done.stdout)
    return count, size


def added(what: str, folder: Path) -> tuple[int, int]:
    """Packages and bytes that installing ``what`` adds to a fresh environment."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    before = measured(python)
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-compile", what], check=True)
    after = measured(python)
    return after[0] - before[0], after[1] - before[1]


def wheel(folder: Path) -> str:
    """The path of core's wheel, built from this checkout."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder)]
    subprocess.run([*command, str(ROOT / "packages" / "core")], check=True)
    (path,) = folder.glob("spanloom-*.whl")
    return str(path)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = added(wheel(folder), folder / "ours")
        theirs = (None, None) if options.quick else added("spacy>=3.8,<3.9", folder / "theirs")
    sizes = [None if size is None else size / 1e6 for size in (ours[1], theirs[1])]
    rows = [
        Row("packages that are installed", ours[0], theirs[0], unit="packages"),
        Row("size of what is installed", sizes[0], sizes[1], unit="MB"),
    ]
    report(rows, "Installation", options.json)


if __name__ == "__main__":
    main()
