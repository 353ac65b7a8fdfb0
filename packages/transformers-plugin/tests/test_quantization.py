"""int8: what it changes is measured first, and refused where it is too much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from thinc.api import Optimizer

import spanloom
from spanloom.errors import DataError, PipelineError
from spanloom_transformers import quantize
from spanloom_transformers.linear import Linear

from .support import tagged_examples

TEXT = "The fox jumps over dogs."


def vectors(nlp: Any, text: str = TEXT) -> Any:
    return nlp(text)._.trf_data.last_hidden_state


def test_a_rounded_layer_is_near_and_by_row() -> None:
    torch.manual_seed(0)
    layer = Linear(96, 40)
    x = torch.randn(2, 7, 96)
    with torch.inference_mode():
        plain = layer(x)
        layer.round_weights()
        rounded = layer(x)
        assert not torch.equal(plain, rounded)
        assert torch.linalg.norm(plain - rounded) < 0.02 * torch.linalg.norm(plain)
        assert torch.equal(layer(x[:1, :3] * 1.0), rounded[:1, :3])
        assert torch.isnan(layer(x * float("nan"))).all()
    layer.int8 = None
    assert torch.equal(layer(x).detach(), plain)


def test_int8_is_tried_kept_saved_and_taken_back_by_training(build: Any, tmp_path: Path) -> None:
    nlp = build()
    examples = tagged_examples(nlp)
    plain = vectors(nlp)
    found = quantize(nlp, examples, tolerance=0.5)
    assert found.speedup > 0 and found.cosine > 0.99
    before, after = found.scores["tag_acc"]
    assert found.loss == before - after
    assert "cosine" in str(found) and "tag_acc" in str(found)
    rounded = vectors(nlp)
    assert not np.array_equal(rounded, plain)
    np.testing.assert_allclose(rounded, plain, atol=0.1)
    nlp.to_disk(tmp_path / "int8")
    assert np.array_equal(vectors(spanloom.load(tmp_path / "int8")), rounded)
    batch = [
        doc._.trf_data.last_hidden_state for doc in nlp.pipe([TEXT, "A much longer text " * 9])
    ]
    np.testing.assert_allclose(batch[0], rounded, atol=0.05)
    nlp.update(examples, sgd=Optimizer(0.0))
    assert np.array_equal(vectors(nlp), plain)
    assert "int8" not in nlp.get_pipe("transformer").cfg


def test_too_much_loss_is_refused_and_changes_nothing(build: Any) -> None:
    nlp = build(heads=())
    plain = vectors(nlp)
    with pytest.raises(DataError, match="more than the tolerance of 0"):
        quantize(nlp, tagged_examples(nlp), tolerance=0.0)
    assert np.array_equal(vectors(nlp), plain)


def test_what_it_needs(build: Any) -> None:
    nlp = build()
    with pytest.raises(DataError, match="no examples"):
        quantize(nlp, [])
    with pytest.raises(PipelineError, match="isn't a transformer"):
        quantize(nlp, tagged_examples(nlp), name="tagger")
    with pytest.raises(DataError, match="no score 'ents_f'"):
        quantize(nlp, tagged_examples(nlp), scores=["ents_f"])
