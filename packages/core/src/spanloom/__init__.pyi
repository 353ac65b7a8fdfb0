# Made by tools/make_stubs.py from the table in __init__.py.

from .components import Encoder as Encoder
from .components import TrainableComponent as TrainableComponent
from .config import Config as Config
from .examples import Example as Example
from .pipeline import Pipeline as Pipeline
from .pipeline import blank as blank
from .pipeline import load as load
from .plugins.registries import registry as registry
from .tokens import Doc as Doc
from .tokens import Span as Span
from .tokens import Token as Token
from .tokens.batch import Batch as Batch
from .training import train as train
from .vocab import Lexeme as Lexeme
from .vocab import StringStore as StringStore
from .vocab import Vocab as Vocab

__all__ = [
    "Batch",
    "Config",
    "Doc",
    "Encoder",
    "Example",
    "Lexeme",
    "Pipeline",
    "Span",
    "StringStore",
    "Token",
    "TrainableComponent",
    "Vocab",
    "__version__",
    "blank",
    "load",
    "registry",
    "train",
]
__version__: str
