"""Losses of the objectives, each the sum over words, with its gradient for the scores."""

from __future__ import annotations

from typing import Any

from spanloom.errors import ConfigError, ConfigProblem

__all__ = ["VECTOR_LOSSES", "byte_loss", "cosine_loss", "l2_loss", "vector_loss"]

Array = Any
_TINY = 1e-8
_VALUES = 256


def byte_loss(scores: Array, targets: Array, xp: Any) -> tuple[float, Array]:
    """Cross-entropy of bytes: ``scores``, float32 of shape ``(m, places * 256)``, which are used
    up, against ``targets``, integers of shape ``(m, places)``. A word's loss is the sum over its
    places, in nats."""
    cells = scores.reshape((-1, _VALUES))
    right = xp.arange(len(cells)), targets.ravel()
    cells -= cells.max(axis=1, keepdims=True)
    hit = cells[right]
    xp.exp(cells, out=cells)
    sums = cells.sum(axis=1, keepdims=True)
    loss = float(xp.log(sums).sum() - hit.sum())
    cells /= sums
    cells[right] -= 1.0
    return loss, cells.reshape(scores.shape)


def cosine_loss(guesses: Array, targets: Array, xp: Any) -> tuple[float, Array]:
    """``1 - cosine`` of each guess, shape ``(m, width)``, and its target, of length 1."""
    norms = xp.sqrt((guesses * guesses).sum(axis=1, keepdims=True) + _TINY)
    units = guesses / norms
    cosines = (units * targets).sum(axis=1, keepdims=True)
    return float((1.0 - cosines).sum()), (cosines * units - targets) / norms


def l2_loss(guesses: Array, targets: Array, xp: Any) -> tuple[float, Array]:  # noqa: ARG001
    """The squared distance of each guess, shape ``(m, width)``, from its target, of length 1."""
    difference = guesses - targets
    return float((difference * difference).sum()), 2.0 * difference


VECTOR_LOSSES = {"L2": l2_loss, "cosine": cosine_loss}


def vector_loss(name: str) -> Any:
    """The loss of that name. Raises :class:`ConfigError` if there is none."""
    if name not in VECTOR_LOSSES:
        fix = "use one of " + ", ".join(sorted(VECTOR_LOSSES))
        raise ConfigError([ConfigProblem("loss", f"'{name}' isn't known", fix)], "PretrainVectors")
    return VECTOR_LOSSES[name]
