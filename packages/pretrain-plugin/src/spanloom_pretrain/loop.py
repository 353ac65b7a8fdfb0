"""The loop: a generator of step results, which neither prints nor saves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count, islice
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from spanloom.errors import TrainingError
from spanloom.pipeline.pretrained import PretrainingTask
from spanloom.training.run import seed_everything

from .settings import Settings
from .stream import held_out_docs, training_docs
from .target import make_task

if TYPE_CHECKING:
    from spanloom import Doc, Pipeline

__all__ = ["Position", "PretrainStep", "pretrain_steps"]

_EVALUATION_WORDS = 5000


@dataclass(frozen=True)
class Position:
    """Where a run is: after ``step`` steps, ``batch`` of them in ``epoch``, which counts from 0.
    ``best`` is the lowest loss that was measured, after ``best_step`` steps."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    words: int = 0
    seconds: float = 0.0
    interval_loss: float = 0.0
    interval_masked: int = 0
    best: float = math.inf
    best_step: int = 0


@dataclass(frozen=True)
class PretrainStep:
    """What one step did.

    ``position`` is where the run stands after it; ``loss`` is the mean over the ``masked`` words of
    the step. ``epoch_ended`` says whether it was the last step of its epoch. After an evaluation,
    ``held_out`` is the mean loss on held-out text (``None`` where nothing is held out),
    ``training`` the mean since the last evaluation, and ``is_best`` says whether the first of
    these that there is was the lowest so far; otherwise the three are ``None``.
    """

    position: Position
    loss: float
    masked: int
    epoch_ended: bool = False
    training: float | None = None
    held_out: float | None = None
    is_best: bool | None = None

    @property
    def evaluated(self) -> bool:
        """Whether the loss was measured after this step."""
        return self.is_best is not None


def pretrain_steps(
    nlp: Pipeline,
    settings: Settings,
    *,
    task: PretrainingTask | None = None,
    start: Position | None = None,
) -> Iterator[PretrainStep]:
    """Pretrain step by step, until a limit of ``settings`` is reached.

    A step is one batch. Everything random in it follows from the seed and its number, so a run
    whose weights and optimizer were restored goes on from ``start`` as if it had never stopped.
    ``task`` is made by :func:`~spanloom_pretrain.target.make_task` if it isn't given. The weights
    are in its model, averages in ``settings.optimizer``.
    Raises :class:`TrainingError` for an empty corpus and a loss that isn't finite.
    """
    task = task if task is not None else make_task(nlp, settings)
    position = start or Position()
    held_out = held_out_docs(nlp, settings)
    clock = perf_counter() - position.seconds
    if _is_over(position, settings):
        return
    for epoch, number, docs, ends in _batches(nlp, settings, position):
        step = position.step + 1
        loss, masked = _update(task, settings, docs, step)
        position = replace(
            position,
            step=step,
            epoch=epoch,
            batch=number,
            words=position.words + sum(map(len, docs)),
            seconds=perf_counter() - clock,
            interval_loss=position.interval_loss + loss,
            interval_masked=position.interval_masked + masked,
        )
        result = PretrainStep(position, loss / max(masked, 1), masked, ends)
        last = step == settings.max_steps or (ends and epoch + 1 == settings.max_epochs)
        if last or step % settings.eval_frequency == 0:
            result = _evaluated(result, task, settings, held_out)
            position = result.position
        yield result
        if last or _is_over(position, settings):
            return


def _is_over(position: Position, settings: Settings) -> bool:
    waited = position.step - position.best_step
    return bool(
        (settings.max_steps and position.step >= settings.max_steps)
        or (settings.max_epochs and position.epoch >= settings.max_epochs)
        or (settings.patience and position.best_step and waited >= settings.patience)
    )


def _update(
    task: PretrainingTask, settings: Settings, docs: list[Doc], step: int
) -> tuple[float, int]:
    rng = np.random.default_rng([settings.seed, step, 2])
    seed_everything(int(rng.integers(2**31)))  # dropout draws from global generators
    loss, masked = task.update(docs, rng, settings.dropout)
    if not math.isfinite(loss):
        raise TrainingError(
            f"The loss is {loss} in step {step}: the weights have grown without bound. Lower "
            f"pretraining.optimizer.learn_rate, or set grad_clip there. What was saved before is "
            f"not touched."
        )
    if masked:
        task.model.finish_update(settings.optimizer)
        settings.optimizer.step_schedules()  # type: ignore[no-untyped-call]
    return loss, masked


def _batches(
    nlp: Pipeline, settings: Settings, start: Position
) -> Iterator[tuple[int, int, list[Doc], bool]]:
    """The epoch, the number of the batch in it, the batch, and whether it is the epoch's last;
    from where ``start`` says."""
    for epoch in count(start.epoch):
        if settings.max_epochs and epoch >= settings.max_epochs:
            return
        docs = training_docs(nlp, settings, epoch)
        batches = (batch for batch in settings.make_batcher()(docs) if batch)
        done = start.batch if epoch == start.epoch else 0
        skipped = sum(1 for _ in islice(batches, done))
        number = done
        before = next(batches, None)
        if before is None and not skipped:
            raise TrainingError(
                "There is nothing to pretrain on: no document of the corpus is long enough, or "
                "short enough, or the batcher leaves all out. Check min_length, max_length and "
                "limit in [corpora.pretrain], and held_out in [pretraining]."
            )
        for after in chain(batches, [None]):
            if before is not None:
                number += 1
                yield epoch, number, before, after is None
            before = after


def _evaluated(
    result: PretrainStep, task: PretrainingTask, settings: Settings, docs: list[Doc]
) -> PretrainStep:
    position = result.position
    training = position.interval_loss / max(position.interval_masked, 1)
    held_out = _measure(task, settings, docs) if docs else None
    loss = training if held_out is None else held_out
    is_best = loss < position.best
    position = replace(
        position,
        interval_loss=0.0,
        interval_masked=0,
        best=loss if is_best else position.best,
        best_step=position.step if is_best else position.best_step,
    )
    return replace(result, position=position, training=training, held_out=held_out, is_best=is_best)


def _measure(task: PretrainingTask, settings: Settings, docs: list[Doc]) -> float | None:
    """The mean loss on ``docs``, whose words are masked alike each time, with the optimizer's
    averages if it has them."""
    rng = np.random.default_rng([settings.seed, 3])
    total, masked = 0.0, 0
    with task.model.use_params(settings.optimizer.averages or {}):
        for batch in _parts(docs):
            loss, words = task.evaluate(batch, rng)
            total += loss
            masked += words
    return total / masked if masked else None


def _parts(docs: list[Doc]) -> Iterator[list[Doc]]:
    part: list[Doc] = []
    words = 0
    for doc in docs:
        part.append(doc)
        words += len(doc)
        if words >= _EVALUATION_WORDS:
            yield part
            part, words = [], 0
    if part:
        yield part
