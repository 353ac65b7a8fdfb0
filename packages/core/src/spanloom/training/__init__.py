"""Training: readers of data, batchers, the loop, checkpoints and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

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


__getattr__ = lazy_names(__name__, _HOMES)
