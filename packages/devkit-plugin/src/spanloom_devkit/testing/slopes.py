"""Weights and outputs as arrays, and slopes by differences to compare gradients with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from thinc.api import Model

__all__ = ["Weights", "arrays", "disagreement", "dot", "floats", "numpy", "random_like"]


class Weights:
    """All weights of a model, those of PyTorch layers too, as one flat array."""

    def __init__(self, model: Model[Any, Any]) -> None:
        self.places = [
            (node, name)
            for node in model.walk()
            for name in node.param_names
            if node.has_param(name)
        ]
        shims = [shim for node in model.walk() for shim in node.shims]
        found = [getattr(getattr(shim, "_model", None), "parameters", None) for shim in shims]
        self.torch = [each for parameters in found if parameters for each in parameters()]

    def value(self) -> Any:
        """The weights, in 64 bits."""
        return self._flat(
            [node.get_param(name) for node, name in self.places],
            [each.detach() for each in self.torch],
        )

    def gradient(self) -> Any:
        """What was added up in the gradients; zeros where there is none."""
        return self._flat(
            [
                node.get_grad(name) if node.has_grad(name) else 0 * node.get_param(name)
                for node, name in self.places
            ],
            [each.grad if each.grad is not None else 0 * each.detach() for each in self.torch],
        )

    def forget(self) -> None:
        """Set all gradients to zero."""
        for node, name in self.places:
            node.set_grad(name, 0 * node.get_param(name))
        for each in self.torch:
            each.grad = None

    def set(self, flat: Any) -> None:
        """Take weights as `value` gives them."""
        start = 0
        for node, name in self.places:
            old = node.get_param(name)
            new: Any = flat[start : start + old.size].reshape(old.shape)
            made: Any = node.ops.asarray(new.astype(old.dtype))
            node.set_param(name, made)
            start += old.size
        for each in self.torch:
            new = flat[start : start + each.numel()].reshape(tuple(each.shape))
            each.data.copy_(each.data.new_tensor(new))
            start += each.numel()

    def _flat(self, mine: list[Any], theirs: list[Any]) -> Any:
        parts = [numpy(each).ravel() for each in mine] + [
            each.cpu().numpy().ravel() for each in theirs
        ]
        return np.concatenate([np.zeros(0), *parts]).astype("d")


def disagreement(weights: Weights, gradient: Any, value: Callable[[], float]) -> str:
    """Step along ``gradient``: where ``value`` doesn't change as it says, how, in words."""
    length = float(np.linalg.norm(gradient))
    start = weights.value()
    if length < 1e-6:
        return ""
    found = []
    # Rounding spoils short steps and bends long ones: one of them must agree.
    for part in (1e-2, 1e-3, 1e-4):
        step = part * max(float(np.linalg.norm(start)), 1e-2)
        values = []
        for sign in (1.0, -1.0):
            weights.set(start + sign * step * gradient / length)
            values.append(value())
        found.append((values[0] - values[1]) / (2 * step))
    weights.set(start)
    nearest = min(found, key=lambda each: abs(each - length))
    if abs(nearest - length) < 0.1 * length + 1e-3:
        return ""
    return (
        f"along the gradient the output changes by {nearest:.4g}, and the gradient says "
        f"{length:.4g}"
    )


def floats(output: Any) -> list[Any] | None:
    """The arrays of numbers in an output, or None if it isn't made of such."""
    if hasattr(output, "dataXd"):
        return [output.dataXd]
    if isinstance(output, list) and all(hasattr(each, "__array__") for each in output):
        found = output
    elif hasattr(output, "__array__"):
        found = [output]
    else:
        return None
    return found if all(each.dtype.kind == "f" for each in found) else None


def arrays(output: Any) -> Any:
    """An output as what can be compared."""
    if hasattr(output, "dataXd"):
        return [numpy(output.dataXd), numpy(output.lengths)]
    if isinstance(output, list | tuple):
        return [arrays(each) for each in output]
    return numpy(output) if hasattr(output, "__array__") or hasattr(output, "get") else output


def numpy(array: Any) -> Any:
    """An array in the memory of the host."""
    return array.get() if hasattr(array, "get") else np.asarray(array)


def random_like(output: Any, seed: int = 1) -> Any:
    """Random numbers in the shape of an output."""
    rng = np.random.default_rng(seed)
    if hasattr(output, "dataXd"):
        data = rng.normal(size=output.dataXd.shape).astype("f")
        return type(output)(data, output.lengths)
    if isinstance(output, list):
        return [rng.normal(size=each.shape).astype("f") for each in output]
    return rng.normal(size=output.shape).astype("f")


def dot(output: Any, direction: Any) -> float:
    """The sum of the products of the numbers of both."""
    pairs = zip(floats(output) or [], floats(direction) or [])
    return sum(float((numpy(one).astype("d") * other).sum()) for one, other in pairs)
