# Made by tools/make_stubs.py from the table in __init__.py.

from .events import Tracker as Tracker
from .history import History as History
from .loop import train_steps as train_steps
from .progress import Limits as Limits
from .progress import Progress as Progress
from .run import train as train
from .session import TrainingResult as TrainingResult
from .settings import Settings as Settings
from .settings import read_settings as read_settings
from .steps import StepResult as StepResult
from .steps import Trainer as Trainer
from .steps import run_steps as run_steps

__all__ = [
    "History",
    "Limits",
    "Progress",
    "Settings",
    "StepResult",
    "Tracker",
    "Trainer",
    "TrainingResult",
    "read_settings",
    "run_steps",
    "train",
    "train_steps",
]
