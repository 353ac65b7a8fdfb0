"""What a factory says of the component that it makes: default config, what it sets and needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["FactoryInfo", "component_defaults", "factory_config", "factory_info"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class FactoryInfo:
    """Declared beside a factory function ``(nlp, name, **settings) -> component``.

    ``defaults`` are config values (with ``@registry`` blocks unresolved); ``assigns`` and
    ``requires`` name what the component sets and needs (``token.tag``, ``doc.ents``);
    ``score_weights`` say how its scores count when training chooses the best pipeline.
    """

    defaults: Mapping[str, Any] = field(default_factory=dict)
    assigns: Sequence[str] = ()
    requires: Sequence[str] = ()
    score_weights: Mapping[str, float | None] = field(default_factory=dict)
    retokenizes: bool = False


def component_defaults(
    defaults: Mapping[str, Any] | None = None,
    *,
    assigns: Sequence[str] = (),
    requires: Sequence[str] = (),
    score_weights: Mapping[str, float | None] | None = None,
    retokenizes: bool = False,
) -> Callable[[F], F]:
    """Decorate a factory function with its :class:`FactoryInfo`."""
    info = FactoryInfo(
        dict(defaults or {}),
        tuple(assigns),
        tuple(requires),
        dict(score_weights or {}),
        retokenizes,
    )

    def decorate(function: F) -> F:
        function.factory_info = info  # type: ignore[attr-defined]
        return function

    return decorate


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
