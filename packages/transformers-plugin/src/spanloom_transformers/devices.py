"""Where a model computes, and how its arrays get to thinc: device belongs to the object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
import transformers

if TYPE_CHECKING:
    from spanloom.plugins import Report

__all__ = ["device_for", "report_devices", "to_array", "to_tensor", "used_params"]


def device_for(ops: Any, wanted: str = "") -> torch.device:
    """The device ``wanted``, as torch writes it, or where it's empty that of thinc's ``ops``."""
    if wanted:
        return torch.device(wanted)
    if ops.device_type == "gpu":
        return torch.device("cuda", ops.device_id)
    return torch.device("cpu")


def to_array(tensor: torch.Tensor, ops: Any) -> Any:
    """``tensor`` as an array of ``ops``: on the same device by its memory, else copied."""
    tensor = tensor.detach()
    if ops.device_type == "gpu" and tensor.is_cuda:
        return ops.xp.from_dlpack(tensor.contiguous())
    array = tensor.cpu().numpy()
    return ops.asarray(array) if ops.device_type == "gpu" else array


def to_tensor(array: Any, device: torch.device) -> torch.Tensor:
    """An array as a tensor on ``device``: on the same device by its memory, else copied."""
    if hasattr(array, "flags") and not getattr(array.flags, "writeable", True):
        array = array.copy()  # torch has no tensors that can't be written to
    tensor: torch.Tensor = torch.utils.dlpack.from_dlpack(array)
    return tensor.to(device)


@contextmanager
def used_params(owner: int, module: torch.nn.Module, params: Mapping[Any, Any]) -> Iterator[None]:
    """Inside a ``with`` block, the module has the arrays of ``params`` as those of its parameters
    that are there, by ``(owner, name)``."""
    kept: list[tuple[torch.nn.Parameter, torch.Tensor]] = []
    try:
        for name, parameter in module.named_parameters():
            if (owner, name) in params:
                kept.append((parameter, parameter.data))
                other = to_tensor(params[owner, name], parameter.device)
                parameter.data = other.view_as(parameter)
        yield
    finally:
        for parameter, data in kept:
            parameter.data = data


def report_devices(report: Report) -> None:
    """Versions, and a matrix product on each device that torch sees."""
    report.ok(f"torch {torch.__version__}, transformers {transformers.__version__}")
    names = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    for name in names:
        try:
            ones = torch.ones(8, 8, device=name)
            correct = float((ones @ ones).sum()) == 512.0
        except RuntimeError as error:
            report.error(f"device {name}: {error}", "check its driver and torch's build")
            continue
        if correct:
            report.ok(f"device {name} computes")
        else:
            report.error(f"device {name} computes wrong results", "check the hardware")
