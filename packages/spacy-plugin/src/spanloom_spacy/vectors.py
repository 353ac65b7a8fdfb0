"""Opening tables of vectors by the name that spaCy's configs have for it."""

from __future__ import annotations

from typing import Any

from spanloom.plugins.registries import registry

__all__ = ["vectors_v1"]


def vectors_v1() -> Any:
    """What opens tables, with the settings that spaCy's function of this name has: none. It is that
    of spanloom-vectors; raises :class:`~spanloom.errors.UnknownNameError` without it."""
    return registry.vectors.get("spanloom.Vectors.v1")()
