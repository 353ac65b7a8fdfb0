# Made by tools/make_stubs.py from the table in __init__.py.

from .corpus import JsonlCorpus as JsonlCorpus
from .loop import PretrainStep as PretrainStep, pretrain_steps as pretrain_steps
from .objectives import (
    ClozeTask as ClozeTask,
    PretrainCharacters as PretrainCharacters,
    PretrainVectors as PretrainVectors,
)
from .run import PretrainResult as PretrainResult, pretrain as pretrain
from .settings import Settings as Settings, read_settings as read_settings

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
__version__: str
