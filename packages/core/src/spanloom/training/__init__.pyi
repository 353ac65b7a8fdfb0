# Made by tools/make_stubs.py from the table in __init__.py.

from .events import Tracker as Tracker
from .history import History as History
from .loop import StepResult as StepResult
from .loop import train_steps as train_steps
from .progress import Progress as Progress
from .run import train as train
from .session import TrainingResult as TrainingResult
from .settings import Settings as Settings
from .settings import read_settings as read_settings

__all__ = [
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
