"""Factories of components: registering them, and calling them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ..config import Config
from ..config.blocks import check_component
from ..config.fill import fill_block
from ..config.resolve import resolve_block
from ..errors import PipelineError, UnknownNameError
from ..plugins import manager
from ..plugins.factory import component_defaults, factory_config
from ..plugins.registries import registry
from .order import check_name

if TYPE_CHECKING:
    from .state import PipelineState

__all__ = ["F", "create_component", "placed", "registering", "registering_component"]

F = TypeVar("F", bound=Callable[..., Any])


def registering(name: str, **defaults: Any) -> Callable[[F], F]:
    """See :meth:`Pipeline.factory`; ``defaults`` are those of
    :func:`~spanloom.plugins.factory.component_defaults`."""

    if not isinstance(name, str):
        raise PipelineError(f"The decorator needs a name, such as ('my_name'), not {name!r}")
    check_name(name)

    def register(function: F) -> F:
        taken = inspect.signature(function).parameters
        anything = any(each.kind is each.VAR_KEYWORD for each in taken.values())
        if not anything and not {"nlp", "name"} <= taken.keys():
            raise PipelineError(f"The factory '{name}' must take the arguments nlp and name")
        component_defaults(**defaults)(function)
        return registry.factories(name, overwrite=True)(function)

    return register


def registering_component(name: str, **defaults: Any) -> Callable[[F], F]:
    """See :meth:`Pipeline.component`."""
    as_factory = registering(name, **defaults)

    def register(function: F) -> F:
        def make(nlp: PipelineState, name: str) -> F:
            return function

        as_factory(make)
        return function

    return register


def create_component(
    nlp: PipelineState, factory: str, name: str, config: Mapping[str, Any] | None = None
) -> tuple[Any, dict[str, Any]]:
    """Call a factory, with its default settings merged with ``config``.

    Returns the component, and the filled block that describes it. Raises
    :class:`UnknownNameError` for an unknown factory, :class:`ConfigError` for unknown settings.
    """
    if not isinstance(factory, str):
        raise UnknownNameError(
            f"add_pipe takes the name of a component, not {factory!r}. Register a function of a "
            "Doc with @Pipeline.component('my_name'), then call add_pipe('my_name')."
        )
    if factory not in registry.factories and (advice := registry.advice("factories", factory)):
        raise UnknownNameError(f"'{factory}' is a spaCy component that isn't available: {advice}")
    try:
        function = registry.get("factories", factory)
    except UnknownNameError:
        renamed = manager().renamed.get(("factories", factory))
        if renamed is None:
            raise
        raise UnknownNameError(
            f"The factory '{factory}' has been renamed: use '{renamed.name}'"
        ) from None
    given = Config(dict(config or {}))
    check_component(name, factory, given)
    merged = Config(factory_config(function)).merge(given)
    where = f"components.{name}"
    filled = fill_block(merged, where)
    component = function(nlp=nlp, name=name, **resolve_block(filled, where, made=placed(where)))
    if component is None:
        raise PipelineError(f"The factory '{factory}' returned None: it must return the component")
    return component, {"factory": factory, **filled}


def placed(where: str) -> Callable[[str, Any], None]:
    """A function that lets listeners remember their place in the config of the component whose
    block is at ``where``; for :func:`~spanloom.config.resolve.resolve_block`."""

    def remember(path: str, made: Any) -> None:
        attrs = getattr(made, "attrs", None)
        link = attrs.get("link") if isinstance(attrs, dict) else None
        if link is not None and not link.place:
            link.place = path.removeprefix(f"{where}.")

    return remember
