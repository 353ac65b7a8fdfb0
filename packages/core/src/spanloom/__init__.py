"""Spanloom: natural language processing that is installed piece by piece.

Importing this package imports nothing else: each public name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batch import Batch
    from .config import Config
    from .example import Example
    from .lexicon import Lexeme
    from .pipeline import Pipeline, blank, load
    from .registries import registry
    from .strings import StringStore
    from .tokens import Doc, Span, Token
    from .training import train
    from .vocab import Vocab

__version__ = "0.1.0"

_HOMES = {
    "Batch": "batch",
    "Config": "config",
    "Doc": "tokens",
    "Example": "example",
    "Lexeme": "lexicon",
    "Pipeline": "pipeline",
    "Span": "tokens",
    "StringStore": "strings",
    "Token": "tokens",
    "Vocab": "vocab",
    "blank": "pipeline",
    "load": "pipeline",
    "registry": "registries",
    "train": "training",
}

__all__ = [
    "Batch",
    "Config",
    "Doc",
    "Example",
    "Lexeme",
    "Pipeline",
    "Span",
    "StringStore",
    "Token",
    "Vocab",
    "__version__",
    "blank",
    "load",
    "registry",
    "train",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'spanloom' has no attribute '{name}'") from None
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
