"""The ``[pretraining]`` section, resolved once into typed settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spanloom.config import resolve_section
from spanloom.corpora.batchers import Batcher
from spanloom.errors import ConfigError, ConfigProblem
from spanloom.pipeline.pretrained import PretrainingTask

if TYPE_CHECKING:
    from thinc.api import Model, Optimizer

    from spanloom import Doc, Example, Pipeline, Vocab

__all__ = ["Objective", "Reader", "Settings", "read_settings"]

Reader = Callable[["Pipeline"], "Iterable[Doc | Example]"]
Objective = Callable[["Vocab", "Model[Any, Any]"], PretrainingTask]

_LOWEST = {
    "max_epochs": 0,
    "max_steps": 0,
    "patience": 0,
    "eval_frequency": 1,
    "held_out_words": 0,
    "shuffle_buffer": 0,
    "n_save_every": 1,
    "n_save_epoch": 1,
}
_SHARES = ("dropout", "held_out")


@dataclass
class Settings:
    """What a pretraining run needs; the attributes are the keys of ``[pretraining]``.

    ``make_batcher`` makes a batcher; each epoch has its own, so that a run can go on in the middle
    of one: a schedule of sizes begins anew with each epoch. ``held_out`` is the share of documents
    that nothing is learned from, up to ``held_out_words`` of which are measured. ``shuffle_buffer``
    is the number of documents among which the next one is drawn; 0 keeps their order. 0 is no limit
    for ``max_epochs``, ``max_steps`` and ``patience``, the steps to wait for a lower held-out loss.
    Every ``n_save_every`` steps and every ``n_save_epoch`` epochs weights are saved, and after each
    epoch without the latter. ``chosen`` is the part of the config that a run must keep to go on.
    """

    corpus: Reader
    make_batcher: Callable[[], Batcher]
    optimizer: Optimizer
    objective: Objective
    component: str = "tok2vec"
    layer: str = ""
    seed: int = 0
    dropout: float = 0.0
    max_epochs: int = 1000
    max_steps: int = 0
    patience: int = 6000
    eval_frequency: int = 500
    held_out: float = 0.01
    held_out_words: int = 10000
    shuffle_buffer: int = 20000
    n_save_every: int | None = None
    n_save_epoch: int | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)


#: Settings that may be changed between stopping and going on: they don't touch the weights.
_FREE = ("max_epochs", "max_steps", "patience", "n_save_every", "n_save_epoch", "eval_frequency")


def read_settings(config: Mapping[str, Any], *, corpus: Reader | None = None) -> Settings:
    """Resolve ``[pretraining]`` of a complete config, and the corpus that it names, unless
    ``corpus`` takes its place.

    Raises :class:`ConfigError` for values that make no sense, and whatever the functions raise.
    """
    values = dict(resolve_section(config, "pretraining"))
    source = getattr(config, "source", "config")
    _check_numbers(values, source)
    values.pop("batcher")
    path = values.pop("corpus")
    values["seed"] = values["seed"] or 0
    known = Settings.__dataclass_fields__
    return Settings(
        corpus=corpus if corpus is not None else _corpus(config, path, source),
        make_batcher=lambda: resolve_section(config, "pretraining.batcher"),
        chosen=_chosen(config),
        **{key: value for key, value in values.items() if key in known},
    )


def _chosen(config: Mapping[str, Any]) -> dict[str, Any]:
    section = config["pretraining"]
    return {
        "pretraining": {key: value for key, value in section.items() if key not in _FREE},
        "components": {section["component"]: config["components"].get(section["component"])},
    }


def _corpus(config: Mapping[str, Any], path: str, source: str) -> Reader:
    """``corpora.pretrain``, or ``pretrain`` of what a function for all corpora returns."""
    section, _, key = path.rpartition(".")
    node: Any = config
    for part in section.split(".") if section else ():
        node = node.get(part, {})
    if any(name.startswith("@") for name in node):
        return _reader(resolve_section(config, section)[key])
    if key not in node:
        have = ", ".join(f"{section}.{name}" for name in node) or "none"
        problem = ConfigProblem("pretraining.corpus", f"'{path}' isn't there", f"have: {have}")
        raise ConfigError([problem], source=source)
    return _reader(resolve_section(config, path))


def _reader(reader: Reader) -> Reader:
    return reader


def _check_numbers(values: Mapping[str, Any], source: str) -> None:
    problems = [
        ConfigProblem(f"pretraining.{key}", f"is {values[key]}, but must be at least {least}")
        for key, least in _LOWEST.items()
        if values[key] is not None and values[key] < least
    ]
    problems += [
        ConfigProblem(f"pretraining.{key}", f"is {values[key]}, but must be in [0, 1)")
        for key in _SHARES
        if not 0 <= values[key] < 1
    ]
    if not any(values[key] for key in ("max_epochs", "max_steps", "patience")):
        message = "max_steps, max_epochs and patience are all 0: pretraining would never end"
        problems.append(ConfigProblem("pretraining.max_steps", message, "set one of them"))
    if problems:
        raise ConfigError(problems, source=source)
