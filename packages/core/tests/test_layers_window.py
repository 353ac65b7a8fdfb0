"""Window encoders against thinc's own layers, which share their weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import Model, Ragged, with_array

from spanloom.errors import ConfigError
from spanloom.layers import MaxoutWindowEncoder, MishWindowEncoder, window
from spanloom.tokens.batch import FloatsList

from .support import slope

ENCODERS = {
    "maxout": lambda: MaxoutWindowEncoder(6, 1, 3, 3),
    "two_pieces": lambda: MaxoutWindowEncoder(6, 1, 2, 1),
    "wide": lambda: MaxoutWindowEncoder(6, 3, 3, 2),
    "none": lambda: MaxoutWindowEncoder(6, 0, 3, 2),
    "mish": lambda: MishWindowEncoder(6, 2, 2),
}
encoders = pytest.mark.parametrize("name", ENCODERS)


def build(name: str) -> Model[Any, Any]:
    model = ENCODERS[name]()
    model.initialize()
    rng = np.random.default_rng(0)
    for node in model.walk():
        for param in node.param_names:
            shape = node.get_param(param).shape
            node.set_param(param, rng.normal(0, 0.5, shape).astype("float32"))
    return model


def arrays(lengths: list[int], seed: int = 0) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, 6)).astype("float32") for length in lengths]


def thincs(model: Model[Any, Any], pad: int = 0) -> Model[Any, Any]:
    """The same nodes, run by thinc's forward functions."""
    return with_array(model.layers[0], pad=pad)


def reach(model: Model[Any, Any]) -> int:
    blocks = sum(node.has_dim("nO") is True and "W" in node.param_names for node in model.walk())
    sizes = [n.attrs["window_size"] for n in model.walk() if "window_size" in n.attrs]
    return blocks * sizes[0]


@encoders
@settings(max_examples=25, deadline=None)
@given(lengths=st.lists(st.integers(0, 8), max_size=6))
def test_far_from_edges_and_alone_it_is_thincs(name: str, lengths: list[int]) -> None:
    """One document after another: thinc's layer, each window cut at the document's edges by
    running it layer by layer on ragged arrays."""
    model = build(name)
    Xs = arrays(lengths)
    for X, Y in zip(Xs, model.predict(Xs)):
        if not len(X):
            continue
        expected = X
        for convolution in window._convolutions(model.layers[0]):
            expand, block = convolution.layers
            ragged = Ragged(expected, np.array([len(X)], dtype="i"))
            expected = expected + block.predict(expand.predict(ragged).dataXd)
        np.testing.assert_allclose(Y, expected, rtol=1e-4, atol=1e-4)


@encoders
def test_padding_gives_what_thinc_gives(name: str) -> None:
    model = build(name)
    pad = max(reach(model), 1)
    model.attrs["pad"] = pad
    other = thincs(model, pad)
    Xs = arrays([5, 1, 0, 12, 3])
    for ours, expected in zip(model.predict(Xs), other.predict(Xs)):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)
    dYs = arrays([5, 1, 0, 12, 3], seed=1)
    gradients = []
    for side in (model, other):
        for node in model.walk():
            for param in node.grad_names:
                node.get_grad(param)[...] = 0.0
        dXs = side.begin_update(Xs)[1]([dY.copy() for dY in dYs])
        gradients.append([n.get_grad(p).copy() for n in model.walk() for p in n.grad_names])
        gradients[-1].extend(dXs)
    for a, b in zip(*gradients):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


@encoders
def test_tokens_far_from_the_edges_do_not_depend_on_padding(name: str) -> None:
    model = build(name)
    Xs = arrays([4, 20, 17])
    plain = model.predict(Xs)
    far = reach(model)
    model.attrs["pad"] = far
    for a, b in zip(plain, model.predict(Xs)):
        inner = slice(far, len(a) - far)
        np.testing.assert_allclose(a[inner], b[inner], rtol=1e-5, atol=1e-5)


@encoders
def test_gradient_of_the_input(name: str) -> None:
    model = build(name)
    for node in model.walk():
        for param in node.param_names:
            node.set_param(param, node.get_param(param).astype("float64"))
    Xs = [X.astype("float64") for X in arrays([3, 0, 1, 7])]
    weights = [np.random.default_rng(i).normal(size=X.shape) for i, X in enumerate(Xs)]
    _, backprop = model.begin_update(Xs)
    dXs = backprop(weights)

    def loss() -> float:
        return float(sum((Y * w).sum() for Y, w in zip(model.predict(Xs), weights)))

    for X, dX in zip(Xs, dXs):
        for place in range(0, X.size, 5):
            wanted = pytest.approx(slope(loss, X, place), rel=1e-4, abs=1e-6)
            assert dX.flat[place] == wanted


@encoders
@pytest.mark.parametrize("lengths", [[90], [10] * 9, [0, 3, 60, 0, 1, 1, 40]])
def test_chunks_change_nothing(
    name: str, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build(name)
    Xs = arrays(lengths)
    whole = np.concatenate(model.predict(Xs))
    for size in (1, 7, 16, 44):
        monkeypatch.setattr(window, "_CHUNK", size)
        np.testing.assert_allclose(np.concatenate(model.predict(Xs)), whole, rtol=1e-4, atol=1e-5)


@encoders
def test_flat_lists_and_ragged_come_back_as_they_went_in(name: str) -> None:
    model = build(name)
    Xs = arrays([3, 2])
    flat = np.concatenate(Xs)
    expected = model.predict(Xs)
    assert isinstance(expected, FloatsList)
    as_flat_list = model.predict(FloatsList(flat, np.array([3, 2])))
    ragged, backprop = model.begin_update(Ragged(flat, np.array([3, 2], dtype="i")))
    np.testing.assert_array_equal(as_flat_list.flat, expected.flat)
    np.testing.assert_allclose(ragged.dataXd, expected.flat, rtol=1e-5, atol=1e-6)
    assert backprop(ragged).dataXd.shape == flat.shape
    np.testing.assert_allclose(model.predict(flat[:3]), expected[0], rtol=1e-5, atol=1e-6)


def test_backprop_of_a_prediction_is_an_error() -> None:
    model = build("maxout")
    outputs, backprop = model(arrays([3]), is_train=False)
    with pytest.raises(RuntimeError, match="begin_update"):
        backprop(outputs)


@pytest.mark.parametrize("sizes", [(0, 1, 3, 2), (6, -1, 3, 2), (6, 1, 0, 2), (6, 1, 3, 0)])
def test_sizes_that_cannot_be(sizes: tuple[int, int, int, int]) -> None:
    with pytest.raises(ConfigError, match="give a number from"):
        MaxoutWindowEncoder(*sizes)
