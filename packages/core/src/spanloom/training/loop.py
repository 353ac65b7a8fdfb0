"""The training loop: a generator of step results.

It neither prints nor saves. Whoever iterates over it does that, with what a step says of itself;
:mod:`spanloom.training.run` is the usual one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import TrainingError
from .gradients import find_trouble
from .progress import Progress
from .randomness import set_random_state
from .settings import Settings

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..pipeline import Pipeline

__all__ = ["StepResult", "split", "train_steps", "weighted_score"]

Item = TypeVar("Item")


@dataclass(frozen=True)
class StepResult:
    """What one step of training did.

    ``step`` counts from 1, ``epoch`` from 0. ``words`` and ``seconds`` are totals since the start.
    ``losses`` are sums since the last evaluation, by component. After an evaluation, ``scores``
    holds all scores, ``score`` the weighted one, and ``is_best`` says whether it is the highest so
    far; otherwise the three are ``None``. ``problem`` says why the step couldn't be taken: nothing
    was changed then, and asking for another step raises :class:`TrainingError`.
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

    @property
    def evaluated(self) -> bool:
        """Whether scores were measured after this step."""
        return self.scores is not None


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
    if progress.is_over(settings):
        return
    evaluate = _evaluator(nlp, settings)
    losses: dict[str, float] = {}
    batches = _with_last(_batches(nlp, settings, rng))
    _advance(settings, progress, batches)
    start = perf_counter() - progress.seconds
    for step, (epoch, batch, last) in enumerate(batches, progress.step + 1):
        problem = _update(nlp, settings, batch, step, epoch, losses)
        if problem is not None:
            seconds = perf_counter() - start
            yield StepResult(step, epoch, progress.words, seconds, losses, problem=problem)
            raise TrainingError(problem)
        last = last or step == settings.max_steps
        score: float | None = None
        scores: Mapping[str, Any] | None = None
        if last or step % settings.eval_frequency == 0:
            score, scores = evaluate()
        is_best = None if score is None else score > progress.best
        progress.step, progress.epoch = step, epoch
        progress.words += sum(len(example.predicted) for example in batch)
        progress.seconds = perf_counter() - start
        if score is not None and is_best:
            progress.best, progress.best_step = score, step
        yield StepResult(
            step,
            epoch,
            progress.words,
            progress.seconds,
            dict(losses),
            score,
            scores,
            is_best,
        )
        if score is not None:
            losses = {}
        if last or progress.is_over(settings):
            return


def _advance(
    settings: Settings, progress: Progress, batches: Iterator[tuple[int, list[Example], bool]]
) -> None:
    """Draw batches, rates and sizes as often as the steps before did, and set the random
    generators."""
    words = 0
    optimizer: Any = settings.optimizer  # thinc doesn't annotate the method
    for _, batch, _ in islice(batches, progress.step):
        words += sum(len(example.predicted) for example in batch)
        next(settings.dropouts)
        optimizer.step_schedules()
    if words != progress.words:
        raise TrainingError(
            f"The training data isn't what it was: {progress.step} steps had {progress.words} "
            f"words when they were taken, and have {words} now. Give the same corpus in the same "
            f"order, or start again without --resume."
        )
    if progress.rate_factor != 1.0:
        _scale_rate(optimizer, progress.rate_factor)
    if progress.random is not None:
        set_random_state(progress.random)


def _scale_rate(optimizer: Any, factor: float) -> None:
    optimizer.learn_rate *= factor
    if "learn_rate" in optimizer.schedules:
        schedule = optimizer.schedules["learn_rate"]
        optimizer.schedules["learn_rate"] = (rate * factor for rate in schedule)


def _update(
    nlp: Pipeline,
    settings: Settings,
    batch: list[Example],
    step: int,
    epoch: int,
    losses: dict[str, float],
) -> str | None:
    """One step of the optimizer. Losses are added to ``losses``. Returns what is wrong with the
    losses or the gradients; then the step isn't taken."""
    if settings.before_update is not None:
        settings.before_update(nlp, {"step": step, "epoch": epoch})
    drop = next(settings.dropouts)
    new: dict[str, float] = {}
    for part in split(batch, settings.accumulate_gradient):
        nlp.update(
            part,
            drop=drop,
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


def _with_last(
    batches: Iterator[tuple[int, list[Example]]],
) -> Iterator[tuple[int, list[Example], bool]]:
    """Each batch, and whether it is the last one."""
    for before in batches:
        for after in chain(batches, [None]):
            yield (*before, after is None)
            if after is None:
                return
            before = after


def _evaluator(nlp: Pipeline, settings: Settings) -> Callable[[], tuple[float, Mapping[str, Any]]]:
    """A function that measures the scores, with averaged weights where the optimizer has them."""
    if not any(settings.score_weights.values()):
        raise TrainingError(
            "training.score_weights says of no score that it counts, so the best pipeline can't be "
            "told. Give weights, such as tag_acc = 1.0 in [training.score_weights]."
        )
    examples = list(settings.dev_corpus(nlp))
    if not examples:
        raise TrainingError(
            "The evaluation corpus is empty. Check paths.dev, and limit and max_length in "
            "[corpora.dev]."
        )

    def evaluate() -> tuple[float, Mapping[str, Any]]:
        with nlp.use_params(settings.optimizer.averages or None):
            scores = nlp.evaluate(examples)
        return weighted_score(scores, settings.score_weights), scores

    return evaluate


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
                f"There are: {known}."
            )
        value = scores[name]
        if value is None or value != value:  # NaN alone differs from itself
            continue
        if not isinstance(value, int | float):
            raise TrainingError(
                f"training.score_weights has a weight for '{name}', which is no number but a "
                f"{type(value).__name__}. Set it to null to show it without counting it."
            )
        total += value * weight
        counted += 1
    if not counted:
        names = ", ".join(name for name, weight in weights.items() if weight)
        raise TrainingError(
            f"The evaluation corpus has none of the annotation that {names} are measured on. "
            f"Check paths.dev, or train without those components."
        )
    return total
