"""Training of a parser by beams: make the best wrong readings less likely than the right ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..transitions.arc_eager import ParserActions
from ..transitions.arc_eager_beam import Beam, Bounds, Step
from .trees import GoldTrees

__all__ = ["beam_update"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def beam_update(
    scorer: Any, gold: GoldTrees, actions: ParserActions, width: int, density: float
) -> tuple[float, tuple[Any, Any] | None]:
    """Follow the best readings, and beside them the best of those that are right.

    Of each document, the step counts at which a wrong reading is most ahead of the right ones (the
    "max-violation" of Huang, Fayong and Guo 2012, https://aclanthology.org/N12-1015). The loss is
    there ``-log`` of the share that the right readings have in the chance of all. Returns it, and
    the tokens of the states on the way with the gradients of their scores; nothing where all is
    right, or where scores aren't finite.
    """
    true = gold.heads, gold.relations, gold.starts
    bounds = Bounds(None, np.ones(len(gold.heads), dtype=bool))
    own, right = (
        Beam(scorer, gold.lengths, actions, width, share, bounds, true=true, only_good=good)
        for share, good in ((density, False), (0.0, True))
    )
    try:
        for beam in (own, right):
            while beam.goes_on:
                beam.advance()
    except FloatingPointError:
        return float("nan"), None
    if not own.steps or not right.steps:
        return 0.0, None
    wrong = [np.where(step.clean, -np.inf, step.scores) for step in own.steps]
    sides = _padded(wrong, len(right.steps)), _padded([s.scores for s in right.steps], len(wrong))
    ahead, behind = (each.max(axis=2) for each in sides)
    known = (ahead > -np.inf) & (behind > -np.inf)
    violation = np.where(known, ahead - np.where(known, behind, 0.0), -np.inf)
    at = violation.argmax(axis=0)
    docs = np.flatnonzero(known.any(axis=0))
    if not len(docs):
        return 0.0, None
    at = at[docs]
    bad, good = (side[at, docs] for side in sides)
    loss, d_bad, d_good = _contrast(bad, good)
    ids, gradients = [], []
    for beam, weights in ((own, d_bad), (right, d_good)):
        spread = np.zeros((len(beam.steps), *beam.scores.shape))
        # A beam that ended before stays as it ended.
        spread[np.minimum(at, len(beam.steps) - 1), docs] = weights
        for tokens, gradient in _backward(beam.steps, spread):
            ids.append(tokens)
            gradients.append(gradient)
    if not ids:
        return loss, None
    return loss, (np.concatenate(ids), np.concatenate(gradients))


def _padded(scores: list[Floats], least: int) -> Floats:
    """Scores of all steps, the last ones again until there are ``least``."""
    return np.stack(scores + [scores[-1]] * (least - len(scores)))


def _contrast(bad: Floats, good: Floats) -> tuple[float, Floats, Floats]:
    """``-log`` of the share of the good ones, summed, and the gradients of both scores."""
    peak = np.maximum(bad.max(axis=1), good.max(axis=1))[:, None]
    wrong, right = np.exp(bad - peak), np.exp(good - peak)
    sum_right = np.exp(good - good.max(axis=1, keepdims=True))
    share = sum_right / sum_right.sum(axis=1, keepdims=True)
    total = wrong.sum(axis=1, keepdims=True) + right.sum(axis=1, keepdims=True)
    log_right = np.log(sum_right.sum(axis=1)) + good.max(axis=1) - peak[:, 0]
    loss = float((np.log(total[:, 0]) - log_right).sum())
    return loss, wrong / total, right / total - share


def _backward(steps: list[Step], weights: Floats) -> Any:
    """For each step the ids of the states that get a gradient, and those of their scores.

    ``weights``, shape ``(steps, docs, width)``, are the gradients of the scores that readings have
    after a step. An action's logarithm of a chance has the gradient of each reading that it is
    part of.
    """
    docs = np.arange(weights.shape[1])[:, None]
    carried = np.zeros(weights.shape[1:])
    for at in range(len(steps) - 1, -1, -1):
        step = steps[at]
        carried = carried + weights[at]
        here = carried
        width = here.shape[1]
        carried = np.zeros(here.shape)
        np.add.at(carried, (docs, step.parents), here)
        d_logs = np.zeros(step.log_chances.shape)
        which = np.nonzero((step.taken >= 0) & (here != 0.0))
        if not len(which[0]):
            continue
        row_of = np.full(here.size, -1)
        row_of[step.slots] = np.arange(len(step.slots))
        rows = row_of[which[0] * width + step.parents[which]]
        np.add.at(d_logs, (rows, step.taken[which]), here[which])
        used = np.unique(rows)
        d_logs = d_logs[used]
        gradient = d_logs - np.exp(step.log_chances[used]) * d_logs.sum(axis=1, keepdims=True)
        yield step.ids[used], gradient.astype(np.float32)
