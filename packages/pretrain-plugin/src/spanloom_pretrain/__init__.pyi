# Made by tools/make_stubs.py from the table in __init__.py.

from .corpus import JsonlCorpus as JsonlCorpus
from .corpus import PlainTextCorpus as PlainTextCorpus
from .loop import pretrain_steps as pretrain_steps
from .objectives import ClozeTask as ClozeTask
from .objectives import PretrainCharacters as PretrainCharacters
from .objectives import PretrainVectors as PretrainVectors
from .run import PretrainResult as PretrainResult
from .run import pretrain as pretrain
from .settings import Settings as Settings
from .settings import read_settings as read_settings
from .task import Pretrainable as Pretrainable
from .task import PretrainingTask as PretrainingTask
from .weights import LoadedWeights as LoadedWeights
from .weights import apply_weights as apply_weights
from .weights import encoder_bytes as encoder_bytes
from .weights import find_encoder as find_encoder
from .weights import init_tok2vec as init_tok2vec
from .weights import weights_hash as weights_hash

__all__ = [
    "ClozeTask",
    "JsonlCorpus",
    "LoadedWeights",
    "PlainTextCorpus",
    "PretrainCharacters",
    "PretrainResult",
    "PretrainVectors",
    "Pretrainable",
    "PretrainingTask",
    "Settings",
    "__version__",
    "apply_weights",
    "encoder_bytes",
    "find_encoder",
    "init_tok2vec",
    "pretrain",
    "pretrain_steps",
    "read_settings",
    "weights_hash",
]
__version__: str
