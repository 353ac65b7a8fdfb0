"""What of Python itself a module could change when it is imported."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any

__all__ = ["changes", "state"]


def state() -> dict[str, Any]:
    """What may be changed, by what it is called."""
    root = logging.getLogger()
    return {
        "sys.stdout": sys.stdout,
        "sys.stderr": sys.stderr,
        "sys.excepthook": sys.excepthook,
        "the recursion limit": sys.getrecursionlimit(),
        "the level of logging": root.level,
        "the handlers of logging": list(root.handlers),
        "warnings.showwarning": warnings.showwarning,
    }


def changes(before: dict[str, Any]) -> list[str]:
    """What was changed since `state` gave ``before``."""
    now = state()
    return [name for name, value in before.items() if now[name] != value]
