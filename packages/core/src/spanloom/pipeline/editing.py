"""Changing which components a pipeline holds, in which order, and which of them run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Self

from ..errors import PipelineError
from . import sourcing
from .factories import create_component
from .order import Slot
from .state import PipelineState
from .wiring import check_disabled, rename_upstream

__all__ = [
    "DisabledPipes",
    "add",
    "enable",
    "labels",
    "left_out",
    "remove",
    "rename",
    "replace",
    "selected",
]


def add(
    nlp: PipelineState,
    factory: str,
    name: str,
    position: int,
    source: PipelineState | None,
    replace_listeners: Collection[str],
    config: Mapping[str, Any] | None,
) -> Any:
    """Add a component at ``position``: a new one, or, with ``source``, a copy of the one there that
    is called ``factory``. Returns it. See :meth:`Pipeline.add_pipe`."""
    if isinstance(factory, str):  # else it is told below, with what to do
        nlp.order.check_free(name)
    if source is None and replace_listeners:
        raise PipelineError("replace_listeners is for components that come from a source")
    if source is not None and config:
        raise PipelineError(
            f"'{name}' comes from a source, with its config: leave `config` out, or make a "
            f"new component of its factory"
        )
    if source is not None:
        slot = sourcing.sourced(nlp, source, factory, name, position, replace_listeners)
    else:
        slot = Slot(name, *create_component(nlp, factory, name, config))
    nlp.order.insert(position, slot)
    nlp.links.changed()
    return slot.component


def remove(nlp: PipelineState, name: str) -> tuple[str, Any]:
    """See :meth:`Pipeline.remove_pipe`."""
    slot = nlp.order.remove(name)
    nlp.links.changed()
    return slot.name, slot.component


def rename(nlp: PipelineState, old: str, new: str) -> None:
    """See :meth:`Pipeline.rename_pipe`."""
    component = nlp.order[old].component
    nlp.order.rename(old, new)
    if hasattr(component, "name"):
        component.name = new
    rename_upstream(nlp.order, old, new)
    nlp.links.changed()


def replace(nlp: PipelineState, name: str, factory: str, config: Mapping[str, Any] | None) -> Any:
    """See :meth:`Pipeline.replace_pipe`."""
    enabled = nlp.order[name].enabled
    component, filled = create_component(nlp, factory, name, config)
    nlp.order.replace(name, Slot(name, component, filled, enabled))
    nlp.links.changed()
    return component


def enable(nlp: PipelineState, name: str, enabled: bool) -> None:
    """Let a component run or not; see :meth:`Pipeline.disable_pipe`."""
    nlp.order.enable(name, enabled)
    nlp.links.changed()


class DisabledPipes(list[str]):
    """The names of components that are disabled until :meth:`restore`, or the end of a ``with``
    block."""

    def __init__(self, nlp: PipelineState, names: Iterable[str]) -> None:
        super().__init__(names)
        self._nlp = nlp
        for name in self:
            enable(nlp, name, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()

    def restore(self) -> None:
        """Enable them again, those that are still there; the list is empty then."""
        for name in self:
            if name in self._nlp.order:
                enable(self._nlp, name, True)
        self.clear()


def selected(
    nlp: PipelineState, disable: Iterable[str], enabled: Iterable[str] | None
) -> DisabledPipes:
    """See :meth:`Pipeline.select_pipes`."""
    off = [name for name in left_out(nlp, disable, enabled) if nlp.order[name].enabled]
    nlp.links.link()
    check_disabled(nlp.order, off)
    return DisabledPipes(nlp, off)


def left_out(
    nlp: PipelineState, disable: Iterable[str], enabled: Iterable[str] | None
) -> list[str]:
    """The components that don't run where ``disable`` and ``enabled`` are asked for: those in
    ``disable``, and, unless ``enabled`` is ``None``, those that neither it names nor one of them
    listens to. The order of names doesn't matter. Raises :class:`PipelineError` for a name that
    isn't there or is in both."""
    off = list(dict.fromkeys(disable))
    for name in off:
        nlp.order.index(name)
    if enabled is None:
        return off
    keep = set(enabled)
    for name in keep:
        nlp.order.index(name)
    if both := sorted(keep & set(off)):
        raise PipelineError(f"{', '.join(both)} can't be both disabled and enabled")
    nlp.links.link()
    for slot in reversed(list(nlp.order)):
        if slot.name in keep:
            keep.update(each.name for each in getattr(slot.component, "upstream", ()))
    return [*off, *(name for name in nlp.order.names if name not in {*keep, *off})]


def labels(nlp: PipelineState) -> dict[str, list[str]]:
    """See :attr:`Pipeline.pipe_labels`."""
    found = {slot.name: list(getattr(slot.component, "labels", None) or ()) for slot in nlp.order}
    return {name: values for name, values in found.items() if values}
