"""The types of ``[pretraining]``, for the check of configs. The blocks are checked by what they
name."""

from __future__ import annotations

from typing import Any

from confection import Schema

__all__ = ["PretrainingSchema"]


class PretrainingSchema(Schema):  # type: ignore[no-untyped-call]
    """Types of the plain values of ``[pretraining]``."""

    seed: int | None = 0
    max_epochs: int = 1000
    max_steps: int = 0
    patience: int = 6000
    dropout: float = 0.0
    eval_frequency: int = 500
    held_out: float = 0.01
    held_out_words: int = 10000
    shuffle_buffer: int = 20000
    n_save_every: int | None = None
    n_save_epoch: int | None = None
    component: str = "tok2vec"
    layer: str = ""
    corpus: str = "corpora.pretrain"
    batcher: Any = None
    objective: Any = None
    optimizer: Any = None
