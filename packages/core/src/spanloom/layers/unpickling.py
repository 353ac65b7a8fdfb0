"""Layers of thinc that hold a model of another library, and how their weights may be read."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from ..errors import SerializationError

if TYPE_CHECKING:
    from thinc.api import Model

__all__ = ["refuse_pickles"]

#: From here on, torch reads weights by an unpickler that makes nothing but tensors.
_SAFE_TORCH = (2, 6)


def refuse_pickles(model: Model[Any, Any]) -> None:
    """Raise :class:`SerializationError` for a model with a layer of thinc's whose weights would be
    unpickled, or read as a program: whoever wrote them could run code."""
    for node in model.walk():
        for shim in node.shims:
            kind = type(shim)
            if not kind.__module__.startswith("thinc.shims"):
                continue
            if kind.__name__ != "PyTorchShim" or _torch() < _SAFE_TORCH:
                safe = ".".join(map(str, _SAFE_TORCH))
                raise SerializationError(
                    f"weights of the layer '{node.name}' ({kind.__name__}) can't be read safely: "
                    f"of thinc's layers around other libraries, only those of PyTorch are read, "
                    f"with torch {safe} or later, which doesn't run what is in a file"
                )


def _torch() -> tuple[int, ...]:
    version = str(getattr(sys.modules.get("torch"), "__version__", "0"))
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
