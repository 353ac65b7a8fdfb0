"""Spanloom: natural language processing that is installed piece by piece.

Importing this package imports nothing else: each public name is loaded when it is first used.
"""

from __future__ import annotations

from .io.late_torch import hold_back_torch
from .io.lazy import lazy_names

__version__ = "0.1.0"

hold_back_torch()

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "config": ["Config"],
        "examples": ["Example"],
        "pipeline": ["Pipeline", "blank", "load"],
        "plugins.registries": ["registry"],
        "tokens": ["Doc", "Span", "Token"],
        "tokens.batch": ["Batch"],
        "training": ["train"],
        "vocab": ["Lexeme", "StringStore", "Vocab"],
    },
    "__version__",
)
