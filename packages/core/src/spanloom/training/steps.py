"""The loop of steps that training and pretraining share.

It neither prints nor saves. Whoever iterates over it does that, with what a step says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol, TypeVar

from ..errors import TrainingError
from .progress import Limits, Progress

__all__ = ["StepResult", "Trainer", "run_steps", "with_next"]

Batch = TypeVar("Batch")
Item = TypeVar("Item")


@dataclass(frozen=True)
class StepResult:
    """What one step did.

    ``step`` counts from 1, ``epoch`` from 0; ``epoch_ended`` says whether the step was the last of
    its epoch. ``words`` and ``seconds`` are totals since the start. ``losses`` are sums since the
    last evaluation: by component in training; in pretraining, ``loss`` and the number of words
    that were ``masked``. After an evaluation, ``scores`` holds all scores, ``score`` the one that
    counts, and ``is_best`` says whether it is the highest so far; otherwise the three are ``None``.
    ``problem`` says why the step couldn't be taken: nothing was changed then, and asking for
    another step raises :class:`TrainingError`.
    """

    step: int
    epoch: int
    words: int
    seconds: float
    losses: Mapping[str, float]
    score: float | None = None
    scores: Mapping[str, Any] | None = None
    is_best: bool | None = None
    problem: str | None = None
    epoch_ended: bool = False

    @property
    def evaluated(self) -> bool:
        """Whether scores were measured after this step."""
        return self.scores is not None


class Trainer(Protocol[Batch]):
    """What a step does, and how it is scored."""

    def batches(self, progress: Progress) -> Iterator[tuple[int, Batch, bool]]:
        """The batches after ``progress``, each with its epoch, and whether it is the last of it."""

    def words(self, batch: Batch) -> int:
        """How many words a batch has."""

    def update(self, batch: Batch, step: int, epoch: int, losses: dict[str, float]) -> str | None:
        """Take a step, and add its losses to ``losses``. Returns why it couldn't be taken."""

    def evaluate(self, losses: Mapping[str, float]) -> tuple[float, Mapping[str, Any]]:
        """The score that counts, the higher the better, and all scores. ``losses`` are the sums
        since the last evaluation."""


def run_steps(trainer: Trainer[Batch], limits: Limits, progress: Progress) -> Iterator[StepResult]:
    """Take steps until a limit is reached. Every ``eval_frequency`` steps, and after the last one,
    the scores are measured. ``progress`` is kept up to date; steps go on from where it is.

    Raises :class:`TrainingError` after a step that couldn't be taken, and what ``trainer`` raises.
    """
    if progress.is_over(limits):
        return
    batches = trainer.batches(progress)
    start = perf_counter() - progress.seconds
    for step, (epoch, batch, ended) in enumerate(batches, progress.step + 1):
        problem = trainer.update(batch, step, epoch, progress.losses)
        if problem is not None:
            seconds, losses = perf_counter() - start, dict(progress.losses)
            yield StepResult(step, epoch, progress.words, seconds, losses, problem=problem)
            raise TrainingError(problem)
        last = step == limits.max_steps or (ended and epoch + 1 == limits.max_epochs)
        score: float | None = None
        scores: Mapping[str, Any] | None = None
        if last or step % limits.eval_frequency == 0:
            score, scores = trainer.evaluate(progress.losses)
        is_best = None if score is None else score > progress.best
        progress.take(step, epoch, trainer.words(batch), perf_counter() - start)
        losses = dict(progress.losses)
        if score is not None:
            progress.losses = {}
        if score is not None and is_best:
            progress.best, progress.best_step = score, step
        words, seconds = progress.words, progress.seconds
        yield StepResult(
            step, epoch, words, seconds, losses, score, scores, is_best, epoch_ended=ended
        )
        if last or progress.is_over(limits):
            return


def with_next(items: Iterator[Item]) -> Iterator[tuple[Item, Item | None]]:
    """Each item, and the one after it; ``None`` after the last one."""
    before = next(items, None)
    while before is not None:
        after = next(items, None)
        yield before, after
        before = after
