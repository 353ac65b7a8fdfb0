"""More labels for a text model that has learnt some."""

from __future__ import annotations

from typing import Any

from thinc.layers.resizable import resize_linear_weighted

from spanloom.layers.types import TextModel

__all__ = ["OUTPUT", "widen"]

#: Biases of new labels. Nothing is learnt about them: their score is as good as 0, so that those of
#: the others stay what they are, and not so far below that it couldn't be learnt.
_BIASES = {"softmax": -20.0, "softmax_activation": -20.0, "logistic": -10.0, "none": 0.0}

OUTPUT = "output_layer"
"""The reference of a model to the layer that has a row of weights for each label."""


def widen(model: TextModel, labels: int) -> None:
    """Give a model ``labels`` outputs, if it was initialized with fewer and can take more. What it
    has learnt stays."""
    old: Any = model.get_ref(OUTPUT) if model.has_ref(OUTPUT) else None
    if old is None or old.maybe_get_dim("nO") is None or old.get_dim("nO") >= labels:
        return
    output = model.attrs.get("output", "logistic" if model.attrs["multi_label"] else "softmax")
    new = resize_linear_weighted(old, labels, fill_defaults={"b": _BIASES[output]})
    for node in list(model.walk()):
        node.layers[:] = [new if layer is old else layer for layer in node.layers]
    model.set_ref(OUTPUT, new)
    for node in model.walk():
        if node.has_dim("nO") and any(each is new for each in node.walk()):
            node.set_dim("nO", labels, force=True)
