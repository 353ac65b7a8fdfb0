"""What happened in a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..io.files import json_text, write_text
from ..plugins.registries import registry
from .steps import StepResult

__all__ = ["History"]


@dataclass
class History:
    """The evaluations of a training run, in order; ``weights`` are the score weights."""

    weights: Mapping[str, float | None] = field(default_factory=dict)
    evaluations: list[StepResult] = field(default_factory=list)
    last: StepResult | None = None

    def add(self, result: StepResult) -> None:
        """Take note of a step."""
        self.last = result
        if result.evaluated:
            self.evaluations.append(result)

    @property
    def best(self) -> StepResult | None:
        """The first evaluation with the highest score; ``None`` before the first one."""
        return max(self.evaluations, key=lambda result: result.score or 0.0, default=None)

    def scores(self) -> dict[str, list[float]]:
        """The scores that have a weight, one value for each evaluation; 0 where one is missing."""
        names = [name for name, weight in self.weights.items() if weight]
        return {
            name: [_number((each.scores or {}).get(name)) for each in self.evaluations]
            for name in names
        }

    def losses(self) -> dict[str, list[float]]:
        """The losses between evaluations, by component."""
        names = dict.fromkeys(name for each in self.evaluations for name in each.losses)
        return {name: [each.losses.get(name, 0.0) for each in self.evaluations] for name in names}

    def to_jsonl(self, path: str | Path) -> None:
        """Write one line of JSON for each evaluation."""
        lines = [json_text(asdict(each)) for each in self.evaluations]
        write_text(path, "".join(f"{line}\n" for line in lines))

    def plot(self, path: str | Path, title: str = "Training") -> Path:
        """Draw the curves of scores and losses into a PNG file. Raises :class:`SpanloomError`
        without ``spanloom-display`` and matplotlib (``pip install 'spanloom[plot]'``)."""
        steps = [each.step for each in self.evaluations]
        best = self.best
        drawn: Path = registry.renderers.get("curve")(
            path,
            steps,
            {"score": [each.score or 0.0 for each in self.evaluations], **self.scores()},
            self.losses(),
            best_step=best.step if best else None,
            title=title,
        )
        return drawn


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
