"""The sections of a config, who owns them, and their defaults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, ConfigProblem
from ..plugins.known import providers
from ..plugins.tables import CORE_SECTIONS
from .source import Config, parse_text
from .values import near

if TYPE_CHECKING:
    from ..plugins import ConfigSection

__all__ = [
    "CORE_SECTIONS",
    "FREE_SECTIONS",
    "check_sections",
    "core_schema",
    "default_config",
    "plugin_defaults",
    "plugin_sections",
    "with_required",
]

#: Sections whose keys are the user's own.
FREE_SECTIONS = ("paths", "system", "variables", "plugins")

_DEFAULTS = Path(__file__).parent / "default_config.cfg"


def default_config() -> Config:
    """A fresh copy of the default config: each setting of each core section with its default."""
    parsed = _parsed_defaults()
    config = Config(json.loads(json.dumps(parsed)), is_interpolated=parsed.is_interpolated)
    config.source, config.lines = parsed.source, dict(parsed.lines)
    return config


@cache
def _parsed_defaults() -> Config:
    """The default config, read once."""
    return parse_text(_DEFAULTS.read_text(encoding="utf8"), source="the default config")


def plugin_sections() -> Mapping[str, ConfigSection]:
    """The sections that installed plugins own, by name."""
    from ..plugins import manager

    return manager().sections


def plugin_defaults(names: Iterable[str] | None = None) -> Config:
    """Fresh defaults of sections of plugins, and what comes along with them in core's sections: of
    those in ``names``, or of all."""
    result = Config()
    for name, section in plugin_sections().items():
        if names is None or name in names:
            result = result.merge(Config({**section.beside, name: dict(section.defaults)}))
    return result


def with_required(config: Config) -> Config:
    """``config`` and, by default, the sections that plugins require where it doesn't have them."""
    sections = plugin_sections().items()
    absent = [name for name, each in sections if each.required and name not in config]
    if not absent:
        return config
    result = Config(config)
    result.update(plugin_defaults(absent).merge(config))
    return result


def check_sections(names: Iterable[str]) -> None:
    """Raise :class:`ConfigError` for a section that neither core nor an installed plugin owns."""
    known = plugin_sections()
    problems = []
    for name in names:
        if name not in known and name not in CORE_SECTIONS:
            absent = providers("sections").get(name)
            fix = f"pip install {absent}" if absent else near(name, known)
            problems.append(ConfigProblem(name, "isn't a section of anything installed", fix))
    if problems:
        raise ConfigError(problems)


def core_schema() -> dict[str, Any]:
    """Types of the plain values of core's sections, by path. What isn't here can be anything."""
    text, names = str | None, list[str]
    return {
        "system.seed": int | None,
        "system.gpu_allocator": text,
        "nlp.lang": text,
        "nlp.pipeline": names,
        "nlp.disabled": names,
        "nlp.batch_size": int,
        "nlp.tokenizer": dict[str, Any],
        "training.seed": int | None,
        "training.gpu_allocator": text,
        "training.dropout": float,
        "training.accumulate_gradient": int,
        "training.patience": int,
        "training.max_epochs": int,
        "training.max_steps": int,
        "training.eval_frequency": int,
        "training.frozen_components": names,
        "training.annotating_components": names,
        "training.dev_corpus": str,
        "training.train_corpus": str,
        "training.score_weights": dict[str, float | None],
    }
