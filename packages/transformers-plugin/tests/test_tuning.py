"""What is trained, and how fast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from thinc.api import Optimizer

import spanloom
from spanloom.errors import ConfigError, SerializationError
from spanloom_transformers.scaler import LossScale
from spanloom_transformers.tuning import layer_of

from .support import tagged_examples, transformer_block, unlisted


def parameters(nlp: Any) -> dict[str, np.ndarray]:
    module = nlp.get_pipe("transformer").model.shims[0].module
    return {name: value.detach().numpy().copy() for name, value in module.named_parameters()}


def changed(nlp: Any, steps: int = 3, rate: float = 0.01) -> set[str]:
    before = parameters(nlp)
    sgd = Optimizer(rate)
    for _ in range(steps):
        nlp.update(tagged_examples(nlp), sgd=sgd)
    after = parameters(nlp)
    return {name for name in before if not np.array_equal(before[name], after[name])}


@pytest.mark.parametrize(
    ("freeze", "kept"),
    [
        ("embeddings", lambda name: layer_of(name) is None),
        ("0", lambda name: layer_of(name) == 0),
        ("embeddings, 0-1", lambda name: True),
        ("attention", lambda name: "attention" in name),
        ("all", lambda name: True),
    ],
)
def test_frozen_parts_stay(freeze: str, kept: Any, build: Any) -> None:
    nlp = build(freeze=freeze)
    moved = changed(nlp)
    assert not any(kept(name) for name in moved)
    trained = [name for name in parameters(nlp) if not kept(name)]
    assert bool(moved) == bool(trained)


def test_a_part_that_isn_t_there(build: Any) -> None:
    with pytest.raises(ConfigError, match="nothing in the model is meant by '7'"):
        build(freeze="embeddings,7")


def test_learning_rates_by_name_and_layer(build: Any) -> None:
    nlp = build(learn_rates={"bias": 0.0}, layer_decay=0.5)
    scales = nlp.get_pipe("transformer").model.shims[0]._rates
    assert scales["encoder.layer.1.output.dense.weight"] == 1.0
    assert scales["encoder.layer.0.output.dense.weight"] == 0.5
    assert scales["embeddings.word_embeddings.weight"] == 0.25
    moved = changed(nlp)
    assert moved and not any("bias" in name for name in moved)


def test_checkpointing_gives_the_same_gradients(build: Any) -> None:
    found = []
    for checkpointing in (False, True):
        nlp = build(gradient_checkpointing=checkpointing)
        output = nlp.get_pipe("tagger").model.get_ref("output_layer")
        shape = output.get_param("W").shape
        output.set_param("W", np.random.default_rng(0).normal(size=shape).astype("f"))
        nlp.update(tagged_examples(nlp), sgd=False)
        module = nlp.get_pipe("transformer").model.shims[0].module
        found.append(
            {n: p.grad.numpy() for n, p in module.named_parameters() if p.grad is not None}
        )
    assert found[0].keys() == found[1].keys()
    for name, value in found[0].items():
        np.testing.assert_allclose(value, found[1][name], atol=1e-5, rtol=1e-3)


def test_lora_trains_adapters_only(build: Any, tmp_path: Path) -> None:
    pytest.importorskip("peft")
    settings = {"r": 2, "lora_alpha": 4, "target_modules": ["query", "value"]}
    nlp = build(lora=settings)
    moved = changed(nlp, steps=4)
    assert moved and all("lora_" in name for name in moved)
    expected = nlp("The fox jumps")._.trf_data.tensors[0]
    nlp.to_disk(tmp_path / "saved")
    again = spanloom.load(tmp_path / "saved")
    np.testing.assert_allclose(again("The fox jumps")._.trf_data.tensors[0], expected, atol=1e-5)
    nlp.get_pipe("transformer").save_adapters(tmp_path / "alone.safetensors")
    fresh = build(lora=settings)
    fresh.get_pipe("transformer").load_adapters(tmp_path / "alone.safetensors")
    np.testing.assert_allclose(fresh("The fox jumps")._.trf_data.tensors[0], expected, atol=1e-5)
    nlp.get_pipe("transformer").merge_adapters()
    nlp.to_disk(tmp_path / "merged")
    assert not (tmp_path / "merged" / "transformer" / "model" / "adapters.safetensors").exists()
    for merged in (nlp, spanloom.load(tmp_path / "merged")):
        tensor = merged("The fox jumps")._.trf_data.tensors[0]
        np.testing.assert_allclose(tensor, expected, atol=1e-5)
    other = build(lora={**settings, "r": 3}).get_pipe("transformer")
    with pytest.raises(SerializationError, match="adapters aren't those"):
        other.load_adapters(tmp_path / "alone.safetensors")


def test_loss_scale() -> None:
    import torch

    scale = LossScale({"init_scale": 8.0, "growth_interval": 2})
    assert scale.start(torch.bfloat16) == 1.0 and scale.unscale([])
    gradient = torch.full((2,), 8.0)
    assert scale.start(torch.float16) == 8.0
    assert scale.unscale([gradient]) and gradient.tolist() == [1.0, 1.0]
    scale.start(torch.float16)
    assert not scale.unscale([torch.tensor([float("inf")])])
    assert scale.factor == 4.0
    for _ in range(2):
        scale.start(torch.float16)
        assert scale.unscale([gradient])
    assert scale.factor == 8.0
    with pytest.raises(ConfigError, match="there is no scale"):
        LossScale({"scale": 1})


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"transformer_config": {"hiden_size": 3}}, "transformer_config"),
        ({"transformer_config": {"attn_implementation": "flash_attention_2"}}, "model."),
    ],
)
def test_what_transformers_refuses_is_told_with_the_setting(
    build: Any, settings: dict[str, Any], where: str
) -> None:
    with pytest.raises(ConfigError, match=where):
        build(**settings)


def test_a_folder_that_is_not_there_is_not_asked_for_at_the_hub(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    for name in ("models/nope", "./nope", str(tmp_path / "x"), "../nope"):
        nlp = spanloom.blank("en")
        nlp.add_pipe("transformer", config=transformer_block(name))
        with pytest.raises(ConfigError, match="there is no folder"):
            nlp.initialize()


def test_damaged_weights_are_an_error_of_ours(build: Any, tmp_path: Any) -> None:
    build().to_disk(tmp_path / "saved")
    path = tmp_path / "saved" / "transformer" / "model" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SerializationError, match="can't read"):
        spanloom.load(unlisted(tmp_path / "saved"))
