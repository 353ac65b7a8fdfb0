# Made by tools/make_stubs.py from the table in __init__.py.

from .architecture import ArchitectureConformance as ArchitectureConformance
from .around import CallbackConformance as CallbackConformance
from .around import MiscConformance as MiscConformance
from .around import ModelConformance as ModelConformance
from .around import RendererConformance as RendererConformance
from .base import Conformance as Conformance
from .base import NameConformance as NameConformance
from .component import ComponentConformance as ComponentConformance
from .distribution import DistributionConformance as DistributionConformance
from .encoding import AnnotationSetterConformance as AnnotationSetterConformance
from .encoding import EncoderConformance as EncoderConformance
from .engines import EngineConformance as EngineConformance
from .files import ConverterConformance as ConverterConformance
from .files import WriterConformance as WriterConformance
from .others import BatcherConformance as BatcherConformance
from .others import DialectConformance as DialectConformance
from .others import LanguageConformance as LanguageConformance
from .others import ReaderConformance as ReaderConformance
from .others import ScorerConformance as ScorerConformance
from .others import SpanGetterConformance as SpanGetterConformance
from .others import TokenizerConformance as TokenizerConformance
from .suite import Check as Check
from .suite import checks_of as checks_of
from .training import AugmenterConformance as AugmenterConformance
from .training import LoggerConformance as LoggerConformance
from .training import ObjectiveConformance as ObjectiveConformance
from .words import LemmaRulesConformance as LemmaRulesConformance
from .words import SyntaxIteratorConformance as SyntaxIteratorConformance
from .words import VectorsConformance as VectorsConformance

__all__ = [
    "AnnotationSetterConformance",
    "ArchitectureConformance",
    "AugmenterConformance",
    "BatcherConformance",
    "CallbackConformance",
    "Check",
    "ComponentConformance",
    "Conformance",
    "ConverterConformance",
    "DialectConformance",
    "DistributionConformance",
    "EncoderConformance",
    "EngineConformance",
    "LanguageConformance",
    "LemmaRulesConformance",
    "LoggerConformance",
    "MiscConformance",
    "ModelConformance",
    "NameConformance",
    "ObjectiveConformance",
    "ReaderConformance",
    "RendererConformance",
    "ScorerConformance",
    "SpanGetterConformance",
    "SyntaxIteratorConformance",
    "TokenizerConformance",
    "VectorsConformance",
    "WriterConformance",
    "checks_of",
]
