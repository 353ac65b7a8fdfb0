"""Linear layers by oneDNN: the results of torch's own, forward and backward."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom_transformers import linear
from spanloom_transformers.linear import Linear, preferred, replace_linear, usable

needs_kernel = pytest.mark.skipif(not usable(), reason="this torch has no oneDNN for this CPU")


@pytest.fixture(autouse=True, scope="module")
def _taken() -> Iterator[None]:
    """oneDNN's product is taken on CPUs where it is no faster, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linear, "preferred", lambda: True)
        yield


def test_where_it_is_no_faster_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, fast = twins(40, 33)
    x = torch.randn(7, 40)
    monkeypatch.setattr(linear, "_product", None)  # a call would fail
    monkeypatch.setattr(linear, "preferred", lambda: False)
    assert torch.equal(fast(x), plain(x))
    with torch.inference_mode():
        assert torch.equal(fast(x), plain(x))


def test_the_cpu_says_which_is_faster() -> None:
    wide = torch.backends.cpu.get_cpu_capability() == "AVX512"
    assert preferred() <= wide
    assert preferred() == preferred.__wrapped__()


def twins(width: int, out: int, bias: bool = True) -> tuple[torch.nn.Linear, Any]:
    torch.manual_seed(0)
    plain = torch.nn.Linear(width, out, bias)
    holder = torch.nn.Sequential(copy.deepcopy(plain))
    replace_linear(holder)
    assert type(holder[0]) is Linear
    return plain, holder[0]


@needs_kernel
@settings(max_examples=25, deadline=None)
@given(
    shape=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    width=st.integers(1, 40),
    out=st.integers(1, 40),
    bias=st.booleans(),
)
def test_output_and_gradients_are_those_of_torch(
    shape: list[int], width: int, out: int, bias: bool
) -> None:
    plain, fast = twins(width, out, bias)
    x = torch.randn(*shape, width)
    inputs = [x.clone().requires_grad_(), x.clone().requires_grad_()]
    outputs = [layer(each) for layer, each in zip((plain, fast), inputs)]
    torch.testing.assert_close(outputs[1], outputs[0])
    gradient = torch.randn_like(outputs[0])
    for output in outputs:
        output.backward(gradient)
    torch.testing.assert_close(inputs[1].grad, inputs[0].grad)
    for name, parameter in plain.named_parameters():
        # Sums of up to 729 products, added in another order.
        found = fast.get_parameter(name).grad
        torch.testing.assert_close(found, parameter.grad, rtol=1e-4, atol=1e-4)
    with torch.inference_mode():
        torch.testing.assert_close(fast(x), plain(x))


def test_a_gradient_that_isn_t_wanted_isn_t_computed() -> None:
    _plain, fast = twins(6, 5)
    fast.weight.requires_grad_(False)
    x = torch.randn(4, 6, requires_grad=True)
    fast(x).sum().backward()
    assert fast.weight.grad is None and fast.bias.grad is not None
    fast.bias.requires_grad_(False)
    assert not fast(x.detach()).requires_grad


def test_it_follows_its_weights_at_once() -> None:
    plain, fast = twins(6, 5)
    x = torch.randn(3, 6)
    fast(x)
    fast.weight.data.numpy()[:] += 1  # as thinc's optimizer does
    plain.weight.data += 1
    torch.testing.assert_close(fast(x), plain(x))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_types_go_to_torch(dtype: torch.dtype) -> None:
    plain, fast = twins(6, 5)
    x = torch.randn(3, 6, dtype=dtype)
    assert torch.equal(fast.to(dtype)(x), plain.to(dtype)(x))
    single = torch.randn(6)
    assert torch.equal(fast.float()(single), plain.float()(single))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert fast(torch.randn(3, 6)).dtype is torch.bfloat16
    assert fast(torch.zeros(0, 6)).shape == (0, 5)


def test_parameters_names_and_hooks_stay() -> None:
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 4), torch.nn.Sequential(torch.nn.Linear(4, 2, bias=False))
    )
    hooked = torch.nn.Linear(2, 2)
    hooked.register_forward_hook(lambda *_: None)
    model.append(hooked)
    before = dict(model.named_parameters())
    replace_linear(model)
    after = dict(model.named_parameters())
    assert before.keys() == after.keys()
    assert all(before[name] is after[name] for name in before)
    assert type(model[2]) is torch.nn.Linear


def test_a_pipeline_has_them(build: Any) -> None:
    module = build().get_pipe("transformer").model.shims[0].module
    kinds = {type(layer) for layer in module.modules() if isinstance(layer, torch.nn.Linear)}
    assert kinds == {Linear}
