"""The training loop: a generator of step results.

It neither prints nor saves. Whoever iterates over it does that, with what a step says of itself;
:mod:`wordloom.training.run` is the usual one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import TrainingError
from .settings import Settings

if TYPE_CHECKING:
    from ..example import Example
    from ..pipeline import Pipeline

__all__ = ["StepResult", "split", "train_steps", "weighted_score"]

Item = TypeVar("Item")


@dataclass(frozen=True)
class StepResult:
    """What one step of training did.

    ``step`` counts from 1, ``epoch`` from 0. ``words`` and ``seconds`` are totals since the start.
    ``losses`` are sums since the last evaluation, by component. After an evaluation, ``scores``
    holds all scores, ``score`` the weighted one, and ``is_best`` says whether it is the highest so
    far; otherwise the three are ``None``.
    """

    step: int
    epoch: int
    words: int
    seconds: float
    losses: Mapping[str, float]
    score: float | None = None
    scores: Mapping[str, Any] | None = None
    is_best: bool | None = None

    @property
    def evaluated(self) -> bool:
        """Whether scores were measured after this step."""
        return self.scores is not None


def train_steps(
    nlp: Pipeline, settings: Settings, *, seed: int | np.random.Generator | None = None
) -> Iterator[StepResult]:
    """Train an initialized pipeline, step by step, until a limit of ``settings`` is reached.

    A step is one batch: its parts' gradients are added up (``accumulate_gradient``), then the
    optimizer moves the weights. Every ``eval_frequency`` steps, and after the last one, the scores
    on the dev corpus are measured, with the optimizer's averages if it has them. ``seed`` shuffles.
    Raises :class:`TrainingError` for an empty corpus, a loss that isn't finite, and score weights
    that can't be used.
    """
    rng = np.random.default_rng(settings.seed if seed is None else seed)
    evaluate = _evaluator(nlp, settings)
    losses: dict[str, float] = {}
    words, best, best_step = 0, -math.inf, 0
    start = perf_counter()
    batches = _with_last(_batches(nlp, settings, rng))
    for step, (epoch, batch, last) in enumerate(batches, 1):
        _update(nlp, settings, batch, step, epoch, losses)
        words += sum(len(example.predicted) for example in batch)
        last = last or step == settings.max_steps
        score: float | None = None
        scores: Mapping[str, Any] | None = None
        if last or step % settings.eval_frequency == 0:
            score, scores = evaluate()
        is_best = None if score is None else score > best
        seconds = perf_counter() - start
        yield StepResult(step, epoch, words, seconds, dict(losses), score, scores, is_best)
        if score is not None:
            losses = {}
            if score > best:
                best, best_step = score, step
        if last or (settings.patience and best_step and step - best_step >= settings.patience):
            return


def _update(
    nlp: Pipeline,
    settings: Settings,
    batch: list[Example],
    step: int,
    epoch: int,
    losses: dict[str, float],
) -> None:
    """One step of the optimizer. Losses are added to ``losses``."""
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
    for name, loss in new.items():
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss of '{name}' is {loss} in step {step} (epoch {epoch}). Its weights or "
                f"gradients have grown without bound: lower training.optimizer.learn_rate, or set "
                f"training.optimizer.grad_clip. What was saved before is not touched."
            )
        losses[name] = losses.get(name, 0.0) + loss
    nlp.finish_update(settings.optimizer, exclude=settings.frozen_components)
    optimizer: Any = settings.optimizer  # thinc doesn't annotate the method
    optimizer.step_schedules()


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
    """The sum of scores times their weights. Scores that are ``None``, because the data has no
    such annotation, are left out.

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
        if value is None:
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
