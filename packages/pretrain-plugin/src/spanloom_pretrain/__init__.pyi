# Made by tools/make_stubs.py from the table in __init__.py.

from .corpus import JsonlCorpus as JsonlCorpus
from .loop import pretrain_steps as pretrain_steps
from .objectives import ClozeTask as ClozeTask
from .objectives import PretrainCharacters as PretrainCharacters
from .objectives import PretrainVectors as PretrainVectors
from .run import PretrainResult as PretrainResult
from .run import pretrain as pretrain
from .settings import Settings as Settings
from .settings import read_settings as read_settings

__all__ = [
    "ClozeTask",
    "JsonlCorpus",
    "PretrainCharacters",
    "PretrainResult",
    "PretrainVectors",
    "Settings",
    "__version__",
    "pretrain",
    "pretrain_steps",
    "read_settings",
]
__version__: str
