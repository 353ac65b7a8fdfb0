"""What the benchmarks share: CPU time medians, the thread check, and the table of ratios.

A benchmark builds a list of :class:`Row` and hands it to :func:`report`. Times are CPU seconds of
this process, since the wall clock of a shared machine says little; compare ratios measured in one
run, ours beside spaCy's, on one BLAS thread.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import importlib.util
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = [
    "EWT",
    "Row",
    "arguments",
    "check_threads",
    "cpu_median",
    "cpu_time",
    "ewt_file",
    "ewt_texts",
    "has_spacy",
    "read_lines",
    "report",
]

ROOT = Path(__file__).resolve().parent.parent
#: Folder with the whole UD English EWT (``train.conllu``, ``dev.conllu``, ``test.conllu``, plain or
#: gzipped), from the environment variable ``SPANLOOM_EWT``; the sample in ``examples/data`` else.
EWT = Path(os.environ.get("SPANLOOM_EWT", ROOT / "examples" / "data"))


@dataclass(frozen=True)
class Row:
    """One figure: ours, the peer's (``None`` where it has no counterpart) and the aim.

    ``unit`` says what is counted. With ``higher_is_better`` the ratio is ours over the peer's, else
    the peer's over ours, so that above 1 always means ours is better. ``goal`` is the least ratio
    that was promised; ``None`` promises nothing.
    """

    name: str
    ours: float
    peer: float | None = None
    unit: str = "CPU s"
    higher_is_better: bool = False
    goal: float | None = None
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better ours is, or ``None`` without a peer."""
        if not self.peer or not self.ours:
            return None
        return self.ours / self.peer if self.higher_is_better else self.peer / self.ours

    @property
    def holds(self) -> bool | None:
        """Whether what was promised is reached, ``None`` where nothing was."""
        if self.limit is not None and self.ours > self.limit:
            return False
        if self.goal is None or self.ratio is None:
            return None if self.limit is None else True
        return self.ratio >= self.goal

    @property
    def promise(self) -> str:
        """What was promised, as text."""
        goal = [f"{self.goal:g}x"] if self.goal is not None else []
        return ", ".join(goal + ([f"<= {self.limit:g}"] if self.limit is not None else []))


def check_threads() -> None:
    """Stop unless one BLAS thread is set: more threads measure the machine's other load."""
    if os.environ.get("OMP_NUM_THREADS") != "1":
        sys.exit(
            "Set one BLAS thread first, since figures with more depend on what else is running:\n"
            f"  OMP_NUM_THREADS=1 {Path(sys.executable).name} {' '.join(sys.argv)}"
        )


def cpu_time(function: Callable[[], Any]) -> float:
    """CPU seconds that one call takes, garbage collection held off while it runs."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        start = time.process_time()
        function()
        return time.process_time() - start
    finally:
        if enabled:
            gc.enable()


def cpu_median(
    function: Callable[[], Any],
    repeats: int = 5,
    *,
    warm_up: int = 1,
    setup: Callable[[], Any] | None = None,
) -> float:
    """Median CPU seconds of ``repeats`` calls of ``function``, after ``warm_up`` calls that don't
    count. ``setup`` runs before each call and isn't timed."""
    times = []
    for turn in range(warm_up + repeats):
        if setup is not None:
            setup()
        seconds = cpu_time(function)
        if turn >= warm_up:
            times.append(seconds)
    return statistics.median(times)


def has_spacy() -> bool:
    """Whether spaCy is installed beside us; without it the tables show our figures alone."""
    return importlib.util.find_spec("spacy") is not None


def arguments(description: str | None, **defaults: Any) -> argparse.Namespace:
    """Command line of a benchmark: ``--json FILE``, ``--quick``, and one option for each keyword
    (``repeats=5`` gives ``--repeats``)."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    parser.add_argument("--quick", action="store_true", help="a small run, to see that it works")
    for name, value in defaults.items():
        kind = type(value) if value is not None else str
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=value)
    return parser.parse_args()


def ewt_file(part: str) -> Path:
    """Path of the EWT file of ``part`` ("train", "dev" or "test"), plain or gzipped."""
    for name in (f"{part}.conllu", f"{part}.conllu.gz"):
        if (EWT / name).exists():
            return EWT / name
    sys.exit(f"No {part}.conllu or {part}.conllu.gz in {EWT}: set SPANLOOM_EWT to its folder.")


def read_lines(path: Path) -> Iterator[str]:
    """Lines of a text file, gunzipped where its name ends in ``.gz``, without their ends."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n")


def ewt_texts(part: str = "dev", limit: int | None = None) -> list[str]:
    """Raw sentences of ``part`` (its ``# text =`` lines), the first ``limit`` of them."""
    mark = "# text = "
    texts = [line[len(mark) :] for line in read_lines(ewt_file(part)) if line.startswith(mark)]
    return texts[:limit]


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in ("spanloom", "spacy", "thinc", "numpy", "torch"):
        if importlib.util.find_spec(name) is not None:
            found[name] = version(name)
    return found


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:#.3g}"


def report(
    rows: list[Row],
    title: str = "",
    json_path: Path | None = None,
    sides: tuple[str, str] = ("ours", "spaCy"),
) -> None:
    """Print ``rows`` as a table with ratios, and write them to ``json_path`` where given. ``sides``
    are the headings of the two columns."""
    environment = _environment()
    caption = ", ".join(f"{name} {value}" for name, value in environment.items())
    table = Table(
        title=title or None, caption=caption, title_justify="left", caption_justify="left"
    )
    table.add_column("figure")
    for heading in (*sides, "unit", "times better", "aim", "holds"):
        table.add_column(heading, justify="left" if heading == "unit" else "right")
    verdicts = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}
    for row in rows:
        table.add_row(
            row.name,
            _number(row.ours),
            _number(row.peer),
            row.unit,
            _number(row.ratio) if row.ratio is not None else "",
            row.promise,
            verdicts[row.holds],
        )
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    if json_path is not None:
        content = {
            "title": title,
            "environment": environment,
            "rows": [asdict(row) | {"ratio": row.ratio, "holds": row.holds} for row in rows],
        }
        json_path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
