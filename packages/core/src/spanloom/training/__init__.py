"""Training: readers of data, batchers, the loop, checkpoints and logs."""

from __future__ import annotations

from ..io.lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "events": ["Tracker"],
        "history": ["History"],
        "loop": ["train_steps"],
        "progress": ["Limits", "Progress"],
        "run": ["train"],
        "session": ["TrainingResult"],
        "settings": ["Settings", "read_settings"],
        "steps": ["StepResult", "Trainer", "run_steps"],
    },
)
