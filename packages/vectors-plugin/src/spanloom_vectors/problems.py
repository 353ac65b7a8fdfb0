"""What was wrong with the lines of a file that was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from spanloom.errors import DataError, FormatError

__all__ = ["Policy", "Problem", "Problems"]

Policy = Literal["error", "skip"]

#: Examples kept of each kind of problem; all are counted.
_KEPT = 10


@dataclass(frozen=True)
class Problem:
    """One line (or entry, in binary files, from 1) and what is wrong with it."""

    kind: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass
class Problems:
    """Collects problems while a file is read.

    With the policy ``"error"`` the first one raises :class:`~spanloom.errors.FormatError`, with
    ``"skip"`` the line is left out. ``counts`` says how many there were of each kind (``short``,
    ``duplicate``, ``undecodable``, ``number``, ``empty``); ``examples`` holds the first of each.
    """

    path: Path
    policy: Policy = "skip"
    counts: dict[str, int] = field(default_factory=dict)
    examples: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.policy not in ("error", "skip"):
            raise DataError(f"policy {self.policy!r} for bad lines: use 'error' or 'skip'")

    def add(self, kind: str, line: int, message: str) -> None:
        """Count a problem, or raise it."""
        if self.policy == "error":
            raise FormatError(self.path, line, f"{message} (policy 'skip' leaves such lines out)")
        count = self.counts[kind] = self.counts.get(kind, 0) + 1
        if count <= _KEPT:
            self.examples.append(Problem(kind, line, message))

    def undecodable(self, line: int, word: bytes) -> None:
        """Count, or raise, a word that can't be decoded."""
        hint = "if the file is in another encoding, name it (--encoding)"
        self.add("undecodable", line, f"the word {word!r} isn't valid UTF-8: {hint}")

    @property
    def total(self) -> int:
        """How many lines were left out."""
        return sum(self.counts.values())
