"""The types of ``[pretraining]``, for the check of configs. The blocks are checked by what they
name."""

from __future__ import annotations

from typing import Any

from confection import Schema

__all__ = ["PretrainingSchema"]


class PretrainingSchema(Schema):  # type: ignore[no-untyped-call]
    """Types of the plain values of ``[pretraining]``; the plugin's hook gives their defaults."""

    seed: int | None
    max_epochs: int
    max_steps: int
    patience: int
    dropout: float
    eval_frequency: int
    held_out: float
    held_out_words: int
    shuffle_buffer: int
    n_save_every: int | None
    n_save_epoch: int | None
    component: str
    layer: str
    corpus: str
    batcher: Any
    objective: Any
    optimizer: Any
