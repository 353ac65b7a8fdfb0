"""Which components a pipeline holds, in which order, and how they are linked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..components.factory import component_defaults
from ..errors import PipelineError
from ..registries import registry
from . import build, saving
from .order import Entry, Order
from .wiring import active_encoders, wire

if TYPE_CHECKING:
    from .pipeline import Pipeline

__all__ = ["Parts"]

F = TypeVar("F", bound=Callable[..., Any])


class Parts:
    """The part of :class:`Pipeline` that concerns its components."""

    def __init__(self) -> None:
        self.order = Order()
        self._assembled = False
        self._active: set[str] = set()

    @staticmethod
    def factory(
        name: str,
        *,
        default_config: Mapping[str, Any] | None = None,
        assigns: Sequence[str] = (),
        requires: Sequence[str] = (),
        default_score_weights: Mapping[str, float | None] | None = None,
        retokenizes: bool = False,
    ) -> Callable[[F], F]:
        """Decorate a function ``(nlp, name, **settings) -> component``, so that ``add_pipe`` and
        configs know it as ``name``. A package names it as an entry point instead."""

        def register(function: F) -> F:
            component_defaults(
                default_config,
                assigns=assigns,
                requires=requires,
                score_weights=default_score_weights,
                retokenizes=retokenizes,
            )(function)
            return registry.factories(name, overwrite=True)(function)

        return register

    @staticmethod
    def component(name: str) -> Callable[[F], F]:
        """Decorate a function ``doc -> doc`` that needs no settings; see :meth:`factory`."""

        def register(function: F) -> F:
            def make(nlp: Pipeline, name: str) -> F:
                return function

            registry.factories(name, overwrite=True)(make)
            return function

        return register

    # -- what it holds

    @property
    def components(self) -> list[tuple[str, Any]]:
        """All components with their names, in order, disabled ones too."""
        return [(entry.name, entry.component) for entry in self.order]

    @property
    def pipeline(self) -> list[tuple[str, Any]]:
        """The enabled components with their names, in order."""
        return [(entry.name, entry.component) for entry in self.order if entry.enabled]

    @property
    def component_names(self) -> list[str]:
        """The names of all components."""
        return self.order.names

    @property
    def pipe_names(self) -> list[str]:
        """The names of the enabled components."""
        return [entry.name for entry in self.order if entry.enabled]

    @property
    def disabled(self) -> list[str]:
        """The names of the disabled components."""
        return [entry.name for entry in self.order if not entry.enabled]

    @property
    def pipe_factories(self) -> dict[str, str]:
        """The factory of each component."""
        return {entry.name: entry.factory for entry in self.order}

    @property
    def factory_names(self) -> list[str]:
        """The factories that are installed. Nothing is imported."""
        return sorted(registry.names("factories"))

    @property
    def pipe_labels(self) -> dict[str, list[str]]:
        """The labels of each component that has some."""
        labels = {name: getattr(component, "labels", ()) for name, component in self.components}
        return {name: list(values) for name, values in labels.items() if values}

    # -- components

    def add_pipe(
        self,
        factory_name: str,
        name: str | None = None,
        *,
        before: str | int | None = None,
        after: str | int | None = None,
        first: bool | None = None,
        last: bool | None = None,
        source: Pipeline | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a component and add it, at the end unless a place is given. Returns it.

        ``config`` overrides the factory's defaults. With ``source``, the component of that name is
        copied, with its weights, from another pipeline.
        """
        name = name or factory_name
        self.order.check_free(name)
        position = self.order.place(before, after, first, last)
        if source is not None:
            entry = saving.copied(self._whole, source, factory_name, name)
        else:
            component, filled = build.create_component(self._whole, factory_name, name, config)
            entry = Entry(name, component, filled)
        self.order.insert(position, entry)
        self.changed()
        return entry.component

    def create_pipe(
        self, factory_name: str, name: str | None = None, *, config: Mapping[str, Any] | None = None
    ) -> Any:
        """Make a component without adding it."""
        return build.create_component(self._whole, factory_name, name or factory_name, config)[0]

    def get_pipe(self, name: str) -> Any:
        """The component of that name."""
        return self.order[name].component

    def has_pipe(self, name: str) -> bool:
        """Whether there is an enabled component of that name."""
        return name in self.pipe_names

    def remove_pipe(self, name: str) -> tuple[str, Any]:
        """Take a component out and return it with its name."""
        entry = self.order.remove(name)
        self.changed()
        return entry.name, entry.component

    def rename_pipe(self, old_name: str, new_name: str) -> None:
        """Give a component another name. Listeners that name it follow."""
        component = self.order[old_name].component
        self.order.rename(old_name, new_name)
        if hasattr(component, "name"):
            component.name = new_name
        saving.rename_upstream(self._whole, old_name, new_name)
        self.changed()

    def replace_pipe(
        self, name: str, factory_name: str, *, config: Mapping[str, Any] | None = None
    ) -> Any:
        """Make a component and put it in the place of another. Returns it."""
        enabled = self.order[name].enabled
        component, filled = build.create_component(self._whole, factory_name, name, config)
        self.order.replace(name, Entry(name, component, filled, enabled))
        self.changed()
        return component

    def disable_pipe(self, name: str) -> None:
        """Keep a component without running it."""
        self.order.enable(name, False)
        self.changed()

    def enable_pipe(self, name: str) -> None:
        """Run a component again."""
        self.order.enable(name, True)
        self.changed()

    @contextmanager
    def select_pipes(
        self, *, disable: str | Iterable[str] = (), enable: str | Iterable[str] | None = None
    ) -> Iterator[list[str]]:
        """Disable components, or all but those in ``enable``, inside a ``with`` block; yields the
        names of those disabled."""
        off = [disable] if isinstance(disable, str) else list(disable)
        for name in off:
            self.order.index(name)
        if enable is not None:
            keep = [enable] if isinstance(enable, str) else list(enable)
            for name in keep:
                self.order.index(name)
            off += [name for name in self.component_names if name not in keep]
        off = [name for name in dict.fromkeys(off) if self.order[name].enabled]
        for name in off:
            self.disable_pipe(name)
        try:
            yield off
        finally:
            for name in off:
                if name in self.order:
                    self.enable_pipe(name)

    def changed(self) -> None:
        """Say that components were added, removed or given their size: links are made anew."""
        self._assembled = False

    def assemble(self) -> None:
        """Link listeners to their encoders, if anything changed since. Raises
        :class:`PipelineError`, naming both ends, where one is missing or doesn't fit."""
        if not self._assembled:
            wire(self.order)
            self._active = active_encoders(self.order)
            self._check_disabled()
            self._assembled = True

    def _check_disabled(self) -> None:
        for name in self._active:
            if not self.order[name].enabled:
                users = [
                    entry.name
                    for entry in self.order
                    if entry.enabled
                    and any(up.name == name for up in getattr(entry.component, "upstream", ()))
                ]
                raise PipelineError(
                    f"'{name}' is disabled, but {', '.join(users)} listens to it: disable that "
                    f"too, or enable '{name}'"
                )

    @property
    def _whole(self) -> Pipeline:
        return cast("Pipeline", self)
