"""Checks of layers: names in the registry ``architectures``."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from spanloom.config.signatures import signature_of

from .base import BuildConformance
from .compare import as_failure, same
from .slopes import Weights, arrays, disagreement, dot, floats, random_like
from .texts import TEXTS

if TYPE_CHECKING:
    from thinc.api import Model

__all__ = ["ArchitectureConformance"]

_WIDTH = 8


class ArchitectureConformance(BuildConformance):
    """Checks of a layer.

    What it is fed follows from its return type, as in ``Model[list[Doc], list[Floats2d]]``; a
    subclass may give `inputs` instead. A layer that listens to a shared encoder runs in a pipeline
    only, and is checked there.
    """

    registry: ClassVar[str] = "architectures"

    def settings(self) -> dict[str, Any]:
        """As the base's; a width of the output that is left open is given."""
        given = super().settings()
        output = signature_of(self.target()).parameters.get("nO")
        if output is not None and output.default is None:
            given.setdefault("nO", 4)
        return given

    def inputs(self) -> Any:
        """A small batch of what the layer takes. A skip if its type tells too little."""
        text = _return_type(self.target())
        taken = re.match(r"Model\[(list\[\w+\]|\w+)", text)
        maker = _INPUTS.get(taken[1] if taken else "")
        if maker is None:
            pytest.skip(f"what it takes can't be told from '{text}': give `inputs` in a subclass")
        return maker()

    def model(self) -> Model[Any, Any]:
        """The layer, initialized."""
        from thinc.api import Model, fix_random_seed

        inputs = self.inputs()
        fix_random_seed(0)
        model = self.made()
        if not isinstance(model, Model):
            pytest.skip("it isn't a model: see test_is_a_model")
        if any("link" in node.attrs for node in model.walk()):
            pytest.skip("it listens to a shared encoder, and runs in a pipeline only")
        try:
            model.initialize(X=inputs)
        except Exception as error:
            pytest.skip(f"it can't be initialized ({type(error).__name__}): see test_runs")
        return model

    def output(self, model: Model[Any, Any], inputs: Any) -> Any:
        """What the layer predicts; a skip if it can't, or not twice the same."""
        try:
            output, again = model.predict(inputs), model.predict(inputs)
        except Exception as error:
            pytest.skip(f"it can't predict ({type(error).__name__}): see test_runs")
        if not same(arrays(output), arrays(again)):
            pytest.skip("it isn't deterministic: see test_determinism")
        return output

    def test_is_a_model(self) -> None:
        """What it returns is a thinc ``Model``."""
        from thinc.api import Model

        made = self.made()
        assert isinstance(made, Model), f"it returns {type(made).__name__}, not a Model"

    def test_runs(self) -> None:
        """It can be initialized from a batch, and predicts."""
        from thinc.api import Model

        inputs, model = self.inputs(), self.made()
        if not isinstance(model, Model):
            pytest.skip("it isn't a model: see test_is_a_model")
        if any("link" in node.attrs for node in model.walk()):
            pytest.skip("it listens to a shared encoder, and runs in a pipeline only")
        with as_failure():
            model.initialize(X=inputs)
            model.predict(inputs)

    def test_bytes(self) -> None:
        """Weights survive ``to_bytes`` and ``from_bytes``."""
        model, inputs = self.model(), self.inputs()
        before = arrays(self.output(model, inputs))
        again = self.made().from_bytes(model.to_bytes())
        assert same(before, arrays(again.predict(inputs))), "other weights after from_bytes"

    def test_determinism(self) -> None:
        """The same seed gives the same layer, and the same input the same output."""
        model, other, inputs = self.model(), self.model(), self.inputs()
        try:
            first = arrays(model.predict(inputs))
        except Exception as error:
            pytest.skip(f"it can't predict ({type(error).__name__}): see test_runs")
        assert same(first, arrays(model.predict(inputs))), "predicting twice gives two results"
        assert same(first, arrays(other.predict(inputs))), "the same seed gives other weights"

    def test_batches(self) -> None:
        """A batch gives what its items give one by one."""
        model, inputs = self.model(), self.inputs()
        if not isinstance(inputs, list):
            pytest.skip("it doesn't take a list")
        whole = self.output(model, inputs)
        if not hasattr(whole, "__len__") or len(whole) != len(inputs):
            pytest.skip("it doesn't return one item for each")
        single = [model.predict([each])[0] for each in inputs]
        assert same(arrays(list(whole)), arrays(single)), (
            "an item's output depends on what else is in the batch"
        )

    def test_empty(self) -> None:
        """An empty item in a batch is no error."""
        model, inputs = self.model(), self.inputs()
        if not isinstance(inputs, list):
            pytest.skip("it doesn't take a list")
        self.output(model, inputs)
        with as_failure():
            model.predict([inputs[0], _emptied(inputs[0])])

    def test_gradients(self) -> None:
        """``backprop`` adds finite gradients to the weights, and they agree with differences."""
        model, inputs = self.model(), self.inputs()
        weights = Weights(model)
        if not weights.value().size:
            pytest.skip("it has no weights")
        self.output(model, inputs)
        output, backprop = model.begin_update(inputs)
        if floats(output) is None:
            pytest.skip(f"its output is {type(output).__name__}: the kit has no gradient for that")
        direction = random_like(output)
        backprop(direction)
        gradient = weights.gradient()
        assert gradient.any(), "backprop adds no gradient to any weight"
        assert np.isfinite(gradient).all(), "gradients aren't finite"
        # A softmax hands its gradient on as that of the scores below it, so nothing is compared.
        if not any(node.name.startswith("softmax") for node in model.walk()):
            told = disagreement(weights, gradient, lambda: dot(model.predict(inputs), direction))
            assert not told, told


# -- what layers take and give


def _return_type(function: Any) -> str:
    """The return type as text, without modules: ``Model[list[Doc], Floats2d]``."""
    found = inspect.signature(function).return_annotation
    if isinstance(found, str):
        # It may be the name of a type that was given one.
        found = getattr(inspect.unwrap(function), "__globals__", {}).get(found, found)
    text = found if isinstance(found, str) else inspect.formatannotation(found)
    text = re.sub(r"ForwardRef\('(\w+)'[^)]*\)", r"\1", text)
    return re.sub(r"\w+\.", "", text).replace("List[", "list[")


def _docs() -> list[Any]:
    from spanloom.pipeline import blank

    nlp = blank("en")
    return [nlp.make_doc(text) for text in TEXTS]


def _matrix(rows: int = 5) -> Any:
    return np.random.default_rng(rows).normal(size=(rows, _WIDTH)).astype("f")


def _ragged() -> Any:
    from thinc.api import Ragged

    lengths: Any = np.asarray([2, 1, 3], dtype="i")
    return Ragged(_matrix(6), lengths)


_INPUTS: dict[str, Any] = {
    "list[Doc]": _docs,
    "Floats2d": _matrix,
    "list[Floats2d]": lambda: [_matrix(3), _matrix(1), _matrix(4)],
    "Ragged": _ragged,
}


def _emptied(item: Any) -> Any:
    return item[:0] if hasattr(item, "__array__") else type(item)(item.vocab, words=[])
