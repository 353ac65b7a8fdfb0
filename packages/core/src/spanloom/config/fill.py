"""Filling a config: each default written down, so that nothing that matters is hidden."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import RegistryError
from ..plugins.factory import factory_config, factory_info, names_of
from ..plugins.registries import registry
from .sections import check_sections, default_config, plugin_defaults, plugin_sections
from .signatures import MISSING, signature_of
from .source import Config
from .sourced import sourced_block
from .values import is_block, plain_values

__all__ = ["combine_weights", "fill_block", "fill_config"]


def fill_config(config: Mapping[str, Any], *, sections: Sequence[str] = ()) -> Config:
    """A copy of ``config`` with all defaults: those of the sections, of the component factories,
    and of the signatures of all functions that blocks name. Values that are there stay, references
    too. Filling twice changes nothing. Paths become strings, numbers of NumPy Python's.

    ``sections`` names sections of plugins that are added even if the config doesn't have them;
    :class:`ConfigError` is raised for one that no plugin owns. Functions that aren't installed are
    left as they are: :func:`check_config` reports them.
    """
    sections = names_of(sections)
    check_sections(sections)
    given = config if isinstance(config, Config) else Config(dict(config))
    result = Config(plain_values(dict(given.copy())), is_interpolated=given.is_interpolated)
    wanted = [
        name
        for name, section in plugin_sections().items()
        if result.get(name) or name in sections or section.required
    ]
    defaults: dict[str, Any] = default_config().merge(plugin_defaults(wanted))
    merged: dict[str, Any] = {}
    for name in (*defaults, *(key for key in result if key not in defaults)):
        merged[name] = _merge(result.get(name, {}), defaults.get(name, {}))
    with registry.preferring(merged):
        for name, block in merged.get("components", {}).items():
            if isinstance(block, Mapping) and "factory" in block:
                merged["components"][name] = _fill_component(dict(block))
        filled = {name: fill_block(section) for name, section in merged.items()}
        _fill_weights(filled)
    result.clear()
    result.update(filled)
    result.is_interpolated = False
    return result


def fill_block(node: Any, path: str = "") -> Any:
    """A copy of ``node``, at ``path`` in a config, with the defaults of each function that a block
    in it names."""
    if not isinstance(node, Mapping):
        return node
    filled = dict(node)
    if is_block(node):
        filled.update(_signature_defaults(node))
    return {key: fill_block(value, f"{path}.{key}") for key, value in filled.items()}


def _signature_defaults(block: Mapping[str, Any]) -> dict[str, Any]:
    kind, name = next((key[1:], value) for key, value in block.items() if key.startswith("@"))
    function = _function(kind, name)
    if function is None:
        return {}
    return {
        key: _plain(parameter.default)
        for key, parameter in signature_of(function).parameters.items()
        if key not in block and parameter.default is not MISSING and _is_json(parameter.default)
    }


def _fill_component(block: dict[str, Any]) -> dict[str, Any]:
    function = _function("factories", block["factory"])
    if function is None:
        return block
    defaults = {key: _plain(v) for key, v in factory_config(function).items() if _is_json(v)}
    merged = _merge(block, defaults)
    return {"factory": block["factory"], **{k: v for k, v in merged.items() if k != "factory"}}


def _fill_weights(config: dict[str, Any]) -> None:
    """Score weights from the components, where the config has none."""
    training = config.get("training", {})
    if training.get("score_weights"):
        return
    names = config.get("nlp", {}).get("pipeline", [])
    frozen = training.get("frozen_components", [])
    components = config.get("components", {})
    weights = []
    for name in names if isinstance(names, list) else []:
        block = components.get(name, {})
        if "source" in block:
            block = sourced_block(block["source"], block.get("component", name))
        function = _function("factories", block.get("factory"))
        if function is not None and name not in frozen:
            weights.append(factory_info(function).score_weights)
    if any(weights):
        training["score_weights"] = combine_weights(weights)


def combine_weights(weights: list[Mapping[str, float | None]]) -> dict[str, float | None]:
    """One set of score weights that sum to 1, each component counting the same. A weight of
    ``None`` (shown, not counted) stays."""
    counted = [each for each in weights if any(each.values())]
    result: dict[str, float | None] = {}
    for each in weights:
        total = sum(value for value in each.values() if value)
        for key, value in each.items():
            share = value / total / len(counted) if value else value
            before = result.get(key)
            result[key] = (
                round(before + share, 2) if before and share else before or _rounded(share)
            )
    return result


def _rounded(value: float | None) -> float | None:
    return value if value is None else round(value, 2)


def _merge(config: Any, defaults: Any) -> Any:
    """``config`` over ``defaults``, section by section. A block takes its defaults only from a
    block that names the same function."""
    if not isinstance(config, Mapping) or not isinstance(defaults, Mapping):
        return config
    if is_block(config) and not _same_function(config, defaults):
        return dict(config)
    merged = {}
    for key in (*defaults, *(key for key in config if key not in defaults)):
        if key not in config:
            merged[key] = _plain(defaults[key])
        elif key not in defaults or key.startswith("@"):
            merged[key] = config[key]
        else:
            merged[key] = _merge(config[key], defaults[key])
    return merged


def _same_function(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    """Whether two blocks name one function, under one name or two (``spacy.X.v1`` is ours too)."""
    ours = {key: value for key, value in config.items() if key.startswith("@")}
    theirs = {key: value for key, value in defaults.items() if key.startswith("@")}
    if ours == theirs:
        return True
    if ours.keys() != theirs.keys() or len(ours) != 1:
        return False
    ((key, name),) = ours.items()
    function = _function(key[1:], name)
    return function is not None and function is _function(key[1:], theirs[key])


def _function(kind: str, name: Any) -> Any:
    if not isinstance(name, str) or kind not in registry.kinds():
        return None
    try:
        return registry.get(kind, name)
    except RegistryError:
        return None


def _plain(value: Any) -> Any:
    """A JSON value that shares nothing with ``value``."""
    return json.loads(json.dumps(value))


def _is_json(value: Any) -> bool:
    try:
        return bool(
            json.loads(json.dumps(value)) == (list(value) if isinstance(value, tuple) else value)
        )
    except (TypeError, ValueError):
        return False
