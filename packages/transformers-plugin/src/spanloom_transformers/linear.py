"""Linear layers that compute by oneDNN on CPUs where torch's own choice is slow.

On CPUs torch multiplies matrices in fp32 by MKL, which on those of AMD doesn't use AVX-512. oneDNN,
which torch has on board for other types, takes the widest instructions there are: where there are
such, it is used. Elsewhere it is no faster, and its backward pass slower. The results are those of
torch but for rounding in fp32.

For int8 see :mod:`~spanloom_transformers.quantization`.
"""

from __future__ import annotations

import platform
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

import torch
from torch.autograd.function import once_differentiable

__all__ = ["Linear", "plain_linear", "preferred", "replace_linear", "usable"]


class Linear(torch.nn.Linear):
    """``torch.nn.Linear`` that takes oneDNN's product where it is faster: for fp32 on the CPU,
    outside autocast. Its parameters are the same.

    Where ``int8`` is set, inference multiplies by those weights instead: integers, shape ``(in,
    out)``, and a scale for each output. Inputs are rounded to integers by row, so that what a text
    gives doesn't depend on its batch.
    """

    int8: tuple[torch.Tensor, torch.Tensor] | None = None

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """``input @ weight.T + bias``, shape ``(..., out)``."""
        if (
            input.dtype is not torch.float32
            or input.device.type != "cpu"
            or self.weight.dtype is not torch.float32
            or input.dim() < 2
            or not input.numel()
            or torch.is_autocast_enabled("cpu")
            or not usable()
        ):
            return super().forward(input)
        if self.int8 is not None and not torch.is_grad_enabled():
            return self._rounded(input, *self.int8)
        if not preferred():
            return super().forward(input)
        if torch.is_grad_enabled():
            # Others may write into what they get, as Longformer does, which autograd forbids for a
            # view that a function of ours made: the function sees rows, and the view is torch's.
            rows = input.reshape(-1, input.shape[-1])
            result = _Product.apply(rows, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return cast(torch.Tensor, result).view(*input.shape[:-1], self.out_features)
        return _product(input, self.weight, self.bias)

    def round_weights(self) -> None:
        """Set ``int8`` from the weights as they are now."""
        weight = self.weight.detach()
        scales = _scales(weight)
        rounded = torch.div(weight, scales).round_().to(torch.int8)
        self.int8 = rounded.t(), scales[:, 0]

    def _rounded(
        self, input: torch.Tensor, weight: torch.Tensor, scales: torch.Tensor
    ) -> torch.Tensor:
        flat = input.reshape(-1, input.shape[-1])
        by_row = _scales(flat)
        rounded = torch.div(flat, by_row).round_().to(torch.int8)
        output = torch._int_mm(rounded, weight).float().mul_(by_row).mul_(scales)
        if self.bias is not None:
            output += self.bias
        return output.view(*input.shape[:-1], self.out_features)


def _scales(matrix: torch.Tensor) -> torch.Tensor:
    """What each row is divided by to lie between -127 and 127, shape ``(rows, 1)``."""
    return matrix.abs().amax(1, keepdim=True).clamp_min_(1e-12).div_(127)


class _Product(torch.autograd.Function):
    """The same of rows, with gradients, which are products themselves."""

    @staticmethod
    def forward(
        ctx: Any, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(input, weight)
        return _product(input, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        rows, weight = ctx.saved_tensors
        wants_input, wants_weight, wants_bias = ctx.needs_input_grad
        return (
            _product(gradient, weight.t(), None) if wants_input else None,
            _product(gradient.t(), rows.t(), None) if wants_weight else None,
            gradient.sum(0) if wants_bias else None,
        )


def _product(input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    # What torch's own compiler calls for a linear layer; either operand may be transposed.
    return cast(
        torch.Tensor, torch.ops.mkldnn._linear_pointwise(input, weight, bias, "none", [], "")
    )


@lru_cache(maxsize=1)
def usable() -> bool:
    """Whether this torch has oneDNN's product and it is right, which is tried once."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    x = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    weight, bias = torch.arange(20, dtype=torch.float32).reshape(5, 4) - 9, torch.ones(5)
    try:
        with torch.no_grad():
            plain = torch.equal(_product(x, weight, bias), x @ weight.t() + 1)
            turned = torch.equal(_product(x.reshape(-1, 4).t(), weight.new_ones(7, 6), None),
                                 x.reshape(-1, 4).t() @ weight.new_ones(6, 7))  # fmt: skip
    except (AttributeError, RuntimeError):
        return False
    return plain and turned


@lru_cache(maxsize=1)
def preferred() -> bool:
    """Whether oneDNN has wider instructions than MKL takes: on CPUs of AMD with AVX-512. Told by
    the CPU and not by a clock, so that results are the same in each process."""
    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return wide and "AuthenticAMD" in _vendor()


def _vendor() -> str:
    if platform.system() == "Linux":
        with suppress(OSError), open("/proc/cpuinfo", encoding="utf8", errors="replace") as file:
            return next((line for line in file if line.startswith("vendor_id")), "")
    return platform.processor()


def replace_linear(module: torch.nn.Module) -> None:
    """Put a :class:`Linear` with the same parameters for each linear layer inside ``module``."""
    for parent in list(module.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is torch.nn.Linear and not layer._forward_hooks:
                setattr(parent, name, _like(layer, Linear))


def _like(layer: torch.nn.Linear, kind: type[torch.nn.Linear]) -> torch.nn.Linear:
    twin = kind(layer.in_features, layer.out_features, layer.bias is not None, device="meta")
    twin.weight, twin.bias = layer.weight, layer.bias
    return twin.train(layer.training)


def plain_linear(module: torch.nn.Module) -> None:
    """Put torch's own linear layer, with the same parameters, for each of ours."""
    for parent in list(module.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is Linear:
                setattr(parent, name, _like(layer, torch.nn.Linear))
