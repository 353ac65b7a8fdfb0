"""What the modules of engines share."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from spanloom.errors import SpanloomError

__all__ = ["engine_package"]


def engine_package(name: str, extra: str) -> Any:
    """A package of an engine. Raises :class:`SpanloomError` with the line that installs it if it
    isn't there."""
    try:
        return import_module(name)
    except ImportError as error:
        raise SpanloomError(
            f"{name} isn't installed: pip install 'spanloom-scale[{extra}]'"
        ) from error
