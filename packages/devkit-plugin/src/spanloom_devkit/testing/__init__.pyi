# Made by tools/make_stubs.py from the table in __init__.py.

from .architecture import ArchitectureConformance as ArchitectureConformance
from .base import Conformance as Conformance
from .base import NameConformance as NameConformance
from .component import ComponentConformance as ComponentConformance
from .distribution import DistributionConformance as DistributionConformance
from .others import BatcherConformance as BatcherConformance
from .others import DialectConformance as DialectConformance
from .others import LanguageConformance as LanguageConformance
from .others import ReaderConformance as ReaderConformance
from .others import ScorerConformance as ScorerConformance
from .others import SpanGetterConformance as SpanGetterConformance
from .others import TokenizerConformance as TokenizerConformance
from .suite import Check as Check
from .suite import checks_of as checks_of

__all__ = [
    "ArchitectureConformance",
    "BatcherConformance",
    "Check",
    "ComponentConformance",
    "Conformance",
    "DialectConformance",
    "DistributionConformance",
    "LanguageConformance",
    "NameConformance",
    "ReaderConformance",
    "ScorerConformance",
    "SpanGetterConformance",
    "TokenizerConformance",
    "checks_of",
]
