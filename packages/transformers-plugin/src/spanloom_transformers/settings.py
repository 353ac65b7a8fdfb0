"""Settings of a transformer model, as a config gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from spanloom.errors import ConfigError, ConfigProblem

from .sequences import Overflow

__all__ = ["Keep", "Settings"]

Keep = Literal["none", "last", "all", "pooled"]


@dataclass(frozen=True)
class Settings:
    """See :func:`~spanloom_transformers.TransformerModel`, whose arguments these are."""

    name: str
    tokenizer_config: Mapping[str, Any] = field(default_factory=dict)
    transformer_config: Mapping[str, Any] = field(default_factory=dict)
    mixed_precision: bool | str = False
    grad_scaler_config: Mapping[str, Any] = field(default_factory=dict)
    overflow: Overflow = "window"
    window: int | None = None
    overlap: float = 0.25
    device: str = ""
    freeze: str = ""
    learn_rates: Mapping[str, float] = field(default_factory=dict)
    layer_decay: float = 1.0
    gradient_checkpointing: bool = False
    lora: Mapping[str, Any] = field(default_factory=dict)
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        problems = []
        if self.overflow not in get_args(Overflow):
            known = ", ".join(f'"{each}"' for each in get_args(Overflow))
            problems.append(
                ConfigProblem("model.overflow", f"is {self.overflow!r}", f"use {known}")
            )
        if not 0 <= self.overlap < 1:
            problems.append(
                ConfigProblem("model.overlap", f"is {self.overlap}", "a share from 0 to below 1")
            )
        if not 0 < self.layer_decay <= 1:
            problems.append(
                ConfigProblem("model.layer_decay", f"is {self.layer_decay}", "above 0, at most 1")
            )
        if self.mixed_precision not in (True, False, "bf16", "fp16"):
            problems.append(
                ConfigProblem(
                    "model.mixed_precision",
                    f"is {self.mixed_precision!r}",
                    'use true, false, "bf16" or "fp16"',
                )
            )
        if problems:
            raise ConfigError(problems, source="transformer")
