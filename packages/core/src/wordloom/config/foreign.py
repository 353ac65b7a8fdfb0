"""Configs that were written for spaCy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .tree import leaves

__all__ = ["is_spacys"]


def is_spacys(config: Mapping[str, Any]) -> bool:
    """Whether a config names functions as spaCy does, and nothing by our names.

    Such a config can't be complete, since ours take arguments that spaCy's don't have. Their
    defaults do what spaCy does, so it may be filled without asking.
    """
    names = [
        value
        for path, value in leaves(config)
        if path.rpartition(".")[2].startswith("@") and isinstance(value, str)
    ]
    return any(name.startswith(("spacy.", "spacy-")) for name in names) and not any(
        name.startswith("wordloom") for name in names
    )
