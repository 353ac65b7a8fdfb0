"""Training, step by step: what a step does, and how it is scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import TrainingError
from .gradients import find_trouble
from .progress import Progress
from .randomness import set_random_state
from .settings import Settings
from .steps import StepResult, run_steps, with_next

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..pipeline import Pipeline

__all__ = ["split", "train_steps", "weighted_score"]

Item = TypeVar("Item")


def train_steps(
    nlp: Pipeline,
    settings: Settings,
    *,
    seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> Iterator[StepResult]:
    """Train an initialized pipeline, step by step, until a limit of ``settings`` is reached.

    A step is one batch: its parts' gradients are added up (``accumulate_gradient``), then the
    optimizer moves the weights. Every ``eval_frequency`` steps, and after the last one, the scores
    on the dev corpus are measured, with the optimizer's averages if it has them. ``seed`` shuffles.

    ``progress`` is kept up to date; when it has steps already, settings as new, and the weights and
    moments of that time, training goes on there: batches, rates and sizes are drawn as far again.

    Raises :class:`TrainingError` for an empty corpus, a loss or gradients that aren't finite, score
    weights that can't be used, and data that isn't that of the steps before.
    """
    rng = np.random.default_rng(settings.seed if seed is None else seed)
    progress = progress if progress is not None else Progress()
    if not progress.is_over(settings):
        yield from run_steps(_Training(nlp, settings, rng), settings, progress)


class _Training:
    """Steps by :meth:`Pipeline.update`, scored by :meth:`Pipeline.evaluate`."""

    def __init__(self, nlp: Pipeline, settings: Settings, rng: np.random.Generator) -> None:
        self.nlp = nlp
        self.settings = settings
        self.rng = rng
        if not any(settings.score_weights.values()):
            raise TrainingError(
                "[training.score_weights] gives no score a weight, so the best pipeline can't be "
                "chosen. Set a weight, such as tag_acc = 1.0."
            )
        self.dev = list(settings.dev_corpus(nlp))
        if not self.dev:
            raise TrainingError(
                "The evaluation corpus is empty. Check paths.dev, and limit and max_length in "
                "[corpora.dev]."
            )

    def batches(self, progress: Progress) -> Iterator[tuple[int, list[Example], bool]]:
        """Those of the steps to come. Batches, rates and sizes are drawn as often as the steps
        before did, and the random generators are set."""
        batches = (
            (epoch, batch, after is None or after[0] != epoch)
            for (epoch, batch), after in with_next(_batches(self.nlp, self.settings, self.rng))
        )
        words = 0
        optimizer: Any = self.settings.optimizer  # thinc doesn't annotate the method
        for _, batch, _ in islice(batches, progress.step):
            words += self.words(batch)
            next(self.settings.dropouts)
            optimizer.step_schedules()
        if words != progress.words:
            raise TrainingError(
                f"The training data has changed: the {progress.step} steps before had "
                f"{progress.words} words, and have {words} now. Use the same corpus in the same "
                "order, or start again without --resume."
            )
        if progress.rate_factor != 1.0:
            _scale_rate(optimizer, progress.rate_factor)
        if progress.random is not None:
            set_random_state(progress.random)
        return batches

    def words(self, batch: list[Example]) -> int:
        return sum(len(example.predicted) for example in batch)

    def update(
        self, batch: list[Example], step: int, epoch: int, losses: dict[str, float]
    ) -> str | None:
        """One step of the optimizer. Returns what is wrong with the losses or the gradients; then
        it isn't taken."""
        nlp, settings = self.nlp, self.settings
        if settings.before_update is not None:
            settings.before_update(nlp, {"step": step, "epoch": epoch})
        drop = next(settings.dropouts)
        new: dict[str, float] = {}
        for part in split(batch, settings.accumulate_gradient):
            nlp.update(
                part,
                drop=drop,
                sgd=False,
                losses=new,
                exclude=settings.frozen_components,
                annotates=settings.annotating_components,
            )
        trouble = find_trouble(nlp, new, settings.frozen_components)
        if trouble is not None:
            return (
                f"{trouble} in step {step} (epoch {epoch}). Its weights or gradients have grown "
                f"without bound: lower training.optimizer.learn_rate, or set "
                f"training.optimizer.grad_clip. What was saved before is not touched."
            )
        for name, loss in new.items():
            losses[name] = losses.get(name, 0.0) + loss
        nlp.finish_update(settings.optimizer, exclude=settings.frozen_components)
        optimizer: Any = settings.optimizer  # thinc doesn't annotate the method
        optimizer.step_schedules()
        return None

    def evaluate(self, losses: Mapping[str, float]) -> tuple[float, Mapping[str, Any]]:
        """The scores on the dev corpus, with averaged weights where the optimizer has them."""
        with self.nlp.use_params(self.settings.optimizer.averages or None):
            scores = self.nlp.evaluate(self.dev)
        return weighted_score(scores, self.settings.score_weights), scores


