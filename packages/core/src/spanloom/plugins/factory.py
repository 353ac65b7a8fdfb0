"""What a factory says of the component that it makes: default config, what it sets and needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar, Unpack

__all__ = [
    "Declared",
    "FactoryInfo",
    "NewConfig",
    "component_defaults",
    "factory_config",
    "factory_info",
    "names_of",
    "with_settings_of",
]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class NewConfig:
    """What ``init config`` was asked for: a factory's ``init_config`` is told.

    ``encoder`` is the name of the shared encoder, which is that of its factory; ``optimize`` is
    ``"efficiency"`` or ``"accuracy"``; ``vectors`` names a table that is a feature; ``pretrained``
    names weights to begin with, a folder or a model on a hub (``--transformer``).
    """

    encoder: str
    optimize: str = "efficiency"
    gpu: bool = False
    vectors: str | None = None
    pretrained: str | None = None


@dataclass(frozen=True)
class FactoryInfo:
    """Declared beside a factory function ``(nlp, name, **settings) -> component``.

    ``defaults`` are config values (with ``@registry`` blocks unresolved); ``assigns`` and
    ``requires`` name what the component sets and needs (``token.tag``, ``doc.ents``);
    ``score_weights`` say how its scores count when training chooses the best pipeline.

    The factory of an encoder, whose model others share, has a ``listener``: the block that takes
    the place of their token-to-vector layers in a new config, where the encoder has the name of its
    factory. Its ``init_config``, if there is one, then changes that config, which is filled, to
    what suits the encoder: sizes, learning rates, settings of the components that listen.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    assigns: Sequence[str] = ()
    requires: Sequence[str] = ()
    score_weights: Mapping[str, float | None] = field(default_factory=dict)
    retokenizes: bool = False
    listener: Mapping[str, Any] | None = None
    init_config: Callable[[dict[str, Any], NewConfig], None] | None = None


class Declared(TypedDict, total=False):
    """What decorators of factories take by the name that it has in :class:`FactoryInfo`."""

    assigns: Sequence[str]
    requires: Sequence[str]
    retokenizes: bool
    listener: Mapping[str, Any] | None
    init_config: Callable[[dict[str, Any], NewConfig], None] | None


def names_of(given: str | Iterable[str]) -> list[str]:
    """Names as a list: a string is one name, not its letters."""
    return [given] if isinstance(given, str) else list(given)


def component_defaults(
    defaults: Mapping[str, Any] | None = None,
    *,
    settings_of: type | None = None,
    score_weights: Mapping[str, float | None] | None = None,
    **declared: Unpack[Declared],
) -> Callable[[F], F]:
    """Decorate a factory function with its :class:`FactoryInfo`.

    A factory that hands ``**settings`` to the constructor of its component names that class as
    ``settings_of``: the constructor's keyword-only parameters are settings of the factory too.
    """
    declared["assigns"] = tuple(names_of(declared.get("assigns", ())))
    declared["requires"] = tuple(names_of(declared.get("requires", ())))
    info = FactoryInfo(dict(defaults or {}), score_weights=dict(score_weights or {}), **declared)

    def decorate(function: F) -> F:
        function.factory_info = info  # type: ignore[attr-defined]
        return function if settings_of is None else with_settings_of(settings_of)(function)

    return decorate


def with_settings_of(other: Callable[..., Any]) -> Callable[[F], F]:
    """Decorate a function that takes the keyword-only parameters of ``other``, a function or the
    constructor of a class, as its ``**settings``: they are spelt out in its signature."""

    def decorate(function: F) -> F:
        own = inspect.signature(function)
        parameters = {
            name: each for name, each in own.parameters.items() if each.kind is not each.VAR_KEYWORD
        }
        further = {name: each for name, each in _settings(other).items() if name not in parameters}
        function.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[*parameters.values(), *further.values()]
        )
        return function

    return decorate


def _settings(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The keyword-only parameters of a function or constructor, and where that takes ``**settings``
    to hand them on, those of its base's."""
    settings: dict[str, inspect.Parameter] = {}
    for each in getattr(function, "__mro__", (function,)):
        call = vars(each).get("__init__") if isinstance(each, type) else each
        if call is None:
            continue
        parameters = inspect.signature(call).parameters.values()
        named = {p.name: p for p in parameters if p.kind is p.KEYWORD_ONLY}
        settings = {**named, **settings}
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    return settings


def factory_info(function: Callable[..., Any]) -> FactoryInfo:
    """The declaration of a factory; an empty one for a plain function."""
    info = getattr(function, "factory_info", None)
    return info if isinstance(info, FactoryInfo) else FactoryInfo()


def factory_config(function: Callable[..., Any]) -> dict[str, Any]:
    """All settings of a factory that have a default: those of its signature, then its
    declaration's."""
    settings: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in ("nlp", "name") or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if parameter.default is not parameter.empty:
            settings[name] = parameter.default
    return {**settings, **factory_info(function).defaults}
