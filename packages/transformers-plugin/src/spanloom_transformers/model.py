"""``TransformerModel``: the thinc layer that runs an encoder of Hugging Face on documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from thinc.api import Model

from spanloom.tokens import Doc
from spanloom_onnx.data import FullTransformerBatch
from spanloom_onnx.sequences import Limits, Sequences, make_sequences
from spanloom_onnx.span_getters import get_doc_spans

from .devices import to_array, to_tensor
from .encoder import encode, encode_for_training
from .settings import Settings, takes_settings
from .shim import TransformerShim
from .token_pieces import make_token_sequences

if TYPE_CHECKING:
    from spanloom_onnx.span_getters import SpanGetter

__all__ = ["MAX_BATCH_ITEMS", "TransformerModel", "forward", "shim_of"]

#: Padded pieces of a forward pass, unless the component says otherwise.
MAX_BATCH_ITEMS = 4096


@takes_settings
def TransformerModel(
    name: str, get_spans: Callable[..., Any] = get_doc_spans, **settings: Any
) -> Model[list[Doc], FullTransformerBatch]:
    """An encoder of Hugging Face over the spans that ``get_spans`` gives. The other arguments are
    those of :class:`~spanloom_transformers.settings.Settings`, by name.
    """
    shim = TransformerShim(Settings.of({"name": name, **settings}))
    return Model(
        "transformer",
        forward,
        init=init,
        shims=[shim],
        dims={"nO": shim.width},
        attrs={"get_spans": get_spans, "max_batch_items": MAX_BATCH_ITEMS},
    )


def shim_of(model: Model[Any, Any]) -> TransformerShim | None:
    """What holds the weights of a model of :func:`TransformerModel`; ``None`` for others."""
    return next((shim for shim in model.shims if isinstance(shim, TransformerShim)), None)


def init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    """Load the pretrained weights, unless there are weights already."""
    shim = _shim(model)
    shim.load()
    width = shim.width
    if width is not None and not model.has_dim("nO"):
        model.set_dim("nO", width)


def sequences_of(model: Model[Any, Any], docs: Sequence[Doc]) -> Sequences:
    """The sequences that the model makes of documents."""
    shim = _shim(model)
    get_spans: SpanGetter = model.attrs["get_spans"]
    settings = shim.settings
    if shim.of_tokens is not None:
        window = min(settings.window or shim.limit, shim.limit)
        return make_token_sequences(docs, shim.of_tokens, window, settings.overlap)
    with_space = settings.system != "spacy"
    limits = Limits(shim.limit, settings.overlap, settings.overflow, with_space)
    return make_sequences(docs, get_spans(docs), shim.tokenizer, limits)


def forward(
    model: Model[Any, Any], docs: Sequence[Doc], is_train: bool
) -> tuple[FullTransformerBatch, Callable[[FullTransformerBatch], list[Doc]]]:
    """Forward of :func:`TransformerModel`. Backward takes a batch whose last tensor is the gradient
    of the last layer (:meth:`FullTransformerBatch.like`)."""
    shim = _shim(model)
    sequences = sequences_of(model, docs)
    asked = shim.settings.transformer_config
    runner = shim.runner(_budget(model))
    if not is_train:
        layers = encode(
            runner,
            sequences,
            hidden=bool(asked.get("output_hidden_states")),
            attentions=bool(asked.get("output_attentions")),
        )
        tensors = layers.hidden or (layers.last,)
        batch = sequences.output(tuple(to_array(tensor, model.ops) for tensor in tensors))
        if layers.attentions:
            batch.extra["attentions"] = _by_document(sequences, layers.attentions)
        return batch, _no_backward

    last, backward = encode_for_training(runner, sequences, lambda: shim.scale.start(runner.dtype))

    def backprop(gradient: FullTransformerBatch) -> list[Doc]:
        backward(to_tensor(gradient.rows, shim.device))
        return []

    return sequences.output((to_array(last, model.ops),)), backprop


def _by_document(sequences: Sequences, windows: Sequence[Any]) -> list[list[Any]]:
    """What there is for each window, in a list for each document."""
    ends = np.cumsum(sequences.row_lengths)
    owners = np.searchsorted(ends, sequences.index[sequences.starts], side="right")
    found: list[list[Any]] = [[] for _ in ends]
    for owner, window in zip(owners.tolist(), windows):
        found[owner].append(window)
    return found


def _no_backward(_: FullTransformerBatch) -> list[Doc]:
    raise TypeError("the transformer ran in predict mode: there is no backward pass")


def _budget(model: Model[Any, Any]) -> int:
    return int(model.attrs["max_batch_items"])


def _shim(model: Model[Any, Any]) -> TransformerShim:
    return cast(TransformerShim, model.shims[0])
