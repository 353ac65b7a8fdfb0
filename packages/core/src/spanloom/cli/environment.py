"""``spanloom info --env``: what a report of a fault should say of the environment."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ..plugins.describe import describe
from ..plugins.index import current
from ..plugins.processes import environment

__all__ = ["environment_facts"]

_PACKAGES = (
    "blis",
    "catalogue",
    "click",
    "confection",
    "cupy-cuda12x",
    "cupy-cuda13x",
    "numpy",
    "pluggy",
    "pydantic",
    "srsly",
    "thinc",
    "torch",
    "transformers",
)
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "HF_HOME", "HF_ENDPOINT", "OMP_NUM_THREADS")


def environment_facts() -> dict[str, Any]:
    """Python, machine, distributions, packages, variables, and what computed on each device.

    Plugins are asked in a process of their own, where each device runs a kernel.
    """
    findings = environment()
    return {
        "python": f"{platform.python_version()} at {sys.executable}",
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "memory": _memory(),
        "distributions": {
            each.dist: f"{each.version}, {each.state}" + (f": {each.reason}" if each.reason else "")
            for each in describe(current())
        },
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "variables": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith("SPANLOOM_") or name in _VARIABLES
        },
        "checks": [asdict(each) for each in findings],
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _memory() -> str:
    """The machine's memory, where the system tells."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "?"
    return f"{size / 2**30:.1f} GiB"
