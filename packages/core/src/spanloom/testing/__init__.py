"""The conformance kit: whether a plugin does what Spanloom expects of it.

Without writing anything::

    pytest --spanloom-conformance=loom-weave

checks all that an installed distribution offers. What a name needs to be built, and what it can't
do, the distribution's ``pyproject.toml`` may say, in a table
``[tool.spanloom.conformance."REGISTRY/NAME"]`` with the keys ``config`` and ``unsupported``. Where
that isn't enough, a class in the author's own tests derives from the base class of the registry::

    class TestMyTagger(ComponentConformance):
        name = "my_tagger"
        config = {"width": 8}

Importing this module imports neither pytest nor anything heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .architecture import ArchitectureConformance
    from .base import Conformance, NameConformance
    from .component import ComponentConformance
    from .distribution import DistributionConformance
    from .others import (
        BatcherConformance,
        LanguageConformance,
        ReaderConformance,
        ScorerConformance,
        SpanGetterConformance,
        TokenizerConformance,
    )
    from .suite import Check, checks_of

_HOMES = {
    "ArchitectureConformance": "architecture",
    "BatcherConformance": "others",
    "Check": "suite",
    "ComponentConformance": "component",
    "Conformance": "base",
    "DistributionConformance": "distribution",
    "LanguageConformance": "others",
    "NameConformance": "base",
    "ReaderConformance": "others",
    "ScorerConformance": "others",
    "SpanGetterConformance": "others",
    "TokenizerConformance": "others",
    "checks_of": "suite",
}

__all__ = [
    "ArchitectureConformance",
    "BatcherConformance",
    "Check",
    "ComponentConformance",
    "Conformance",
    "DistributionConformance",
    "LanguageConformance",
    "NameConformance",
    "ReaderConformance",
    "ScorerConformance",
    "SpanGetterConformance",
    "TokenizerConformance",
    "checks_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
