"""A table that grows while a run goes on, and a progress bar below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Table"]

#: The least widths of columns; others have at least ``_WIDTH``.
_WIDTHS = {"E": 3, "#": 6, "WORDS": 10, "WORDS/S": 7, "": 1}
_WIDTH = 8


class Table:
    """Rows of an aligned table, and a progress bar where ``stdout`` is a terminal. The titles are
    those of the first row. ``limit`` is the last step, 0 if it isn't known, and ``step`` the one
    before the first."""

    def __init__(
        self, stdout: IO[str], *, limit: int = 0, step: int = 0, progress_bar: bool = True
    ) -> None:
        self.stdout = stdout
        self.progress: Progress | None = None
        self._widths: list[int] = []
        if progress_bar and stdout.isatty():
            self._start(limit, step)

    def _start(self, limit: int, step: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:.0f}" + (f"/{limit}" if limit else "")),
            TimeElapsedColumn(),
            console=Console(file=self.stdout),
            transient=True,
        )
        self._bar = self.progress.add_task("step", total=limit or None, completed=step)
        self.progress.start()

    def advance(self) -> None:
        """Move the bar by a step."""
        if self.progress is not None:
            self.progress.advance(self._bar)

    def add(self, row: Mapping[str, str]) -> None:
        """Write a row of cells by their titles."""
        if not self._widths:
            self._widths = [max(len(title), _WIDTHS.get(title, _WIDTH)) for title in row]
            self._write(list(row))
            self._write(["-" * width for width in self._widths])
        self._write(list(row.values()))

    def _write(self, cells: list[str]) -> None:
        line = "  ".join(cell.rjust(width) for cell, width in zip(cells, self._widths))
        if self.progress is not None:
            self.progress.console.print(line, highlight=False, markup=False, soft_wrap=True)
        else:
            print(line, file=self.stdout, flush=True)

    def close(self) -> None:
        """Take the bar away."""
        if self.progress is not None:
            self.progress.stop()
