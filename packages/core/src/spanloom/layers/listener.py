"""Listeners: layers that return what a shared encoder computed for the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import tee
from typing import Any

from thinc.api import Model
from thinc.types import Floats2d

from ..errors import PipelineError
from ..tokens import Doc
from ..tokens.batch import Batch, Feature
from .flat import unwrap

__all__ = [
    "GradFactor",
    "Link",
    "Tok2VecListener",
    "find_listeners",
    "grad_factor_of",
    "listened_feature",
    "make_listener",
    "step_grad_factors",
]


class GradFactor:
    """A factor for gradients that follows a schedule: a value for each training step.

    The schedule is any iterable of numbers, such as thinc's; when it ends, its last value stays.
    What was drawn is kept, since training may go back to an earlier step.
    """

    __slots__ = ("_drawn", "_schedule")

    def __init__(self, schedule: Iterable[float]) -> None:
        self._schedule: Iterator[float] = iter(schedule)
        self._drawn: list[float] = []

    def at(self, step: int) -> float:
        """The factor at ``step``, counted from 0."""
        while len(self._drawn) <= step:
            last = self._drawn[-1] if self._drawn else 1.0
            self._drawn.append(float(next(self._schedule, last)))
        return self._drawn[step]

    def __deepcopy__(self, memo: Any) -> GradFactor:
        """A copy that goes on from here by itself: generators can't be copied."""
        self._schedule, twin = tee(self._schedule)
        copied = GradFactor(twin)
        copied._drawn = list(self._drawn)
        return copied


class Link:
    """Where a listener takes its input from, and how it scales the gradient that it sends back.

    ``upstream`` is what the config says, ``producer`` the encoder that the pipeline resolved it to
    ("" before), ``listens_to`` the kind of values that the layer takes, and ``place`` where its
    block stands in the component's config, such as ``model.tok2vec`` ("" without a config). thinc
    can't serialize it, and so leaves it out of saved weights: the config says what a layer listens
    to.
    """

    __slots__ = ("grad_factor", "listens_to", "place", "producer", "upstream")

    def __init__(
        self, upstream: str, grad_factor: float | Iterable[float], listens_to: str = "tokens"
    ) -> None:
        self.upstream = upstream
        self.producer = ""
        self.place = ""
        self.listens_to = listens_to
        self.grad_factor: float | GradFactor = (
            float(grad_factor) if isinstance(grad_factor, (int, float)) else GradFactor(grad_factor)
        )


def make_listener(
    name: str, forward: Callable[..., Any], link: Link, width: int | None = None
) -> Model[Any, Any]:
    """A listener layer: the attribute ``link`` makes it one, ``step`` is that of its schedule."""
    return Model(name, forward, dims={"nO": width}, attrs={"link": link, "step": 0})


def Tok2VecListener(
    width: int | None = None, upstream: str = "*", grad_factor: float | Iterable[float] = 1.0
) -> Model[list[Doc], list[Floats2d]]:
    """The token vectors of a shared ``tok2vec`` component; gradients go back to it.

    ``upstream`` is the name of that component, or ``"*"`` for the nearest one before; ``width`` the
    width of its vectors, or ``None`` for whatever it is. The pipeline resolves both when it is
    assembled, and sets the producer of its :class:`Link`.

    Gradients are multiplied by ``grad_factor``, a number or a schedule (any iterable of numbers,
    such as thinc's, one for each step); 0 sends none, so that the encoder may save itself the
    backward pass. The step of a schedule is the attribute ``step``, which is saved with the weights
    and moved on by :func:`step_grad_factors`; a batch doesn't know it, since several batches may
    belong to one step.
    """
    return make_listener("tok2vec-listener", forward, Link(upstream, grad_factor), width)


def forward(
    model: Model[Any, Any], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[Any], Any]]:
    """Forward of :func:`Tok2VecListener`."""
    feature = listened_feature(model, docs)
    if not is_train or not feature.wants_gradient:
        return feature.values, _send_nothing
    factor = grad_factor_of(model)
    if factor == 0.0:
        return feature.values, _send_nothing

    def backprop(dY: Any) -> list[Doc]:
        feature.add(unwrap(dY, model.ops)[0], factor)
        return []

    return feature.values, backprop


def _send_nothing(_: Any) -> list[Doc]:
    return []


def listened_feature(model: Model[Any, Any], docs: list[Doc]) -> Feature:
    """What the producer of a listener wrote on the batch.

    Raises :class:`PipelineError` if the listener isn't linked, ``docs`` isn't a
    :class:`~spanloom.tokens.batch.Batch` or the producer hasn't run on it.
    """
    link: Link = model.attrs["link"]
    if not link.producer:
        raise PipelineError(
            f"the layer '{model.name}' isn't linked to a shared encoder (upstream = "
            f"'{link.upstream}'): models with listeners run as part of a pipeline"
        )
    batch = docs if isinstance(docs, Batch) else Batch(docs)
    return batch.feature(link.producer, f"the layer '{model.name}'")


def grad_factor_of(model: Model[Any, Any]) -> float:
    """The factor for the gradients of a listener at its present step."""
    factor = model.attrs["link"].grad_factor
    return factor.at(model.attrs["step"]) if isinstance(factor, GradFactor) else float(factor)


def find_listeners(model: Model[Any, Any]) -> list[Model[Any, Any]]:
    """The listener nodes in ``model``: those with an attribute ``link``."""
    return [node for node in model.walk() if "link" in node.attrs]


def step_grad_factors(model: Model[Any, Any]) -> None:
    """Move the schedules of all listeners in ``model`` on by one: call it after each optimizer
    step."""
    for listener in find_listeners(model):
        listener.attrs["step"] += 1
