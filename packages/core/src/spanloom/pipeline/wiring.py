"""Linking listeners to the encoders whose output they take."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..config.tree import leaves
from ..errors import PipelineError
from .order import Order, Slot

if TYPE_CHECKING:
    from thinc.api import Model

    from ..components import Encoder

__all__ = [
    "Links",
    "check_disabled",
    "check_frozen",
    "link_to",
    "listeners_of",
    "rename_upstream",
    "wire",
]


class Links:
    """The links between the components of a pipeline, which are made anew after each change."""

    active: set[str]
    """The encoders that an enabled component needs, as of :meth:`assemble`."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._assembled = self._linked = False

    def changed(self) -> None:
        """See :meth:`Pipeline.changed`."""
        self._assembled = self._linked = False

    def assemble(self) -> None:
        """See :meth:`Pipeline.assemble`."""
        if not self._assembled:
            self.link()
            self.active = check_disabled(self._order)
            self._assembled = True

    def link(self) -> None:
        """Link listeners, whether or not what they listen to is disabled."""
        if not self._linked:
            wire(self._order)
            self._linked = True


def wire(slots: Iterable[Slot]) -> None:
    """Link every listener to the encoder that it names, or to the nearest one before it.

    Afterwards no link is a wildcard, in configs neither; each listener knows its producer and
    width, and each component the encoders upstream of it. Raises :class:`PipelineError`, naming
    both ends, if an encoder is missing, of another kind, or of another width.
    """
    from ..components import Encoder

    encoders: dict[str, Encoder] = {}
    kinds: dict[str, str] = {}
    blocks: dict[str, Mapping[str, Any]] = {}
    for slot in slots:
        component = slot.component
        if _has_layers(component):
            linked = {}
            for listener in listeners_of(component):
                encoder = _producer(listener, slot.name, encoders, kinds)
                _check_width(listener, slot.name, encoder, blocks[encoder.name])
                link_to(listener, slot.config, encoder.name)
                linked[encoder.name] = encoder
            component.upstream = tuple(linked.values())
        if isinstance(component, Encoder):
            encoders[slot.name], blocks[slot.name] = component, slot.config
            kinds[slot.factory] = slot.name


def listeners_of(component: Any) -> list[Model[Any, Any]]:
    """The listeners in a component's model; none where it has no model of thinc's."""
    if not _has_layers(component):
        return []
    from ..layers import find_listeners  # imports thinc: only where there is a model

    return find_listeners(component.model)


def _has_layers(component: Any) -> bool:
    """Whether the component has a model that is made of layers, as thinc's are."""
    return hasattr(getattr(component, "model", None), "walk")


def link_to(listener: Model[Any, Any], config: Mapping[str, Any], producer: str) -> None:
    """Let ``listener`` listen to ``producer``, and let the component's config say so."""
    link = listener.attrs["link"]
    link.upstream = link.producer = producer
    block: Any = config
    for part in link.place.split(".") if link.place else ():
        block = block.get(part) if isinstance(block, Mapping) else None
    if link.place and isinstance(block, dict) and "upstream" in block:
        block["upstream"] = producer


def rename_upstream(slots: Iterable[Slot], old: str, new: str) -> None:
    """Let listeners and configs that name an encoder follow its new name."""
    for slot in slots:
        for listener in listeners_of(slot.component):
            if listener.attrs["link"].upstream == old:
                link_to(listener, slot.config, new)


def _producer(
    listener: Model[Any, Any], name: str, encoders: dict[str, Encoder], kinds: dict[str, str]
) -> Encoder:
    """The encoder that ``listener``, a layer of the component ``name``, takes its input from."""
    link = listener.attrs["link"]
    wanted = link.upstream
    if wanted == "*":
        fitting = [each for each in encoders.values() if each.provides == link.listens_to]
        if fitting:
            return fitting[-1]
        raise PipelineError(
            f"'{name}' has a layer '{listener.name}' that listens to a shared encoder, but no "
            f"encoder comes before it: add one, such as nlp.add_pipe('tok2vec', before='{name}')"
        )
    wanted = wanted if wanted in encoders else kinds.get(wanted, "")  # spaCy's may name the factory
    if not wanted:
        have = ", ".join(encoders) or "none"
        raise PipelineError(
            f"'{name}' listens to '{link.upstream}', which isn't an encoder earlier in the "
            f"pipeline (earlier encoders: {have}). Add it before '{name}', or change the "
            "listener's 'upstream'."
        )
    encoder = encoders[wanted]
    if encoder.provides != link.listens_to:
        raise PipelineError(
            f"'{name}' has a layer '{listener.name}' that takes '{link.listens_to}', but it "
            f"listens to '{wanted}', which gives '{encoder.provides}': use the listener that "
            "belongs to the encoder, or change its 'upstream'"
        )
    return encoder