def _scale_rate(optimizer: Any, factor: float) -> None:
    optimizer.learn_rate *= factor
    if "learn_rate" in optimizer.schedules:
        schedule = optimizer.schedules["learn_rate"]
        optimizer.schedules["learn_rate"] = (rate * factor for rate in schedule)


def split(batch: Sequence[Item], parts: int) -> Iterator[Sequence[Item]]:
    """Divide a batch into ``parts`` in order, of sizes that differ by one at most; fewer if there
    aren't enough items."""
    size, longer = divmod(len(batch), parts)
    start = 0
    for index in range(min(parts, len(batch))):
        end = start + size + (index < longer)
        yield batch[start:end]
        start = end


def _batches(
    nlp: Pipeline, settings: Settings, rng: np.random.Generator
) -> Iterator[tuple[int, list[Example]]]:
    """Batches with their epoch: of the corpus in memory, shuffled anew for each epoch, or of a
    stream, in its order."""
    streams = settings.max_epochs < 0
    examples = [] if streams else list(settings.train_corpus(nlp))
    for epoch in count() if settings.max_epochs < 1 else range(settings.max_epochs):
        order: Iterable[Example]
        if streams:
            order = settings.train_corpus(nlp)
        else:
            order = [examples[index] for index in rng.permutation(len(examples)).tolist()]
        empty = True
        for batch in settings.batcher(order):
            if batch:
                empty = False
                yield epoch, list(batch)
        if empty:
            raise TrainingError(
                "There is nothing to train on: "
                + (
                    "the training corpus is empty. Check paths.train, and limit and max_length in "
                    "[corpora.train]."
                    if streams or not examples
                    else "the batcher leaves out every example. Check [training.batcher]: with "
                    "discard_oversize, size must be larger than the documents."
                )
            )


def weighted_score(scores: Mapping[str, Any], weights: Mapping[str, float | None]) -> float:
    """The sum of scores times their weights. Scores that are ``None`` or NaN, because the data has
    no such annotation, are left out.

    Raises :class:`TrainingError` for a weight of a score that nobody measures or that isn't a
    number, and if nothing is left.
    """
    total, counted = 0.0, 0
    for name, weight in weights.items():
        if not weight:
            continue
        if name not in scores:
            known = ", ".join(
                key for key, value in scores.items() if not isinstance(value, Mapping)
            )
            raise TrainingError(
                f"training.score_weights has a weight for '{name}', which no component measures. "
                f"Available scores: {known}."
            )
        value = scores[name]
        if value is None or value != value:  # NaN alone differs from itself
            continue
        if not isinstance(value, int | float):
            raise TrainingError(
                f"training.score_weights has a weight for '{name}', which isn't a number but a "
                f"{type(value).__name__}. Set it to null to show it without counting it."
            )
        total += value * weight
        counted += 1
    if not counted:
        names = ", ".join(name for name, weight in weights.items() if weight)
        raise TrainingError(
            f"The evaluation corpus has no annotation to measure {names} on. Check paths.dev, or "
            "train without those components."
        )
    return total
