"""Where to compute: plugins are asked first, then thinc."""

from __future__ import annotations

import sys
from typing import Literal

from ..errors import PluginError, TrainingError
from ..io.late_torch import import_torch
from ..plugins import Device, DeviceRequest, manager

__all__ = ["ALLOCATORS", "use_allocator", "use_device"]

#: Libraries whose pool of GPU memory CuPy can share.
ALLOCATORS = ("pytorch", "tensorflow")


def use_device(kind: Literal["cpu", "gpu", "auto"] = "auto", gpu_id: int = 0) -> Device:
    """Compute there from now on: on the CPU, on the GPU of that number, or (``"auto"``) on the GPU
    if there is one. Returns what was chosen.

    A plugin may choose otherwise (the hook ``select_device``); the first answer counts. Raises
    :class:`TrainingError` where there is no GPU to use, and :class:`PluginError` if a plugin chose
    what thinc doesn't know.
    """
    request = DeviceRequest(kind, gpu_id)
    device = manager().first("select_device", request=request) or _choice(request)
    if device.gpu_id is not None:
        _use_gpu(device.gpu_id)
        return device
    from thinc.api import get_ops, set_current_ops

    try:
        # thinc calls the fastest that there is for the processor "cpu".
        set_current_ops(get_ops("cpu" if device.ops == "numpy" else device.ops))
    except ValueError as error:
        raise PluginError(
            f"a plugin chose the device {device}, whose ops thinc doesn't have: {error}"
        ) from error
    return device


def _choice(request: DeviceRequest) -> Device:
    if request.kind != "cpu" and sys.platform == "darwin":
        import_torch()  # which knows the GPU of a Mac
    from thinc.compat import has_cupy_gpu, has_gpu

    if request.kind == "cpu" or (request.kind == "auto" and not has_gpu):
        return Device("numpy", None, "no GPU can be used" if request.kind == "auto" else "")
    return Device("cupy" if has_cupy_gpu else "mps", request.gpu_id)


def _use_gpu(gpu_id: int) -> None:
    from thinc.api import require_gpu

    import_torch()  # thinc chooses its GPU, too, and its kind on a Mac is torch's

    try:
        require_gpu(gpu_id)
    except ValueError as error:
        raise TrainingError(
            f"GPU {gpu_id} can't be used: {error}. Install the CuPy package for your CUDA version, "
            f"or leave --gpu-id out to compute on the CPU."
        ) from error


def use_allocator(name: str | None) -> None:
    """Let CuPy take its memory from the pool of another library, one of :data:`ALLOCATORS`, so that
    two pools don't compete for the memory of one GPU. ``None`` changes nothing, and neither does
    anything where CuPy isn't what computes.

    Raises :class:`TrainingError` for a library that CuPy can't share a pool with.
    """
    if name is None:
        return
    if name not in ALLOCATORS:
        raise TrainingError(
            f"gpu_allocator is '{name}': use one of {', '.join(ALLOCATORS)}, or null for CuPy's own"
        )
    from thinc.api import CupyOps, get_current_ops, set_gpu_allocator

    if isinstance(get_current_ops(), CupyOps):
        import_torch()
        set_gpu_allocator(name)
