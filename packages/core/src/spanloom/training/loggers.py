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
from .table import Table

if TYPE_CHECKING:
    from ..pipeline import Pipeline

__all__ = ["Logger", "console_logger", "jsonl_logger"]

LogStep = Callable[[dict[str, Any] | None], None]
Log = tuple[LogStep, Callable[[], None]]
Logger = Callable[["Pipeline", IO[str], IO[str]], Log]


def console_logger(
    progress_bar: bool = True, console_output: bool = True, output_file: str | Path | None = None
) -> Logger:
    """Logger ``spanloom.ConsoleLogger.v1``: a row of losses and scores for each evaluation, and a
    progress bar while the terminal is one. ``output_file`` also takes each row, as JSON lines."""

    def setup(nlp: Pipeline, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr) -> Log:
        parts: list[Log] = []
        if console_output:
            parts.append(_table(nlp, stdout, progress_bar))
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

    def setup(nlp: Pipeline, stdout: IO[str] = sys.stdout, stderr: IO[str] = sys.stderr) -> Log:  # noqa: ARG001
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


def _table(nlp: Pipeline, stdout: IO[str], progress_bar: bool) -> Log:
    """A table of the losses, and of the scores that the config names."""
    training = nlp.config.get("training", {})
    weights = training.get("score_weights", {})
    names = [name for name, weight in weights.items() if weight is not None]
    limit = int(training.get("max_steps", 0) or 0)
    table = Table(stdout, limit=limit, progress_bar=progress_bar)
    loss_names: list[str] = []

    def log_step(info: dict[str, Any] | None) -> None:
        table.advance()
        if info is None:
            return
        if not loss_names:
            loss_names.extend(info["losses"])
        seconds, losses, scores = float(info["seconds"]), info["losses"], info["other_scores"]
        table.add(
            {
                "E": str(info["epoch"]),
                "#": str(info["step"]),
                "WORDS/S": f"{info['words'] / seconds:.0f}" if seconds else "",
                **{f"LOSS {each.upper()}": f"{losses.get(each, 0.0):.2f}" for each in loss_names},
                **{each.upper(): _percent(scores.get(each)) for each in names},
                "SCORE": _percent(info["score"]),
            }
        )

    return log_step, table.close


def _percent(value: Any) -> str:
    return f"{100 * value:.2f}" if isinstance(value, int | float) else "-"
