"""The ``[training]`` section, resolved once into typed settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any

from ..config import resolve_section
from ..corpora.batchers import Batcher
from ..errors import ConfigError, ConfigProblem
from .progress import Limits

if TYPE_CHECKING:
    from thinc.api import Optimizer

    from ..examples.example import Example
    from ..pipeline import Pipeline

__all__ = ["Reader", "Settings", "check_numbers", "read_corpus", "read_settings"]

Reader = Callable[["Pipeline"], Iterable["Example"]]


_LOWEST = {
    "accumulate_gradient": 1,
    "patience": 0,
    "max_epochs": -1,
    "max_steps": 0,
    "eval_frequency": 1,
}


@dataclass
class Settings(Limits):
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
    check_numbers(config, "training", values, _LOWEST, ("dropout",))
    for key in ("train_corpus", "dev_corpus"):
        given = (corpora or {}).get(key)
        values[key] = given if given is not None else read_corpus(config, f"training.{key}")
    values["dropouts"] = _rates(values.pop("dropout"))
    known = Settings.__dataclass_fields__
    return Settings(**{key: value for key, value in values.items() if key in known})


def read_corpus(config: Mapping[str, Any], setting: str) -> Any:
    """The reader that a setting names: ``corpora.train``, or ``corpora.train`` within a function
    that returns all corpora. Raises :class:`ConfigError` if it isn't there."""
    where, _, name = setting.partition(".")
    path = str(config[where][name])
    section, _, key = path.rpartition(".")
    block: Any = config
    for part in section.split(".") if section else ():
        block = block.get(part, {})
    if any(name.startswith("@") for name in block):
        return resolve_section(config, section)[key]
    if key not in block:
        have = ", ".join(f"{section}.{name}" for name in block) or "none"
        problem = ConfigProblem(setting, f"'{path}' doesn't exist", f"defined: {have}")
        raise ConfigError([problem], source=getattr(config, "source", "config"))
    return resolve_section(config, path)


def _rates(dropout: Any) -> Iterator[float]:
    """One rate for each step; a schedule that ends goes on with its last rate."""
    rate = 0.0
    for value in dropout if isinstance(dropout, Iterable) else (dropout,):
        rate = float(value)
        yield rate
    yield from repeat(rate)


def check_numbers(
    config: Mapping[str, Any],
    section: str,
    values: Mapping[str, Any],
    lowest: Mapping[str, int],
    shares: Iterable[str],
) -> None:
    """Raise :class:`ConfigError` if a value of a section is less than its least, a share isn't in
    [0, 1), or no limit ends the run. Values that aren't plain numbers are left alone."""
    problems = []

    def note(key: str, message: str, fix: str = "") -> None:
        problems.append(ConfigProblem(f"{section}.{key}", message, fix))

    for key, least in lowest.items():
        if values[key] is not None and values[key] < least:
            note(key, f"is {values[key]}, but must be at least {least}")
    for key in shares:
        if isinstance(values[key], int | float) and not 0 <= values[key] < 1:
            note(key, f"is {values[key]}, but must be in [0, 1)")
    if not any(values[key] for key in ("max_epochs", "max_steps", "patience")):
        message = f"max_steps, max_epochs and patience are all 0: {section} would never end"
        note("max_steps", message, "set one of them")
    if problems:
        raise ConfigError(problems, source=getattr(config, "source", "config"))
