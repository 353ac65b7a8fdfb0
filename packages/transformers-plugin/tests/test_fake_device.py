"""The torch side on a device that torch only pretends to have: shapes and devices are followed
through every operation, nothing is computed, and tensors of two devices don't mix."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from spanloom_transformers.encoder import Runner, encode, encode_for_training
from spanloom_transformers.model import sequences_of

from .support import TEXTS

#: A build of torch without CUDA has guards for this device, and for no GPU.
DEVICE = torch.device("lazy", 0)


@pytest.fixture
def sequences(build: Any) -> Any:
    """Texts of several lengths; the last is longer than the model takes."""
    nlp = build()
    docs = [nlp.make_doc(text) for text in [*TEXTS, "Leeds " * 700]]
    return sequences_of(nlp.get_pipe("transformer").model, docs)


def model(kind: str) -> Any:
    import transformers

    sizes: dict[str, Any] = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "vocab_size": 500,
        "pad_token_id": 0,
    }
    config = getattr(transformers, f"{kind}Config")(**sizes)
    return getattr(transformers, f"{kind}Model")(config)


def moved(module: torch.nn.Module) -> torch.nn.Module:
    """The module with what it has on the device. ``module.to`` doesn't do it for such tensors."""
    for part in module.modules():
        for name, each in part._parameters.items():
            if each is not None:
                there = torch.empty(each.shape, dtype=each.dtype, device=DEVICE)
                part._parameters[name] = torch.nn.Parameter(there)
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = torch.empty(buffer.shape, dtype=buffer.dtype, device=DEVICE)
    return module


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "Electra", "ModernBert"])
def test_everything_is_made_on_the_device(kind: str, sequences: Any) -> None:
    module = model(kind)
    with FakeTensorMode(allow_non_fake_inputs=True):
        check(Runner(moved(module), 0, DEVICE, 4096), sequences)


def check(runner: Runner, sequences: Any) -> None:
    last, backward = encode_for_training(runner, sequences, lambda: 2.0)
    assert last.device == DEVICE
    assert last.shape == (len(sequences.pieces), 16)
    backward(torch.ones_like(last))
    gradients = [each.grad for each in runner.module.parameters()]
    assert sum(each is not None for each in gradients) > len(gradients) / 2
    assert {each.device for each in gradients if each is not None} == {DEVICE}
    layers = encode(runner, sequences, hidden=True)
    assert {each.device for each in (layers.last, *layers.hidden)} == {DEVICE}
