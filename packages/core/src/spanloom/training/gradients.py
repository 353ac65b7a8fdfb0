"""Looking for losses and gradients that aren't finite."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ..pipeline import Pipeline

__all__ = ["find_trouble"]


def find_trouble(
    nlp: Pipeline, losses: Mapping[str, float], exclude: Collection[str] = ()
) -> str | None:
    """Name the first component whose loss isn't a finite number, or else the first parameter whose
    gradients are NaN or so large that the sum of their squares is infinite; ``None`` if all is
    well. Components in ``exclude`` don't count."""
    for name, loss in losses.items():
        if not math.isfinite(loss):
            return f"The loss of '{name}' is {loss}"
    for name, component in nlp.components:
        model: Any = getattr(component, "model", None)
        if name in exclude or not hasattr(model, "walk"):
            continue
        # One number for all parameters: on a GPU, each look at a number waits for the device.
        if not math.isfinite(float(sum(square for _, square in _squares(model)))):
            return next(
                f"The gradient of '{name}', layer '{where}', is {_word(square)}"
                for where, square in [*_squares(model), ("(all)", math.inf)]
                if not math.isfinite(float(square))
            )
    return None


def _squares(model: Any) -> Iterator[tuple[str, Any]]:
    """The sum of squares of each gradient, with the names of layer and parameter."""
    for node in model.walk():
        for name, gradient in _gradients(node):
            flat = gradient.ravel()
            with np.errstate(over="ignore", invalid="ignore"):
                square = node.ops.xp.dot(flat, flat)
            yield f"{node.name}.{name}", square


def _gradients(node: Any) -> Iterator[tuple[str, Any]]:
    """Those of a layer, and of a shim inside it that tells them by a method ``gradients``."""
    for name in node.param_names:
        if node.has_grad(name):
            yield name, node.get_grad(name)
    for shim in node.shims:
        if hasattr(shim, "gradients"):
            yield from shim.gradients()


def _word(square: Any) -> str:
    return "NaN" if math.isnan(float(square)) else "too large to step by"
