"""Showing and recording a run: a table, ``log.jsonl``, and the curve."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import IO, Any

from spanloom.errors import SpanloomError
from spanloom.io.files import json_text, write_bytes, write_text
from spanloom.training import History, Limits, Progress, StepResult
from spanloom.training.table import Table

__all__ = ["LossTable", "loss_rows", "plot_losses", "write_log"]

_BLUE, _RED = "#0072B2", "#D55E00"


def loss_rows(history: History) -> list[dict[str, Any]]:
    """What was measured, a row for each time. ``loss`` is the mean over the masked words since the
    row before, ``held_out`` that on held-out text."""
    return [
        {
            "epoch": step.epoch,
            "step": step.step,
            "words": step.words,
            "seconds": round(step.seconds, 3),
            **(step.scores or {}),
            "is_best": step.is_best,
        }
        for step in history.evaluations
    ]


def write_log(path: Path, history: History) -> None:
    """Write a line of JSON for each row."""
    write_text(path, "".join(f"{json_text(row)}\n" for row in loss_rows(history)))


class LossTable:
    """A row for each evaluation, with the time that is left."""

    def __init__(self, stdout: IO[str], limits: Limits, progress: Progress) -> None:
        self.limits = limits
        self.table = Table(stdout, limit=limits.max_steps, step=progress.step)
        self.start = self.before = (progress.step, progress.words, progress.seconds)
        self.epoch_steps = 0
        self._epoch_start = progress.step - progress.epoch_steps

    def add(self, step: StepResult) -> None:
        """Count a step, and show it if it was evaluated."""
        self.table.advance()
        if step.epoch_ended:
            self.epoch_steps = step.step - self._epoch_start
            self._epoch_start = step.step
        if step.scores is None:
            return
        _, words, seconds = self.before
        took = step.seconds - seconds
        self.table.add(
            {
                "E": str(step.epoch),
                "#": str(step.step),
                "WORDS": str(step.words),
                "WORDS/S": f"{(step.words - words) / took:.0f}" if took else "",
                "LOSS": _number(step.scores["loss"]),
                "HELD-OUT": _number(step.scores["held_out"]),
                "LEFT": self._left(step),
                "": "*" if step.is_best else "",
            }
        )
        self.before = (step.step, step.words, step.seconds)

    def close(self) -> None:
        """Take the progress bar away."""
        self.table.close()

    def _left(self, step: StepResult) -> str:
        """The time until the last step, if patience doesn't end the run before."""
        limits = [self.limits.max_steps] if self.limits.max_steps else []
        if self.limits.max_epochs and self.epoch_steps:
            limits.append(self.limits.max_epochs * self.epoch_steps)
        first, _, seconds = self.start
        done = step.step - first
        if not limits or not done:
            return "-"
        left = (min(limits) - step.step) * (step.seconds - seconds) / done
        hours, rest = divmod(max(0, round(left)), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def plot_losses(path: str | Path, history: History, title: str = "Pretraining") -> Path:
    """Draw the losses over the words that were read into a PNG file. Raises
    :class:`SpanloomError` where matplotlib isn't installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise SpanloomError(
            "Drawing the curve needs matplotlib, which isn't installed: pip install "
            "'spanloom-pretrain[plot]'"
        ) from None
    figure: Any = Figure(figsize=(8.4, 4.6), layout="constrained")
    axes = figure.subplots()
    rows = loss_rows(history)
    words = [row["words"] / 1e6 for row in rows]
    for key, name, color, marker in (
        ("loss", "training", _BLUE, "o"),
        ("held_out", "held out", _RED, "s"),
    ):
        values = [row[key] for row in rows]
        if any(value is not None for value in values):
            axes.plot(words, values, label=name, color=color, marker=marker, markersize=4)
    best = history.best
    if best is not None:
        axes.axvline(best.words / 1e6, color="#888888", linewidth=1, linestyle=":", zorder=0)
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
    axes.set_xlabel("million words")
    axes.set_ylabel("mean loss of a masked word")
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    write_bytes(path, picture.getvalue())
    return Path(path)
