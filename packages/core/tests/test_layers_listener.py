"""Listeners alone; the laws of sharing are tested with pipelines."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from thinc.api import chain, constant_then, warmup_linear

from spanloom import Batch, Doc, Vocab
from spanloom.errors import PipelineError
from spanloom.layers import (
    GradFactor,
    Tagger,
    Tok2VecListener,
    best_classes,
    find_listeners,
    grad_factor_of,
    step_grad_factors,
)
from spanloom.tokens.batch import Feature, FloatsList

VOCAB = Vocab("en")


def batch_with(backward: Any = None) -> Batch:
    batch = Batch([Doc(VOCAB, words=["a", "b"]), Doc(VOCAB, words=[]), Doc(VOCAB, words=["c"])])
    values = FloatsList(np.arange(6, dtype="f").reshape(3, 2), batch.lengths)
    batch.features["tok2vec"] = Feature("tok2vec", values, backward)
    return batch


def linked(**settings: Any) -> Any:
    listener = Tok2VecListener(**settings)
    listener.attrs["link"].producer = "tok2vec"
    return listener


def test_values_are_those_of_the_producer() -> None:
    batch = batch_with()
    assert linked().predict(batch) is batch.features["tok2vec"].values


@pytest.mark.parametrize(("factor", "expected"), [(1.0, 3.0), (0.5, 1.5), (2, 6.0)])
def test_gradients_are_scaled_and_summed(factor: float, expected: float) -> None:
    received: list[Any] = []
    batch = batch_with(received.append)
    listener = linked(grad_factor=factor)
    gradient = np.ones((3, 2), dtype="f")
    for scale in (1.0, 2.0):
        _, backprop = listener.begin_update(batch)
        assert backprop(FloatsList(gradient * scale, batch.lengths)) == []
    batch.backward()
    np.testing.assert_allclose(received[0], expected)
    np.testing.assert_array_equal(gradient, 1.0)


def test_factor_0_sends_nothing() -> None:
    received: list[Any] = []
    batch = batch_with(received.append)
    linked(grad_factor=0).begin_update(batch)[1](batch.features["tok2vec"].values)
    batch.backward()
    assert not received and batch.features["tok2vec"].gradient is None


def test_frozen_producer_takes_no_gradient() -> None:
    batch = batch_with()
    linked().begin_update(batch)[1](batch.features["tok2vec"].values)
    assert batch.features["tok2vec"].gradient is None


def test_schedule_moves_with_the_steps() -> None:
    listener = linked(grad_factor=constant_then(0.0, 2, iter([0.25, 0.5])))
    seen = []
    for _ in range(6):
        seen += [grad_factor_of(listener), grad_factor_of(listener)]
        step_grad_factors(chain(listener, linked()))
    assert seen == [0, 0, 0, 0, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]


def test_schedule_goes_on_where_it_was_saved() -> None:
    first = linked(grad_factor=warmup_linear(1.0, 10, 20))
    for _ in range(7):
        step_grad_factors(first)
    second = linked(grad_factor=warmup_linear(1.0, 10, 20)).from_bytes(first.to_bytes())
    assert grad_factor_of(second) == grad_factor_of(first) == pytest.approx(0.7)


def test_copied_schedules_are_independent() -> None:
    def numbers() -> Iterator[float]:
        yield from (1.0, 2.0, 3.0)

    first = GradFactor(numbers())
    assert first.at(0) == 1.0
    second = copy.deepcopy(first)
    assert [first.at(1), first.at(2)] == [2.0, 3.0]
    assert [second.at(0), second.at(1), second.at(2), second.at(9)] == [1.0, 2.0, 3.0, 3.0]


def test_a_copied_model_keeps_its_link() -> None:
    listener = linked(grad_factor=constant_then(0.5, 1, iter([1.0])))
    copied = listener.copy()
    step_grad_factors(listener)
    assert copied.attrs["link"].producer == "tok2vec"
    assert (grad_factor_of(copied), grad_factor_of(listener)) == (0.5, 1.0)


def test_listeners_are_found() -> None:
    listener = linked()
    model = Tagger(listener, 4)
    assert find_listeners(model) == [listener]
    assert find_listeners(model.layers[1]) == []


def test_not_linked() -> None:
    with pytest.raises(PipelineError, match="isn't linked"):
        Tok2VecListener(4).predict(batch_with())


@pytest.mark.parametrize("docs", [Batch([]), [], [Doc(VOCAB, words=["a"])]])
def test_producer_has_not_run(docs: Any) -> None:
    with pytest.raises(PipelineError, match="'tok2vec'.*hasn't run"):
        linked().predict(docs)


def test_width_can_wait() -> None:
    listener = linked()
    assert listener.has_dim("nO") is None
    model = Tagger(listener, 3)
    listener.set_dim("nO", 2)
    model.initialize(X=batch_with())
    assert model.get_ref("output_layer").get_dim("nI") == 2
    assert [y.shape for y in model.predict(batch_with())] == [(2, 3), (0, 3), (1, 3)]


@pytest.mark.parametrize("normalize", [True, False])
def test_best_classes(normalize: bool) -> None:
    model = Tagger(linked(width=2), 3, normalize=normalize)
    batch = batch_with()
    model.initialize(X=batch)
    output = model.get_ref("output_layer")
    output.set_param("W", np.array([[1, 0], [0, -1], [-1, 2]], dtype="f"))
    output.set_param("b", np.array([1, 0, 0.5], dtype="f"))
    scores = model.predict(batch)
    if normalize:
        np.testing.assert_allclose(np.concatenate(scores).sum(axis=1), 1.0, rtol=1e-5)
    expected = np.concatenate(scores).argmax(axis=1)
    np.testing.assert_array_equal(best_classes(model, batch), expected)
    trained = np.concatenate(model.begin_update(batch)[0])
    np.testing.assert_allclose(trained.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(trained.argmax(axis=1), expected)


def test_best_classes_of_nothing() -> None:
    model = Tagger(linked(width=2), 3)
    model.initialize()
    batch = Batch([Doc(VOCAB, words=[])])
    values = FloatsList(np.zeros((0, 2), dtype="f"), batch.lengths)
    batch.features["tok2vec"] = Feature("tok2vec", values)
    assert best_classes(model, batch).shape == (0,)
