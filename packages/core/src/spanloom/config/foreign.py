"""Configs that were written for another library, whose names a dialect translates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugins.registries import registry
from .tree import leaves

__all__ = ["is_foreign"]


def is_foreign(config: Mapping[str, Any]) -> bool:
    """Whether a config names functions as another library does, and none by our names.

    Such a config can't be complete, since ours take arguments that theirs don't have. Their
    defaults do what that library does, so it may be filled without asking.
    """
    prefixes = {
        value.partition(".")[0]
        for path, value in leaves(config)
        if path.rpartition(".")[2].startswith("@") and isinstance(value, str)
    }
    ours = any(prefix.startswith("spanloom") for prefix in prefixes)
    return not ours and not prefixes.isdisjoint(registry.dialects.names())
