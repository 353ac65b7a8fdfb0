"""The components that core brings. Each is made by a factory, which an entry point names."""

from .base import BatchComponent, Component, Encoder, TrainableComponent
from .classifier import TokenClassifier
from .factory import FactoryInfo, component_defaults, factory_config, factory_info
from .morphologizer import Morphologizer
from .sentencizer import Sentencizer
from .senter import SentenceRecognizer
from .tagger import Tagger
from .textcat import TextCategorizer
from .tok2vec import Tok2Vec

__all__ = [
    "BatchComponent",
    "Component",
    "Encoder",
    "FactoryInfo",
    "Morphologizer",
    "SentenceRecognizer",
    "Sentencizer",
    "Tagger",
    "TextCategorizer",
    "Tok2Vec",
    "TokenClassifier",
    "TrainableComponent",
    "component_defaults",
    "factory_config",
    "factory_info",
]