def _where(name: str, block: Mapping[str, Any], width: int) -> str:
    """A reference to the setting of an encoder that is its width; the number, if none is."""
    paths = [path for path, value in leaves(block) if value == width and type(value) is int]
    named = [path for path in paths if path.rpartition(".")[2] in ("width", "nO")]
    return f"${{components.{name}.{min(named, key=len)}}}" if named else str(width)


def _check_width(
    listener: Model[Any, Any], name: str, encoder: Encoder, block: Mapping[str, Any]
) -> None:
    width = encoder.width
    # A listener that changes the width says both.
    dim = "nO" if listener.has_dim("nI") is False else "nI"
    if width is None or listener.has_dim(dim) is False:
        return
    if listener.has_dim(dim) and listener.get_dim(dim) != width:
        raise PipelineError(
            f"'{name}' listens to '{encoder.name}' for vectors of width {listener.get_dim(dim)}, "
            f"but '{encoder.name}' gives width {width}: make them equal in the config, as with "
            f"width = {_where(encoder.name, block, width)}"
        )
    if not listener.has_dim(dim):
        listener.set_dim(dim, width)


def _active_encoders(slots: Iterable[Slot]) -> set[str]:
    """The encoders whose output an enabled component needs, directly or through an encoder."""
    needed: set[str] = set()
    for slot in reversed(list(slots)):
        consumes = slot.enabled or slot.name in needed
        if consumes and (not _is_encoder(slot) or slot.name in needed):
            needed.update(_upstream(slot))
    return needed


def check_disabled(
    slots: Iterable[Slot], off: Collection[str] = (), *, learning: bool = False
) -> set[str]:
    """The encoders that are needed where the components in ``off`` don't run, nor those that are
    disabled. Raises :class:`PipelineError` if one of those is needed, unless documents can bring
    what it gave, which they can't in ``learning``."""
    slots = list(slots)
    active = _active_encoders(slot for slot in slots if slot.name not in off)
    for slot in slots:
        given = not learning and getattr(slot.component, "keeps", False)
        if slot.name in active and not given and (slot.name in off or not slot.enabled):
            users = [
                each.name
                for each in slots
                if slot.name in _upstream(each)
                and each.name not in off
                and (each.enabled or each.name in active)
            ]
            raise PipelineError(
                f"'{slot.name}' is disabled, but {_listed(users, 'listen')} to it: disable "
                f"{'that' if len(users) == 1 else 'those'} too, or enable '{slot.name}'"
            )
    return active


def check_frozen(slots: Iterable[Slot], frozen: Collection[str]) -> None:
    """Raise :class:`PipelineError` if a frozen component listens to an encoder that will learn from
    others: its scores would change without its having been trained."""
    slots = list(slots)
    teachers = _teachers(slots, frozen)
    moving: dict[str, str] = {name: name for name in teachers}
    for slot in slots:
        for producer in _upstream(slot):
            if producer not in moving:
                continue
            if _is_encoder(slot):
                moving.setdefault(slot.name, moving[producer])
            elif slot.name in frozen:
                _refuse_frozen(slot, producer, moving[producer], teachers)


def _teachers(slots: list[Slot], frozen: Collection[str]) -> dict[str, list[str]]:
    """The components that each encoder will learn from, for those that do."""
    teachers: dict[str, list[str]] = {}
    for slot in reversed(slots):
        silent = _is_encoder(slot) and slot.name not in teachers
        if slot.enabled and slot.name not in frozen and not silent:
            for listener in listeners_of(slot.component):
                link = listener.attrs["link"]
                if link.grad_factor != 0.0 and link.producer not in frozen:
                    names = teachers.setdefault(link.producer, [])
                    names[:0] = [slot.name] if slot.name not in names else []
    return teachers


def _refuse_frozen(
    slot: Slot, producer: str, learner: str, teachers: Mapping[str, list[str]]
) -> None:
    links = [listener.attrs["link"] for listener in listeners_of(slot.component)]
    places = ", ".join(f'"{link.place}"' for link in links if link.producer == producer)
    through = f", which listens to '{learner}'" if learner != producer else ""
    raise PipelineError(
        f"'{slot.name}' is frozen, but it listens to '{producer}'{through}, and '{learner}' will "
        f"learn from {', '.join(teachers[learner])}, so that what '{slot.name}' predicts would "
        f"change. Freeze '{learner}' too, or give '{slot.name}' an encoder of its own: "
        f"replace_listeners = [{places}] in its block, where that has `source`, or "
        f"nlp.replace_listeners('{producer}', '{slot.name}')"
    )


def _upstream(slot: Slot) -> list[str]:
    return [encoder.name for encoder in getattr(slot.component, "upstream", ())]


def _is_encoder(slot: Slot) -> bool:
    from ..components import Encoder

    return isinstance(slot.component, Encoder)


def _listed(names: list[str], verb: str) -> str:
    return f"{', '.join(names)} {verb}{'s' if len(names) == 1 else ''}"
