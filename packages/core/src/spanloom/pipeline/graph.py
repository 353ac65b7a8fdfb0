"""What a pipeline is made of, as data: who sets and needs what, and who listens to whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import PipelineError, RegistryError
from ..plugins.factory import FactoryInfo, factory_info
from ..plugins.registries import registry
from .running import running

if TYPE_CHECKING:
    from .order import Slot
    from .state import PipelineState

__all__ = ["KEYS", "Node", "analyze", "nodes_of"]

KEYS = ("assigns", "requires", "scores", "retokenizes", "producers", "consumers")
"""What :func:`analyze` can tell of a component."""


@dataclass(frozen=True)
class Node:
    """A component in the graph of a pipeline.

    ``producers`` are the encoders that it listens to, ``consumers`` the components that listen to
    it, and ``width`` that of the vectors which it gives them. ``idle`` says that it is an encoder
    that won't run, since nobody who runs listens to it.
    """

    name: str
    factory: str
    enabled: bool
    idle: bool
    assigns: tuple[str, ...]
    requires: tuple[str, ...]
    scores: tuple[str, ...]
    retokenizes: bool
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    width: int | None


def nodes_of(nlp: PipelineState) -> list[Node]:
    """The components of ``nlp`` in order, disabled ones too. Raises :class:`PipelineError` if they
    don't fit together."""
    nlp.links.assemble()
    active = {slot.name for slot in running(nlp)}
    producers = {
        slot.name: tuple(each.name for each in getattr(slot.component, "upstream", ()))
        for slot in nlp.order
    }
    found = []
    for slot in nlp.order:
        info = _info(slot)
        found.append(
            Node(
                slot.name,
                slot.factory,
                slot.enabled,
                slot.enabled and slot.name not in active,
                tuple(info.assigns),
                tuple(info.requires),
                tuple(info.score_weights),
                info.retokenizes,
                producers[slot.name],
                tuple(name for name, needed in producers.items() if slot.name in needed),
                getattr(slot.component, "width", None),
            )
        )
    return found


def _info(slot: Slot) -> FactoryInfo:
    try:
        return factory_info(registry.get("factories", slot.factory))
    except RegistryError:  # made by a function that was registered then and isn't now
        return FactoryInfo()


def analyze(nlp: PipelineState, keys: Collection[str] = KEYS) -> dict[str, Any]:
    """What the components of a pipeline set and need.

    ``summary`` has the ``keys`` for each enabled component, ``attrs`` which components assign and
    require each attribute, and ``problems`` the attributes that a component requires and nobody
    before it assigns. Raises :class:`PipelineError` for a key that isn't in :data:`KEYS`, and if
    the components don't fit together.
    """
    check_keys(keys)
    nodes = [node for node in nodes_of(nlp) if node.enabled]
    attrs: dict[str, dict[str, list[str]]] = {}
    problems: dict[str, list[str]] = {}
    for node in nodes:
        missing = [attr for attr in node.requires if not attrs.get(attr, {}).get("assigns")]
        problems[node.name] = missing
        for key, values in (("assigns", node.assigns), ("requires", node.requires)):
            for attr in values:
                attrs.setdefault(attr, {"assigns": [], "requires": []})[key].append(node.name)
    summary = {node.name: {key: _plain(getattr(node, key)) for key in keys} for node in nodes}
    return {"summary": summary, "problems": problems, "attrs": attrs}


def check_keys(keys: Collection[str]) -> None:
    """Raise :class:`PipelineError` for a key that can't be analyzed."""
    for key in keys:
        if key not in KEYS:
            raise PipelineError(f"analyze_pipes can't tell '{key}': choose of {', '.join(KEYS)}")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
