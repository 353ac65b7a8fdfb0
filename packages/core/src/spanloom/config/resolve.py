"""Resolving: from blocks to objects.

confection resolves too, but says neither where in the config a call failed, nor whether what a
nested block returned is what the function around it expects. Here each call that fails is a
:class:`ConfigError` with path, line, function and cause.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_origin

from ..errors import ConfigError, ConfigProblem, SpanloomError
from ..plugins.registries import registry
from .signatures import signature_of
from .source import Config
from .values import branches, describe_type, is_block

__all__ = ["call_block", "resolve_block", "resolve_section"]


def resolve_block(
    node: Any,
    path: str = "",
    config: Mapping[str, Any] | None = None,
    *,
    made: Callable[[str, Any], None] | None = None,
) -> Any:
    """``node`` with each block replaced by what its function returns, inner blocks first.

    References must be resolved already (``config.interpolate()``). ``path`` says where in
    ``config`` the node stands, for messages. ``made`` is told the path and the object of each
    block. Raises :class:`ConfigError` for a call that fails, and whatever of Spanloom's own errors
    the function raised.
    """
    if isinstance(node, Mapping):
        values = {
            key: resolve_block(value, f"{path}.{key}".lstrip("."), config, made=made)
            for key, value in node.items()
        }
        if not is_block(node):
            return values
        result = _call(values, node, path, config)
        if made is not None:
            made(path, result)
        return result
    if isinstance(node, list):
        return [resolve_block(value, path, config, made=made) for value in node]
    return node


def resolve_section(config: Mapping[str, Any], path: str) -> Any:
    """Resolve the section at a dotted path, such as ``training`` or ``corpora.train``.

    Raises :class:`ConfigError` if it isn't there or can't be resolved.
    """
    whole = config if isinstance(config, Config) else Config(dict(config))
    values: Any = whole if whole.is_interpolated else whole.interpolate()
    for part in path.split("."):
        if not isinstance(values, Mapping) or part not in values:
            problem = ConfigProblem(path, "isn't in the config", "add the section")
            raise ConfigError([problem], source=whole.source)
        values = values[part]
    with registry.preferring(whole):
        return resolve_block(values, path, whole)


def call_block(block: Any, path: str, config: Mapping[str, Any] | None, nlp: Any) -> Any:
    """Call what a block makes with the pipeline; :class:`ConfigError` if it can't be called."""
    if not callable(function := resolve_block(block, path, config)):
        made = f"makes a {type(function).__name__}, not a function"
        raise ConfigError([ConfigProblem(path, made, "name another")])
    return function(nlp)


def _call(
    values: dict[str, Any], block: Mapping[str, Any], path: str, config: Mapping[str, Any] | None
) -> Any:
    kind, name = next((key[1:], value) for key, value in block.items() if key.startswith("@"))
    function = registry.get(kind, name)
    positional = values.get("*", {})
    listed = list(positional.values()) if isinstance(positional, Mapping) else list(positional)
    named = {key: value for key, value in values.items() if key != "*" and not key.startswith("@")}
    try:
        _check_results(function, named, block)
        return function(*listed, **named)
    except SpanloomError:
        raise
    except Exception as error:
        lines = getattr(config, "lines", {})
        message = f"'{name}' can't be called with these arguments: {type(error).__name__}: {error}"
        fix = "'spanloom init fill-config' fills in the defaults" if _missing(error) else ""
        problem = ConfigProblem(path, message, fix, lines.get(path))
        raise ConfigError([problem], source=getattr(config, "source", "config")) from error


def _missing(error: Exception) -> bool:
    return isinstance(error, TypeError) and "missing" in str(error)


def _check_results(function: Any, named: dict[str, Any], block: Mapping[str, Any]) -> None:
    """What inner blocks returned must be of the class that the parameter is annotated with."""
    inner = [key for key, value in block.items() if is_block(value)]
    if not inner:
        return
    parameters = signature_of(function).parameters
    for key in inner:
        annotation = getattr(parameters.get(key), "annotation", None)
        if annotation is not None and not any(map(_accepts(named[key]), branches(annotation))):
            got = type(named[key]).__name__
            expected = describe_type(annotation)
            raise TypeError(f"'{key}' must be {expected}, but its block returned a {got}")


def _accepts(value: Any) -> Callable[[Any], bool]:
    """A function that tells whether a value fits one branch of an annotation, as far as its class
    says; what can't be told counts as fitting."""

    def accepts(branch: Any) -> bool:
        expected = get_origin(branch) or branch
        if not isinstance(expected, type):
            return True
        if hasattr(expected, "__get_validators__"):
            return True  # stands for other classes, as thinc's Generator does for any iterator
        if expected is float and isinstance(value, int):
            return True
        try:
            return isinstance(value, expected)
        except TypeError:
            return True  # a protocol that can't be checked

    return accepts
