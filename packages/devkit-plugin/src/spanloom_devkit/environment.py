"""Core's own part of ``check_environment``: versions that don't go together, and devices."""

from __future__ import annotations

import shutil
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanloom.plugins.tables import Report

__all__ = ["report_environment"]


def report_environment(report: Report) -> None:
    """Report thinc's line, and whether NumPy and CuPy compute what they should."""
    _versions(report)
    _numpy(report)
    _cupy(report)


def _versions(report: Report) -> None:
    thinc = version("thinc")
    if thinc.startswith("9."):
        report.error(
            f"thinc {thinc} is of a line that ended, although its number is higher",
            'pip install "thinc>=8.3.14,<8.4"',
        )
    else:
        report.ok(f"thinc {thinc}, confection {version('confection')}")


def _numpy(report: Report) -> None:
    import numpy as np

    start = time.perf_counter()
    size = 256
    product = np.ones((size, size), dtype="f") @ np.ones((size, size), dtype="f")
    spent = 1e3 * (time.perf_counter() - start)
    if not (product == size).all():
        report.error("NumPy multiplies matrices wrongly", "pip install --force-reinstall numpy")
    else:
        report.ok(
            f"CPU: NumPy {np.__version__} multiplied {size}x{size} matrices in {spent:.1f} ms"
        )


def _cupy(report: Report) -> None:
    card = shutil.which("nvidia-smi")
    try:
        import cupy
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == "cupy"
        if not absent:
            report.error(f"CuPy is installed and can't be imported: {error}")
        elif card:
            report.warning(
                "there is a GPU, but no CuPy to use it", 'pip install "spanloom[cuda12x]"'
            )
        else:
            report.ok("no GPU (no CuPy, no driver)")
        return
    try:
        total = int(cupy.arange(1000).sum())
        device = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    except Exception as error:
        # CuPy has a class of errors for each library that it calls.
        report.error(
            f"CuPy {cupy.__version__} can't run a kernel: {type(error).__name__}: {error}",
            "install the CuPy that fits the driver: cupy-cuda12x or cupy-cuda13x",
        )
        return
    if total != 499_500:
        report.error(f"the GPU {device} computes wrongly: {total} instead of 499500")
    else:
        report.ok(f"GPU: CuPy {cupy.__version__} ran a kernel on {device}{_beside_torch()}")


def _beside_torch() -> str:
    try:
        return f" beside torch {version('torch')}"
    except PackageNotFoundError:
        return ""
