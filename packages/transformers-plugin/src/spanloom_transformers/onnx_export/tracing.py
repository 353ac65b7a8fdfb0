"""Models of torch as graphs of ONNX."""

from __future__ import annotations

import copy
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from spanloom.errors import PipelineError

from .. import lora
from ..linear import plain_linear
from ..loading import without_progress
from ..shim import TransformerShim

__all__ = ["graphs_of"]

_INPUTS = ["input_ids", "attention_mask"]
_OPSET = 18


class _Layers(torch.nn.Module):
    """What is exported of a model: from ids and mask the last layer, or all of them."""

    def __init__(self, module: Any, hidden: bool) -> None:
        super().__init__()
        self.module = module
        self.hidden = hidden

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        options = {"output_hidden_states": True} if self.hidden else {}
        output = self.module(
            input_ids=input_ids, attention_mask=attention_mask, return_dict=True, **options
        )
        return tuple(output.hidden_states) if self.hidden else output[0]


def graphs_of(shim: TransformerShim) -> Iterator[Callable[[], tuple[bytes, int]]]:
    """Ways to make a graph of a transformer, the quicker first, each a function that gives the
    file and its number of outputs. What one makes may be wrong for other shapes than it saw."""
    module = copy.deepcopy(shim.module).cpu().float().eval()
    if lora.has_adapters(module):
        lora.merge_adapters(module)
    plain_linear(module)
    hidden = bool(shim.settings.transformer_config.get("output_hidden_states"))
    if hidden:
        layers = int(getattr(module.config, "num_hidden_layers", 0)) + 1
    else:
        layers = 1
    whole = _Layers(module, hidden).eval()
    names = [f"layer_{number}" for number in range(layers)]
    ids = torch.from_numpy(shim.tokenizer.encode(["a b c d e f g h i j k l"]).ids)
    size = max(int(getattr(module.config, "downsampling_rate", 1)), 12)
    rows = torch.stack([ids.repeat(size)[:size], ids.flip(0).repeat(size)[:size]])
    mask = torch.ones_like(rows)
    mask[1, -3:] = 0
    yield lambda: (_traced(whole, (rows, mask), names), layers)
    yield lambda: (_exported(whole, (rows, mask), names), layers)


def _traced(whole: _Layers, inputs: tuple[Any, ...], names: list[str]) -> bytes:
    """By running the model once."""
    axes = {name: {0: "sequences", 1: "pieces"} for name in (*_INPUTS, *names)}
    file: Any = io.BytesIO()
    with _quiet(), torch.no_grad():
        torch.onnx.export(
            whole, inputs, file, dynamo=False, opset_version=_OPSET, dynamic_axes=axes,
            input_names=_INPUTS, output_names=names,
        )  # fmt: skip
    content: bytes = file.getvalue()
    return content


def _exported(whole: _Layers, inputs: tuple[Any, ...], names: list[str]) -> bytes:
    """By reading its code."""
    auto = torch.export.Dim.AUTO
    with _quiet(), torch.no_grad():
        program: Any = torch.onnx.export(
            whole, inputs, dynamo=True, input_names=_INPUTS, output_names=names, verbose=False,
            dynamic_shapes=({0: auto, 1: auto}, {0: auto, 1: auto}),
        )  # fmt: skip
    content: bytes = program.model_proto.SerializeToString()
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch and transformers say while a model is traced: the result is compared."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), without_progress():
            warnings.simplefilter("ignore")
            yield
    except ImportError as error:
        raise PipelineError(
            f"exporting needs a library that isn't installed ({error.name}): "
            f"pip install 'spanloom-transformers[onnx]'"
        ) from error
    finally:
        logger.setLevel(before)
