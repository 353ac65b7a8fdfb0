"""Pretraining for Spanloom: start an encoder from what raw text teaches.

Importing this package imports nothing else: each public name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .corpus import JsonlCorpus
    from .loop import PretrainStep, pretrain_steps
    from .objectives import ClozeTask, PretrainCharacters, PretrainVectors
    from .run import PretrainResult, pretrain
    from .settings import Settings, read_settings

__version__ = "0.1.0"

_HOMES = {
    "ClozeTask": "objectives",
    "JsonlCorpus": "corpus",
    "PretrainCharacters": "objectives",
    "PretrainResult": "run",
    "PretrainStep": "loop",
    "PretrainVectors": "objectives",
    "Settings": "settings",
    "pretrain": "run",
    "pretrain_steps": "loop",
    "read_settings": "settings",
}

__all__ = [
    "ClozeTask",
    "JsonlCorpus",
    "PretrainCharacters",
    "PretrainResult",
    "PretrainStep",
    "PretrainVectors",
    "Settings",
    "__version__",
    "pretrain",
    "pretrain_steps",
    "read_settings",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'spanloom_pretrain' has no attribute '{name}'") from None
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
