# Made by tools/make_stubs.py from the table in __init__.py.

from .architecture import ArchitectureConformance as ArchitectureConformance
from .base import Conformance as Conformance, NameConformance as NameConformance
from .component import ComponentConformance as ComponentConformance
from .distribution import DistributionConformance as DistributionConformance
from .others import (
    BatcherConformance as BatcherConformance,
    LanguageConformance as LanguageConformance,
    ReaderConformance as ReaderConformance,
    ScorerConformance as ScorerConformance,
    SpanGetterConformance as SpanGetterConformance,
    TokenizerConformance as TokenizerConformance,
)
from .suite import Check as Check, checks_of as checks_of

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
