"""Pretraining, step by step: what a step does, and how it is scored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.errors import TrainingError
from spanloom.tokens.storage.docfile import groups
from spanloom.training import Progress, StepResult, run_steps
from spanloom.training.run import seed_everything
from spanloom.training.steps import with_next

from .settings import Settings
from .stream import held_out_docs, training_docs
from .target import make_task
from .task import PretrainingTask

if TYPE_CHECKING:
    from spanloom import Doc, Pipeline

__all__ = ["pretrain_steps"]

_EVALUATION_WORDS = 5000


def pretrain_steps(
    nlp: Pipeline,
    settings: Settings,
    *,
    task: PretrainingTask | None = None,
    progress: Progress | None = None,
) -> Iterator[StepResult]:
    """Pretrain step by step, until a limit of ``settings`` is reached.

    A step is one batch. Everything random in it follows from the seed and its number, so a run
    whose weights and optimizer were restored goes on from ``progress`` as if it had never stopped.
    ``task`` is made by :func:`~spanloom_pretrain.target.make_task` if it isn't given. The weights
    are in its model, averages in ``settings.optimizer``.

    After an evaluation, the scores are ``loss``, the mean over the masked words since the last one,
    and ``held_out``, the mean loss on held-out text (``None`` where nothing is held out). The score
    that counts is the second, or else the first, times -1.

    Raises :class:`TrainingError` for an empty corpus, a loss that isn't finite, and text that isn't
    that of the steps before.
    """
    task = task if task is not None else make_task(nlp, settings)
    progress = progress if progress is not None else Progress()
    if not progress.is_over(settings):
        yield from run_steps(_Pretraining(nlp, settings, task), settings, progress)


class _Pretraining:
    """Steps by a task on raw text, scored by its loss on what is held out."""

    def __init__(self, nlp: Pipeline, settings: Settings, task: PretrainingTask) -> None:
        self.nlp = nlp
        self.settings = settings
        self.task = task
        self.held_out = held_out_docs(nlp, settings)

    def batches(self, progress: Progress) -> Iterator[tuple[int, list[Doc], bool]]:
        """Those of the rest of the epoch, and of the epochs to come."""
        settings = self.settings
        first, done = progress.epoch, progress.epoch_steps
        for epoch in count(first):
            if settings.max_epochs and epoch >= settings.max_epochs:
                return
            docs = training_docs(self.nlp, settings, epoch)
            batches = (batch for batch in settings.make_batcher()(docs) if batch)
            empty = epoch != first or not done
            if not empty:
                self._skip(islice(batches, done), progress)
            for batch, after in with_next(batches):
                empty = False
                yield epoch, batch, after is None
            if empty:
                raise TrainingError(
                    "There is nothing to pretrain on: no document of the corpus is long enough, or "
                    "short enough, or the batcher leaves all out. Check min_length, max_length and "
                    "limit in [corpora.pretrain], and held_out in [pretraining]."
                )

    def _skip(self, batches: Iterator[list[Doc]], progress: Progress) -> None:
        words = sum(map(self.words, batches))
        if words != progress.epoch_words:
            raise TrainingError(
                f"The text has changed: the {progress.epoch_steps} steps of the epoch before had "
                f"{progress.epoch_words} words, and have {words} now. Use the same corpus, or "
                "start again in another folder."
            )

    def words(self, batch: list[Doc]) -> int:
        return sum(map(len, batch))

    def update(
        self, batch: list[Doc], step: int, epoch: int, losses: dict[str, float]
    ) -> str | None:
        """One step of the optimizer, if any word is masked."""
        task, optimizer = self.task, self.settings.optimizer
        rng = np.random.default_rng([self.settings.seed, step, 2])
        seed_everything(int(rng.integers(2**31)))  # dropout draws from global generators
        loss, masked = task.update(batch, rng, self.settings.dropout)
        if not math.isfinite(loss):
            return (
                f"The loss is {loss} in step {step}: the weights have grown without bound. Lower "
                f"pretraining.optimizer.learn_rate, or set grad_clip there. What was saved before "
                f"is not touched."
            )
        if masked:
            task.model.finish_update(optimizer)
        # Even if nothing was masked: a run that goes on steps them as often as there were steps.
        optimizer.step_schedules()  # type: ignore[no-untyped-call]
        losses["loss"] = losses.get("loss", 0.0) + loss
        losses["masked"] = losses.get("masked", 0) + masked
        return None

    def evaluate(self, losses: Mapping[str, float]) -> tuple[float, Mapping[str, Any]]:
        training = losses["loss"] / max(losses["masked"], 1)
        held_out = self._held_out_loss() if self.held_out else None
        return -(training if held_out is None else held_out), {
            "loss": training,
            "held_out": held_out,
        }

    def _held_out_loss(self) -> float | None:
        """The mean loss on the held-out documents, whose words are masked alike each time, with
        the optimizer's averages if it has them."""
        rng = np.random.default_rng([self.settings.seed, 3])
        total, masked = 0.0, 0
        with self.task.model.use_params(self.settings.optimizer.averages or {}):
            for batch in groups(self.held_out, _EVALUATION_WORDS):
                loss, words = self.task.evaluate(batch, rng)
                total += loss
                masked += words
        return total / masked if masked else None
