"""Which components a pipeline holds, in which order, and how they are linked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..errors import PipelineError
from ..plugins.factory import component_defaults
from ..plugins.registries import registry
from . import build, graph, sourcing
from .graph import KEYS
from .graph_table import table
from .order import Entry, Order
from .wiring import check_disabled, rename_upstream, wire

if TYPE_CHECKING:
    from .pipeline import Pipeline

__all__ = ["Parts"]

F = TypeVar("F", bound=Callable[..., Any])


class Parts:
    """The part of :class:`Pipeline` that concerns its components."""

    def __init__(self) -> None:
        self.order = Order()
        self._assembled = self._linked = False
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
        replace_listeners: Collection[str] = (),
        config: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a component and add it, at the end unless a place is given. Returns it.

        ``config`` overrides the factory's defaults. With ``source``, the component of that name is
        copied, with its weights, from another pipeline. If it listens to an encoder there, the copy
        listens to an encoder here that is equal (such as a copy of it); where there is none, it
        gets a copy of the encoder of its own, with a warning. ``replace_listeners`` asks for that,
        with the places of the listeners, such as ``["model.tok2vec"]``.
        """
        name = name or factory_name
        self.order.check_free(name)
        position = self.order.place(before, after, first, last)
        if source is None and replace_listeners:
            raise PipelineError("replace_listeners is for components that come from a source")
        if source is not None:
            if config:
                raise PipelineError(
                    f"'{name}' comes from a source, with its config: leave `config` out, or make a "
                    f"new component of its factory"
                )
            entry = sourcing.sourced(
                self._whole, source, factory_name, name, position, replace_listeners
            )
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
        rename_upstream(self.order, old_name, new_name)
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
        """Keep a component without running it. What listens to it must be disabled too, before or
        after: running raises :class:`PipelineError` otherwise."""
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
        """Disable components, or all but those in ``enable`` and the encoders that they listen to,
        inside a ``with`` block; yields the names of those disabled. An encoder that nobody listens
        to then doesn't run.

        Raises :class:`PipelineError` at once, before anything changes, for names that aren't there,
        and if a component that stays listens to an encoder that is disabled.
        """
        off = [disable] if isinstance(disable, str) else list(disable)
        keep = [enable] if isinstance(enable, str) else enable
        off = self.left_out(off, keep)
        off = [name for name in off if self.order[name].enabled]
        self._link()
        check_disabled(self.order, off)
        for name in off:
            self.disable_pipe(name)
        try:
            yield off
        finally:
            for name in off:
                if name in self.order:
                    self.enable_pipe(name)

    def left_out(self, disable: Iterable[str], enable: Iterable[str] | None) -> list[str]:
        """The components that don't run where ``disable`` and ``enable`` are asked for: those in
        ``disable``, and, unless ``enable`` is ``None``, those that neither it names nor one of them
        listens to. The order of names doesn't matter. Raises :class:`PipelineError` for a name that
        isn't there or is in both."""
        off = list(dict.fromkeys(disable))
        for name in off:
            self.order.index(name)
        if enable is None:
            return off
        keep = set(enable)
        for name in keep:
            self.order.index(name)
        if both := sorted(keep & set(off)):
            raise PipelineError(f"{', '.join(both)} can't be both disabled and enabled")
        self._link()
        for entry in reversed(list(self.order)):
            if entry.name in keep:
                keep.update(each.name for each in getattr(entry.component, "upstream", ()))
        return [*off, *(name for name in self.component_names if name not in {*keep, *off})]

    def replace_listeners(
        self, tok2vec_name: str, pipe_name: str, listeners: Iterable[str] = ()
    ) -> None:
        """Give the component ``pipe_name`` a copy of the encoder ``tok2vec_name`` that it listens
        to, so that neither needs the other. It predicts what it predicted before; from then on the
        copy learns from it alone.

        ``listeners`` are the places in the component's config where listeners stand, such as
        ``["model.tok2vec"]``; all, if none is given. Where they have been replaced already, nothing
        changes. Raises :class:`PipelineError` for a place that isn't in the config, or if only some
        of the listeners to one encoder are named.
        """
        sourcing.replace_listeners(self._whole, tok2vec_name, pipe_name, listeners)

    def analyze_pipes(
        self, *, keys: Collection[str] = KEYS, pretty: bool = False
    ) -> dict[str, Any]:
        """What each component sets and needs, whom it listens to and who listens to it; see
        :func:`spanloom.pipeline.graph.analyze`. ``pretty`` prints it as a table, too."""
        found = graph.analyze(self._whole, keys)
        if pretty:
            print(table(self._whole, keys))
        return found

    def changed(self) -> None:
        """Say that components were added, removed or given their size: links are made anew."""
        self._assembled = self._linked = False

    def assemble(self) -> None:
        """Link listeners to their encoders, if anything changed since. Raises
        :class:`PipelineError`, naming both ends, where one is missing, disabled or doesn't fit."""
        if not self._assembled:
            self._link()
            self._active = check_disabled(self.order)
            self._assembled = True

    def _link(self) -> None:
        if not self._linked:
            wire(self.order)
            self._linked = True

    @property
    def _whole(self) -> Pipeline:
        return cast("Pipeline", self)
