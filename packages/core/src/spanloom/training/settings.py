"""The ``[training]`` section, resolved once into typed settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

from ..config import resolve_section
from ..corpora.batchers import Batcher
from ..errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from ..examples.example import Example
    from ..pipeline import Pipeline

__all__ = ["Reader", "Settings", "read_settings"]

Reader = Callable[["Pipeline"], Iterable["Example"]]


@dataclass
class Settings:
    """What a training run needs. The attributes are the keys of ``[training]``; the two corpora are
    resolved, and ``dropouts`` gives one rate for each step."""

    train_corpus: Reader
    dev_corpus: Reader
    batcher: Batcher
    optimizer: Optimizer
    dropouts: Iterator[float]
    logger: Callable[..., Any] | None = None
    seed: int | None = 0
    accumulate_gradient: int = 1
    patience: int = 1600
    max_epochs: int = 0
    max_steps: int = 20000
    eval_frequency: int = 200
    frozen_components: list[str] = field(default_factory=list)
    annotating_components: list[str] = field(default_factory=list)
    score_weights: Mapping[str, float | None] = field(default_factory=dict)
    before_to_disk: Callable[[Pipeline], Pipeline] | None = None
    before_update: Callable[[Pipeline, dict[str, Any]], None] | None = None


def read_settings(
    config: Mapping[str, Any], corpora: Mapping[str, Reader] | None = None
) -> Settings:
    """Resolve ``[training]`` of a complete config, and the corpora that it names. Readers in
    ``corpora``, as ``train_corpus`` or ``dev_corpus``, take their place.

    Raises :class:`ConfigError` for values that make no sense, and whatever the functions raise.
    """
    values = dict(resolve_section(config, "training"))
    _check_numbers(values, getattr(config, "source", "config"))
    for key in ("train_corpus", "dev_corpus"):
        given = (corpora or {}).get(key)
        values[key] = given if given is not None else _corpus(config, values[key])
    values["dropouts"] = _rates(values.pop("dropout"))
    known = Settings.__dataclass_fields__
    return Settings(**{key: value for key, value in values.items() if key in known})


def _corpus(config: Mapping[str, Any], path: str) -> Reader:
    """``corpora.train``, or ``corpora.train`` within a function that returns all corpora."""
    section, _, key = path.rpartition(".")
    block: Any = config
    for part in section.split("."):
        block = block[part]
    if any(name.startswith("@") for name in block):
        reader: Reader = resolve_section(config, section)[key]
        return reader
    reader = resolve_section(config, path)
    return reader


def _rates(dropout: Any) -> Iterator[float]:
    """One rate for each step; a schedule that ends goes on with its last rate."""
    rate = 0.0
    for value in dropout if isinstance(dropout, Iterable) else (dropout,):
        rate = float(value)
        yield rate
    yield from repeat(rate)


def _check_numbers(values: Mapping[str, Any], source: str) -> None:
    lowest = {
        "accumulate_gradient": 1,
        "patience": 0,
        "max_epochs": -1,
        "max_steps": 0,
        "eval_frequency": 1,
    }
    problems = []
    for key, least in lowest.items():
        if values[key] < least:
            message = f"is {values[key]}, but must be at least {least}"
            problems.append(ConfigProblem(f"training.{key}", message))
    dropout = values["dropout"]
    if isinstance(dropout, int | float) and not 0 <= dropout < 1:
        problems.append(ConfigProblem("training.dropout", f"is {dropout}, but must be in [0, 1)"))
    if not values["max_epochs"] and not values["max_steps"] and not values["patience"]:
        message = "max_steps, max_epochs and patience are all 0: training would never end"
        problems.append(ConfigProblem("training.max_steps", message, "set one of them"))
    if problems:
        raise ConfigError(problems, source=source)
