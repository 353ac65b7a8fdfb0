"""The laws that an encoder and its listeners keep: what makes sharing a layer exact."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spanloom.errors import PipelineError

from .compare import as_failure, same
from .pipelines import find_block, train
from .slopes import Weights, arrays, disagreement, dot, numpy, random_like

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.pipeline import Pipeline

__all__ = ["Shared", "add_heads", "learns_through", "listening"]

_TOLERANCE = 1e-3


class Shared:
    """An encoder ``it`` in an initialized pipeline, and heads that listen to it by one layer each.

    ``heads`` are their names, ``blank`` makes a pipeline with what must stand before the encoder.
    """

    def __init__(
        self,
        nlp: Pipeline,
        heads: Sequence[str],
        texts: Sequence[str],
        blank: Callable[[], Pipeline],
    ) -> None:
        from spanloom.layers import find_listeners

        self.nlp, self.heads, self.texts, self.blank = nlp, heads, texts, blank
        self.encoder: Any = nlp.get_pipe("it")
        components: list[Any] = [nlp.get_pipe(name) for name in heads]
        self.listeners = [find_listeners(each.model)[0] for each in components]
        self.weights = Weights(self.encoder.model)

    # -- laws

    def follows_differences(self) -> None:
        """A step along the gradient that came through the listener changes its output as much as
        the gradient says: neither its sign nor its size is wrong."""
        gradient = self._gradient(0)
        told = disagreement(self.weights, gradient, lambda: self._value(0))
        assert not told, f"through the listener, {told}"

    def obeys_the_factor(self) -> None:
        """``grad_factor`` multiplies what the encoder gets; 0 sends nothing."""
        whole = self._gradient(0)
        for factor in (0.5, 0.0):
            self.listeners[0].attrs["link"].grad_factor = factor
            found = self._gradient(0, anything=factor == 0.0)
            assert _near(found, factor * whole), (
                f"with grad_factor = {factor} the encoder's gradient has the length "
                f"{np.linalg.norm(found):.4g}, not {factor} times {np.linalg.norm(whole):.4g}"
            )

    def adds_up(self) -> None:
        """Two heads give the sum of what each gives alone."""
        one, other = self._gradient(0), self._gradient(1)
        both = self._gradient(0, 1)
        assert _near(both, one + other), (
            f"two heads give a gradient of length {np.linalg.norm(both):.4g}; the sum of what each "
            f"gives alone has {np.linalg.norm(one + other):.4g}"
        )

    def can_be_frozen(self, examples: list[Example]) -> None:
        """Heads learn from an encoder that doesn't, which stays as it is."""
        batch = self._batch()
        self.encoder.annotate(self.encoder.ready(batch))
        self.weights.forget()
        before = self.weights.value()
        with as_failure():
            values, backprop = self.listeners[0].begin_update(batch)
            backprop(_twice(list(values), 0))
            self.nlp.update(examples, sgd=self.nlp.create_optimizer(), exclude=["it"])
        assert not self.weights.gradient().any(), "a frozen encoder got a gradient"
        assert (self.weights.value() == before).all(), "a frozen encoder was changed"

    def can_be_copied(self, examples: list[Example], source: bool) -> None:
        """A head with an encoder of its own, by `replace_listeners` or, with ``source``, in another
        pipeline, predicts what it did before: ``own_config`` describes that encoder, and
        ``give_weights`` fills it."""
        train(self.nlp, examples, 3)
        name = self.heads[0]
        before = self._predicted(self.nlp, name)
        try:
            if source:
                other = self.blank()
                other.add_pipe(name, source=self.nlp)
            else:
                other = self.nlp
                self.nlp.replace_listeners("it", name, [])
            after = self._predicted(other, name)
        except PipelineError as error:
            if "can only be shared" in str(error):
                pytest.skip(str(error))
            raise AssertionError(str(error)) from error
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}") from error
        how = "taken over with `source`" if source else "given an encoder of its own"
        assert same(before, after), f"a head that is {how} predicts something else"

    # -- inside

    def _batch(self) -> Any:
        from spanloom.tokens.batch import Batch

        off = ["it", *self.heads]
        # Each text twice: there is no word whose gradients needn't be added up.
        return Batch(self.nlp.pipe([*self.texts, *self.texts], disable=off))

    def _value(self, head: int) -> float:
        batch = self._batch()
        self.encoder.annotate(self.encoder.ready(batch))
        values = list(self.listeners[head].predict(batch))
        return dot(values, _twice(values, head))

    def _gradient(self, *heads: int, anything: bool = False) -> Any:
        """The encoder's gradient where these listeners send back random numbers."""
        if not self.weights.value().size:
            pytest.skip("the encoder has no weights that the kit can see")
        self.weights.forget()
        batch = self._batch()
        self.encoder.begin(self.encoder.ready(batch), drop=0.0)
        for head in heads:
            values, backprop = self.listeners[head].begin_update(batch)
            backprop(_twice(list(values), head))
        batch.backward()
        found = self.weights.gradient()
        self.weights.forget()
        assert anything or found.any(), "no gradient reaches the shared encoder"
        return found

    def _predicted(self, nlp: Pipeline, name: str) -> Any:
        component: Any = nlp.get_pipe(name)
        off = [each for each in ("it", *self.heads) if each in nlp.pipe_names]
        docs = list(nlp.pipe(self.texts, disable=off))
        return arrays(component.model.predict(component.ready(docs)))


def _twice(values: list[Any], seed: int) -> Any:
    """Random gradients, the same for both copies of a text."""
    half = random_like(values[: len(values) // 2], seed)
    return [*half, *half]


def _near(one: Any, other: Any) -> bool:
    scale = max(float(np.linalg.norm(numpy(other))), 1e-3)
    return float(np.linalg.norm(one - other)) < _TOLERANCE * scale


def listening(block: Mapping[str, Any], width: int | None) -> dict[str, Any]:
    """The settings of a component's block, in which its layer ``tok2vec`` listens to an encoder of
    that ``width``."""
    settings = {key: copy.deepcopy(value) for key, value in block.items() if key != "factory"}
    holder: Any = find_block(settings, "tok2vec")
    holder["tok2vec"] = {"@architectures": "spanloom.Tok2VecListener.v1", "width": width}
    return settings


def add_heads(nlp: Pipeline, heads: Sequence[str], listener: Mapping[str, Any] | None) -> None:
    """Add taggers of these names that listen to the encoder ``it``, by ``listener`` if given."""
    own = listener or {"@architectures": "spanloom.Tok2VecListener.v1"}
    layer = {**copy.deepcopy(dict(own)), "upstream": "it"}
    model = {"@architectures": "spanloom.Tagger.v2", "tok2vec": layer}
    for name in heads:
        nlp.add_pipe("tagger", name=name, config={"model": copy.deepcopy(model)})


def learns_through(nlp: Pipeline, encoder: str, examples: list[Example]) -> None:
    """Whether training changes the weights of the shared encoder."""
    with as_failure():
        nlp.initialize(lambda: examples)
        shared: Any = nlp.get_pipe(encoder)
        before = shared.model.to_bytes()
        train(nlp, examples, 3)
    assert shared.model.to_bytes() != before, "no gradient reaches the shared encoder"
