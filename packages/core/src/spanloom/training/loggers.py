"""Showing and recording progress.

A logger, as configs name it, is a function ``(nlp, stdout, stderr)`` that returns two functions:
one that is called after each step, with a dict after an evaluation and with ``None`` else, and one
that is called at the end. That is spaCy's interface, so its loggers work too. The dict has
``epoch``, ``step``, ``score``, ``other_scores``, ``losses``, ``checkpoints``, ``seconds`` and
``words``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..io.files import json_text, write_text

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..pipeline import Pipeline

__all__ = [
    "Logger",
    "console_logger",
    "jsonl_logger",
]

LogStep = Callable[[dict[str, Any] | None], None]
Logger = Callable[["Pipeline", IO[str], IO[str]], tuple[LogStep, Callable[[], None]]]


def console_logger(
    progress_bar: bool = True,
    console_output: bool = True,
    output_file: str | Path | None = None,
) -> Logger:
    """Logger ``spanloom.ConsoleLogger.v1``: a row of losses and scores for each evaluation, and a
    progress bar while the terminal is one. ``output_file`` also takes each row, as JSON lines."""

    def setup(
        nlp: Pipeline, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr
    ) -> tuple[LogStep, Callable[[], None]]:
        parts: list[tuple[LogStep, Callable[[], None]]] = []
        if console_output:
            table = _Table(nlp, stdout, progress_bar)
            parts.append((table.step, table.close))
        if output_file is not None:
            parts.append(jsonl_logger(output_file)(nlp, stdout, stderr))

        def log_step(info: dict[str, Any] | None) -> None:
            for step, _ in parts:
                step(info)

        def finalize() -> None:
            for _, close in parts:
                close()

        return log_step, finalize

    return setup


def jsonl_logger(path: str | Path) -> Logger:
    """Logger ``spanloom.JsonlLogger.v1``: one line of JSON for each evaluation, written at once.

    A file that is there is replaced, but for the lines of a run that goes on: those before its
    checkpoint stay.
    """

    def setup(
        nlp: Pipeline, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr
    ) -> tuple[LogStep, Callable[[], None]]:
        file: Path | None = None

        def log_step(info: dict[str, Any] | None) -> None:
            nonlocal file
            if info is None:
                return
            if file is None:
                file = Path(path)
                write_text(file, "".join(_lines_before(file, info)))
            row = {key: value for key, value in info.items() if key != "checkpoints"}
            with file.open("a", encoding="utf8") as stream:
                stream.write(json_text(row) + "\n")

        return log_step, lambda: None

    return setup


def _lines_before(file: Path, info: Mapping[str, Any]) -> list[str]:
    """The lines of earlier evaluations of this run."""
    if not file.is_file():
        return []
    earlier = {(score, step) for score, step in info["checkpoints"][:-1]}
    lines = []
    for line in file.read_text(encoding="utf8").splitlines():
        try:
            row = json.loads(line)
            known = (row["score"], row["step"]) in earlier
        except (ValueError, TypeError, KeyError):  # the end of a line that was cut off
            continue
        if known:
            lines.append(f"{line}\n")
    return lines


class _Table:
    """Rows of an aligned table, and a progress bar below them."""

    def __init__(self, nlp: Pipeline, stdout: IO[str], progress_bar: bool) -> None:
        training = nlp.config.get("training", {})
        weights = training.get("score_weights", {})
        self.score_names = [name for name, weight in weights.items() if weight is not None]
        self.limit = int(training.get("max_steps", 0) or 0)
        self.loss_names: list[str] = []
        self.widths: list[int] = []
        self.stdout = stdout
        self.progress: Progress | None = None
        if progress_bar and stdout.isatty():
            self._start()

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f}" + (f"/{self.limit}" if self.limit else "")),
            TimeElapsedColumn(),
            console=Console(file=self.stdout),
            transient=True,
        )
        self.bar = self.progress.add_task("step", total=self.limit or None)
        self.progress.start()

    def step(self, info: dict[str, Any] | None) -> None:
        if self.progress is not None:
            self.progress.advance(self.bar)
        if info is None:
            return
        if not self.widths:
            self._header(info["losses"])
        self._write(self._cells(info))

    def _header(self, losses: Mapping[str, float]) -> None:
        self.loss_names = list(losses)
        names = ["E", "#", "WORDS/S"]
        names += [f"LOSS {name.upper()}" for name in self.loss_names]
        names += [name.upper() for name in self.score_names] + ["SCORE"]
        self.widths = [max(len(name), least) for name, least in zip(names, [3, 6, 7, *[8] * 99])]
        self._write(names)
        self._write(["-" * width for width in self.widths])

    def _cells(self, info: Mapping[str, Any]) -> list[str]:
        seconds = float(info["seconds"])
        cells = [str(info["epoch"]), str(info["step"])]
        cells.append(f"{info['words'] / seconds:.0f}" if seconds else "")
        cells += [f"{info['losses'].get(name, 0.0):.2f}" for name in self.loss_names]
        scores = info["other_scores"]
        cells += [_percent(scores.get(name)) for name in self.score_names]
        return [*cells, _percent(info["score"])]

    def _write(self, cells: list[str]) -> None:
        line = "  ".join(cell.rjust(width) for cell, width in zip(cells, self.widths))
        if self.progress is not None:
            self.progress.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            print(line, file=self.stdout, flush=True)

    def close(self) -> None:
        if self.progress is not None:
            self.progress.stop()


def _percent(value: Any) -> str:
    return f"{100 * value:.2f}" if isinstance(value, int | float) else "-"
