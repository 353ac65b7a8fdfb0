"""Training: readers of data, batchers, the loop, checkpoints and logs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .corpus import Corpus
    from .events import Tracker
    from .history import History
    from .loop import StepResult, train_steps
    from .progress import Progress
    from .run import train
    from .session import TrainingResult
    from .settings import Settings, read_settings

__all__ = [
    "Corpus",
    "History",
    "Progress",
    "Settings",
    "StepResult",
    "Tracker",
    "TrainingResult",
    "read_settings",
    "train",
    "train_steps",
]

_HOMES = {
    "Corpus": "corpus",
    "History": "history",
    "Progress": "progress",
    "Settings": "settings",
    "StepResult": "loop",
    "Tracker": "events",
    "TrainingResult": "session",
    "read_settings": "settings",
    "train": "run",
    "train_steps": "loop",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
