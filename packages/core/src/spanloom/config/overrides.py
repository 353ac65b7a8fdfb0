"""Overrides: read from arguments, checked (each must point at a setting that exists), applied."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ConfigError, ConfigProblem
from .sections import FREE_SECTIONS, default_config, plugin_defaults
from .source import Config
from .tree import parts
from .values import is_block, near

__all__ = ["check_overrides", "parse_overrides", "with_overrides"]

_BARE = {"True": True, "False": False, "None": None}


def check_overrides(config: Config, overrides: Mapping[str, Any]) -> list[ConfigProblem]:
    """What is wrong with ``overrides`` of ``config``: sections and keys that neither the config nor
    the defaults have. Whether a function has the argument that an override sets is left to
    :func:`spanloom.config.check_config`, which knows its signature."""
    whole = default_config().merge(plugin_defaults()).merge(config)
    problems = []
    for path in overrides:
        problem = _find(whole, path)
        if problem is not None:
            problems.append(problem)
    return problems


def _find(whole: Mapping[str, Any], path: str) -> ConfigProblem | None:
    *parents, key = parts(whole, path)
    node: Any = whole
    for depth, part in enumerate(parents):
        if not isinstance(node, Mapping) or part not in node:
            where = ".".join(parents[: depth + 1])
            options = node if isinstance(node, Mapping) else ()
            return ConfigProblem(path, f"there is no section [{where}]", near(part, options))
        node = node[part]
    if not isinstance(node, Mapping):
        section = ".".join(parents)
        fix = f"use --{section} instead"
        return ConfigProblem(path, f"'{section}' is a value, not a section", fix)
    if key in node or _takes_more(parents, node):
        return None
    where = ".".join(parents)
    return ConfigProblem(path, f"[{where}] has no '{key}'", near(key, node))


def _takes_more(parents: list[str], node: Mapping[str, Any]) -> bool:
    """Whether keys that aren't written yet may be right: arguments of functions, and sections
    whose keys are checked later or are the user's."""
    if is_block(node) or "factory" in node:
        return True
    return parents[0] not in FREE_SECTIONS and parents[0] != "corpora" and len(parents) > 1


def with_overrides(config: Config, overrides: Mapping[str, Any]) -> Config:
    """A copy of ``config`` with the values that ``overrides`` gives, by dotted path.

    Raises :class:`ConfigError` for one that points at nothing.
    """
    problems = check_overrides(config, overrides)
    if problems:
        raise ConfigError(problems, source="overrides")
    result = config.copy()
    for path, value in overrides.items():
        *parents, key = parts(result, path)
        node: dict[str, Any] = result
        for part in parents:
            node = node.setdefault(part, {})
        node[key] = value
        result.lines.pop(path, None)
    return result


def parse_overrides(arguments: Iterable[str]) -> dict[str, Any]:
    """Overrides from the arguments of a command: ``--section.key value`` or
    ``--section.key=value``. A value is read as JSON, and is a string if it isn't JSON. A flag
    without a value is ``true``. Raises :class:`ConfigError` for what can't be read."""
    result: dict[str, Any] = {}
    problems = []
    queue = list(arguments)
    while queue:
        name = queue.pop(0)
        if not name.startswith("--"):
            problems.append(ConfigProblem(name, "isn't an override", "write --section.key value"))
            continue
        path, equals, value = name[2:].partition("=")
        if "." not in path:
            fix = "overrides name a section and a setting, as in --training.max_steps 100"
            problems.append(ConfigProblem(f"--{path}", "isn't an option of this command", fix))
            if not equals and queue and not queue[0].startswith("--"):
                queue.pop(0)
            continue
        if not equals:
            value = queue.pop(0) if queue and not queue[0].startswith("--") else "true"
        if path in result:
            problems.append(ConfigProblem(path, "is given twice", "keep one"))
        result[path] = _typed(value)
    if problems:
        raise ConfigError(problems, source="overrides")
    return result


def _typed(value: str) -> Any:
    if value in _BARE:
        return _BARE[value]
    try:
        return json.loads(value)
    except ValueError:
        return value
