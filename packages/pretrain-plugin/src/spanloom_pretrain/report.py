"""Showing and recording a run: a table, ``log.jsonl``, and the curve."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from spanloom.errors import SpanloomError
from spanloom.io.files import write_bytes, write_text

from .loop import Position, PretrainStep
from .settings import Settings

__all__ = ["History", "Table", "plot_losses"]

_COLUMNS = (("E", 4), ("#", 7), ("WORDS", 10), ("WORDS/S", 8), ("LOSS", 8), ("HELD-OUT", 9))
_BLUE, _RED = "#0072B2", "#D55E00"


@dataclass
class History:
    """The evaluations of a run; with ``path``, a line of JSON is written for each at once."""

    path: Path | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    def load(self, step: int) -> None:
        """Take up the lines of a run that goes on after ``step`` steps; later ones are dropped."""
        if self.path is not None and self.path.is_file():
            lines = self.path.read_text(encoding="utf8").splitlines()
            rows = [json.loads(line) for line in lines]
            self.rows = [row for row in rows if row["step"] <= step]
        self.write()

    def write(self) -> None:
        """Write all lines anew."""
        if self.path is not None:
            write_text(self.path, "".join(json.dumps(row) + "\n" for row in self.rows))

    def add(self, step: PretrainStep) -> None:
        """Take note of an evaluation."""
        position = step.position
        row = {
            "epoch": position.epoch,
            "step": position.step,
            "words": position.words,
            "seconds": round(position.seconds, 3),
            "loss": step.training,
            "held_out": step.held_out,
            "is_best": step.is_best,
        }
        self.rows.append(row)
        if self.path is not None:
            with open(self.path, "a", encoding="utf8") as file:
                file.write(json.dumps(row) + "\n")

    @property
    def best(self) -> dict[str, Any] | None:
        """The last evaluation that was the best so far."""
        return next((row for row in reversed(self.rows) if row["is_best"]), None)


class Table:
    """A row for each evaluation, with the time that is left."""

    def __init__(self, stdout: IO[str], settings: Settings, start: Position) -> None:
        self.stdout = stdout
        self.settings = settings
        self.start = start
        self.before = start
        self.epoch_steps = 0
        self._epoch_start = start.step - start.batch
        self._titled = False

    def add(self, step: PretrainStep) -> None:
        """Show a step, if it was evaluated."""
        if step.epoch_ended:
            self.epoch_steps = step.position.step - self._epoch_start
            self._epoch_start = step.position.step
        if not step.evaluated:
            return
        if not self._titled:
            self._write([name for name, _ in _COLUMNS], "LEFT")
            self._titled = True
        position, before = step.position, self.before
        seconds = position.seconds - before.seconds
        cells = [
            str(position.epoch),
            str(position.step),
            str(position.words),
            f"{(position.words - before.words) / seconds:.0f}" if seconds else "",
            _number(step.training),
            _number(step.held_out),
        ]
        self._write(cells, self._left(position) + ("  *" if step.is_best else ""))
        self.before = position

    def _left(self, position: Position) -> str:
        """The time until the last step, if patience doesn't end the run before."""
        limits = [self.settings.max_steps] if self.settings.max_steps else []
        if self.settings.max_epochs and self.epoch_steps:
            limits.append(self.settings.max_epochs * self.epoch_steps)
        done = position.step - self.start.step
        if not limits or not done:
            return "-"
        pace = (position.seconds - self.start.seconds) / done
        seconds = max(0, round((min(limits) - position.step) * pace))
        hours, rest = divmod(seconds, 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"

    def _write(self, cells: list[str], last: str) -> None:
        line = "  ".join(cell.rjust(width) for cell, (_, width) in zip(cells, _COLUMNS))
        print(f"{line}  {last}", file=self.stdout, flush=True)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def plot_losses(path: str | Path, history: History, title: str = "Pretraining") -> Path:
    """Draw the losses over the words that were read into a PNG file. Raises
    :class:`SpanloomError` where matplotlib isn't installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise SpanloomError(
            "The curve is drawn with matplotlib, which is not installed: "
            "pip install 'spanloom-pretrain[plot]'"
        ) from None
    figure: Any = Figure(figsize=(8.4, 4.6), layout="constrained")
    axes = figure.subplots()
    words = [row["words"] / 1e6 for row in history.rows]
    for key, name, color, marker in (
        ("loss", "training", _BLUE, "o"),
        ("held_out", "held out", _RED, "s"),
    ):
        values = [row[key] for row in history.rows]
        if any(value is not None for value in values):
            axes.plot(words, values, label=name, color=color, marker=marker, markersize=4)
    best = history.best
    if best is not None:
        axes.axvline(best["words"] / 1e6, color="#888888", linewidth=1, linestyle=":", zorder=0)
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
