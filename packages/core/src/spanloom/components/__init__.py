"""The components that core brings. Each is made by a factory, which an entry point names."""

from .base import BatchComponent, Component, TrainableComponent
from .classifier import TokenClassifier
from .encoder import Encoder
from .labels import LabelledComponent
from .morphologizer import Morphologizer
from .sentencizer import Sentencizer
from .senter import SentenceRecognizer
from .tagger import Tagger
from .tok2vec import Tok2Vec

__all__ = [
    "BatchComponent",
    "Component",
    "Encoder",
    "LabelledComponent",
    "Morphologizer",
    "SentenceRecognizer",
    "Sentencizer",
    "Tagger",
    "Tok2Vec",
    "TokenClassifier",
    "TrainableComponent",
]
