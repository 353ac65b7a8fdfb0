"""Lets msgpack hold :class:`TransformerData`, so that documents can be saved with it.

srsly finds the two functions by entry points, and calls them for each thing that it doesn't know;
so this module imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["pack", "unpack"]

_MARK = "__spanloom_trf_data__"
_HOME = f"{__package__}.data"


def pack(obj: Any, chain: Callable[[Any], Any] | None = None) -> Any:
    """Transformer data as a dict; anything else goes on to ``chain``."""
    if type(obj).__module__ == _HOME and hasattr(obj, "to_dict"):
        return {_MARK: obj.to_dict()}
    return obj if chain is None else chain(obj)


def unpack(obj: Any, chain: Callable[[Any], Any] | None = None) -> Any:
    """Transformer data from the dict of :func:`pack`; anything else goes on to ``chain``."""
    if _MARK in obj:
        from .data import TransformerData

        return TransformerData.from_dict(obj[_MARK])
    return obj if chain is None else chain(obj)
