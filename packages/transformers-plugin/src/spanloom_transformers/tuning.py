"""What of a model is trained, and how fast: freezing, learning rates by group, adapters."""

from __future__ import annotations

import re
from typing import Any

from spanloom.errors import ConfigError, ConfigProblem

from .linear import replace_linear
from .settings import Settings

__all__ = ["layer_of", "prepare", "rate_scales"]

_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def layer_of(name: str) -> int | None:
    """The number of the layer that a parameter belongs to, by its name; ``None`` outside them."""
    match = _LAYER.search(name)
    return int(match[1]) if match else None


def prepare(module: Any, settings: Settings) -> Any:
    """The module as it will run and be trained: fast on CPUs, frozen parts without gradients, with
    checkpointing of activations where the settings ask for it."""
    replace_linear(module)
    if settings.freeze:
        _freeze(module, settings.freeze)
    if settings.gradient_checkpointing:
        module.gradient_checkpointing_enable({"use_reentrant": False})
    return module


def _freeze(module: Any, what: str) -> None:
    """``what`` is a list, by commas: ``embeddings``, ``all``, layers (``0-5``), or regular
    expressions that parameters' names are searched for."""
    tests = [_frozen_by(part.strip()) for part in what.split(",")]
    hits = [0] * len(tests)
    for name, parameter in module.named_parameters():
        for i, test in enumerate(tests):
            if test(name):
                parameter.requires_grad_(False)
                hits[i] += 1
    missed = [part for part, hit in zip(what.split(","), hits) if not hit]
    if missed:
        problem = ConfigProblem(
            "model.freeze",
            f"nothing in the model is meant by {', '.join(map(repr, missed))}",
            'use "embeddings", "all", numbers of layers such as "0-5", or parts of parameter names',
        )
        raise ConfigError([problem], source="transformer")


def _frozen_by(part: str) -> Any:
    if part == "all":
        return lambda name: True
    if part == "embeddings":
        return lambda name: layer_of(name) is None and "embed" in name
    match = _RANGE.fullmatch(part)
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        return lambda name: (number := layer_of(name)) is not None and first <= number <= last
    expression = re.compile(part)
    return lambda name: expression.search(name) is not None


def rate_scales(module: Any, settings: Settings) -> dict[str, float]:
    """By parameter, what its learning rate is multiplied by.

    That is ``layer_decay`` to the power of the layers above (embeddings lie below all), times the
    factor of the first of ``learn_rates``, regular expressions, that its name matches.
    """
    if settings.layer_decay == 1.0 and not settings.learn_rates:
        return {}
    names = [name for name, _ in module.named_parameters()]
    depth = 1 + max((layer_of(name) or 0 for name in names), default=0)
    rates = [(re.compile(key), float(value)) for key, value in settings.learn_rates.items()]
    scales = {}
    for name in names:
        layer = layer_of(name)
        above = depth if layer is None and "embed" in name else depth - 1 - (layer or 0)
        above = 0 if layer is None and "embed" not in name else above
        factor = next((value for key, value in rates if key.search(name)), 1.0)
        scales[name] = factor * settings.layer_decay**above
    return scales
