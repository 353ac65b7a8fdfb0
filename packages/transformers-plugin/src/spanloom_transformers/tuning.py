"""What of a model is trained, and how fast: freezing, learning rates by group, adapters."""

from __future__ import annotations

import re
from typing import Any

import torch

from spanloom.errors import ConfigError, ConfigProblem

from .linear import replace_linear
from .settings import Settings

__all__ = ["layer_of", "prepare", "rate_scales", "usual_scale"]

_LAYER = re.compile(r"(?:^|\.)(?:layers?|h|blocks?|attentions|ffns|layer_norm[12])\.(\d+)\.")
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
    embeddings = _embeddings(module)
    tests = [_frozen_by(part.strip(), embeddings) for part in what.split(",")]
    hits = [0] * len(tests)
    for name, parameter in module.named_parameters():
        for i, test in enumerate(tests):
            if test(name):
                parameter.requires_grad_(False)
                hits[i] += 1
    missed = [part for part, hit in zip(what.split(","), hits) if not hit]
    if missed:
        raise _problem(
            "freeze",
            f"nothing in the model is meant by {', '.join(map(repr, missed))}",
            'use "embeddings", "all", numbers of layers such as "0-5", or parts of parameter names',
        )


def _problem(setting: str, what: str, cure: str) -> ConfigError:
    return ConfigError([ConfigProblem(f"model.{setting}", what, cure)], source="transformer")


def _expression(text: str, setting: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise _problem(
            setting, f"{text!r} is no regular expression: {error}", "parts of parameter names"
        ) from None


def _embeddings(module: Any) -> set[str]:
    """The parameters that lie below all layers: those of embeddings, whatever they are called
    (``wte``, ``shared``), and of what is named after them, such as their normalization."""
    tables = {id(each.weight) for each in module.modules() if isinstance(each, torch.nn.Embedding)}
    try:
        own = module.get_input_embeddings()
    except NotImplementedError:  # CANINE hashes characters, and has no table of them
        own = None
    tables |= {id(each) for each in own.parameters()} if own is not None else set()
    return {
        name
        for name, parameter in module.named_parameters()
        if layer_of(name) is None and ("embed" in name or id(parameter) in tables)
    }


def _frozen_by(part: str, embeddings: set[str]) -> Any:
    if part == "all":
        return lambda name: True
    if part == "embeddings":
        return embeddings.__contains__
    match = _RANGE.fullmatch(part)
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        return lambda name: (number := layer_of(name)) is not None and first <= number <= last
    expression = _expression(part, "freeze")
    return lambda name: expression.search(name) is not None


def rate_scales(module: Any, settings: Settings) -> dict[str, float]:
    """By parameter, what its learning rate is multiplied by.

    That is ``layer_decay`` to the power of the layers above (embeddings lie below all), times the
    factor of the first of ``learn_rates``, regular expressions, that its name matches.
    """
    if settings.layer_decay == 1.0 and not settings.learn_rates:
        return {}
    names = [name for name, _ in module.named_parameters()]
    embeddings = _embeddings(module)
    numbers = [number for number in map(layer_of, names) if number is not None]
    depth = 1 + max(numbers, default=-1)
    if settings.layer_decay != 1.0 and not depth:
        raise _problem(
            "layer_decay",
            "the layers of this model can't be told by their names",
            "use learn_rates",
        )
    rates = [
        (_expression(key, "learn_rates"), float(value))
        for key, value in settings.learn_rates.items()
    ]
    idle = [key.pattern for key, _ in rates if not any(map(key.search, names))]
    if idle:
        raise _problem(
            "learn_rates",
            f"no parameter's name is matched by {', '.join(map(repr, idle))}",
            f"they are named like {', '.join(map(repr, [*names[:2], *names[-2:]]))}",
        )
    scales = {}
    for name in names:
        layer = layer_of(name)
        above = 0 if layer is None else depth - 1 - layer
        above = depth if name in embeddings else above
        factor = next((value for key, value in rates if key.search(name)), 1.0)
        scales[name] = factor * settings.layer_decay**above
    return scales


def usual_scale(settings: Settings) -> float:
    """The factor of the learning rate by ``learn_rates`` for what they don't name: for what is
    trained, adapters or else the weights of the model. 1 where that would be none."""
    name = "lora_" if settings.lora else ""
    found = (
        float(value)
        for key, value in settings.learn_rates.items()
        if _expression(key, "learn_rates").search(name)
    )
    return next(found, 1.0) or 1.0
