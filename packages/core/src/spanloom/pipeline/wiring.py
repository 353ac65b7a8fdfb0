"""Linking listeners to the encoders whose output they take."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import PipelineError
from .order import Entry

if TYPE_CHECKING:
    from thinc.api import Model

    from ..components import Encoder

__all__ = [
    "active_encoders",
    "check_disabled",
    "check_frozen",
    "link_to",
    "listeners_of",
    "rename_upstream",
    "wire",
]


def wire(entries: Iterable[Entry]) -> None:
    """Link every listener to the encoder that it names, or to the nearest one before it.

    Afterwards no link is a wildcard, in configs neither; each listener knows its producer and
    width, and each component the encoders upstream of it. Raises :class:`PipelineError`, naming
    both ends, if an encoder is missing, of another kind, or of another width.
    """
    from ..components import Encoder

    encoders: dict[str, Encoder] = {}
    kinds: dict[str, str] = {}
    for entry in entries:
        component = entry.component
        if _has_layers(component):
            linked = {}
            for listener in listeners_of(component):
                encoder = _producer(listener, entry.name, encoders, kinds)
                _check_width(listener, entry.name, encoder)
                link_to(listener, entry.config, encoder.name)
                linked[encoder.name] = encoder
            component.upstream = tuple(linked.values())
        if isinstance(component, Encoder):
            encoders[entry.name] = component
            kinds[entry.factory] = entry.name


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


def rename_upstream(entries: Iterable[Entry], old: str, new: str) -> None:
    """Let listeners and configs that name an encoder follow its new name."""
    for entry in entries:
        for listener in listeners_of(entry.component):
            if listener.attrs["link"].upstream == old:
                link_to(listener, entry.config, new)


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
            f"'{name}' has a layer '{listener.name}' that listens to a shared encoder, but there "
            f"is none before it: add one, such as nlp.add_pipe('tok2vec', before='{name}')"
        )
    wanted = wanted if wanted in encoders else kinds.get(wanted, "")  # spaCy's may name the factory
    if not wanted:
        have = ", ".join(encoders) or "none"
        raise PipelineError(
            f"'{name}' listens to '{link.upstream}', which is no encoder before it in the pipeline "
            f"(encoders before it: {have}). Add it before '{name}', or change the listener's "
            f"`upstream`"
        )
    encoder = encoders[wanted]
    if encoder.provides != link.listens_to:
        raise PipelineError(
            f"'{name}' has a layer '{listener.name}', which takes values of the kind "
            f"'{link.listens_to}', but listens to '{wanted}', which gives '{encoder.provides}': "
            f"use the listener that belongs to the encoder, or change its `upstream`"
        )
    return encoder


def _check_width(listener: Model[Any, Any], name: str, encoder: Encoder) -> None:
    width = encoder.width
    # A listener that changes the width says both.
    dim = "nO" if listener.has_dim("nI") is False else "nI"
    if width is None or listener.has_dim(dim) is False:
        return
    if listener.has_dim(dim) and listener.get_dim(dim) != width:
        raise PipelineError(
            f"'{name}' listens to '{encoder.name}' for vectors of width {listener.get_dim(dim)}, "
            f"but '{encoder.name}' gives width {width}: make them equal in the config, as with "
            f"width = ${{components.{encoder.name}.model.encode.width}}"
        )
    if not listener.has_dim(dim):
        listener.set_dim(dim, width)


def active_encoders(entries: Iterable[Entry]) -> set[str]:
    """The encoders whose output an enabled component needs, directly or through an encoder."""
    needed: set[str] = set()
    for entry in reversed(list(entries)):
        consumes = entry.enabled or entry.name in needed
        if consumes and (not _is_encoder(entry) or entry.name in needed):
            needed.update(_upstream(entry))
    return needed


def check_disabled(entries: Iterable[Entry], off: Collection[str] = ()) -> set[str]:
    """The encoders that are needed where the components in ``off`` don't run, nor those that are
    disabled. Raises :class:`PipelineError` if one of those is needed."""
    entries = list(entries)
    active = active_encoders(entry for entry in entries if entry.name not in off)
    for entry in entries:
        if entry.name in active and (entry.name in off or not entry.enabled):
            users = [
                each.name
                for each in entries
                if entry.name in _upstream(each)
                and each.name not in off
                and (each.enabled or each.name in active)
            ]
            raise PipelineError(
                f"'{entry.name}' is disabled, but {_listed(users, 'listen')} to it: disable "
                f"{'that' if len(users) == 1 else 'those'} too, or enable '{entry.name}'"
            )
    return active


def check_frozen(entries: Iterable[Entry], frozen: Collection[str]) -> None:
    """Raise :class:`PipelineError` if a frozen component listens to an encoder that will learn from
    others: its scores would change without its having been trained."""
    entries = list(entries)
    teachers = _teachers(entries, frozen)
    moving: dict[str, str] = {name: name for name in teachers}
    for entry in entries:
        for producer in _upstream(entry):
            if producer not in moving:
                continue
            if _is_encoder(entry):
                moving.setdefault(entry.name, moving[producer])
            elif entry.name in frozen:
                _refuse_frozen(entry, producer, moving[producer], teachers)


def _teachers(entries: list[Entry], frozen: Collection[str]) -> dict[str, list[str]]:
    """The components that each encoder will learn from, for those that do."""
    teachers: dict[str, list[str]] = {}
    for entry in reversed(entries):
        silent = _is_encoder(entry) and entry.name not in teachers
        if entry.enabled and entry.name not in frozen and not silent:
            for listener in listeners_of(entry.component):
                link = listener.attrs["link"]
                if link.grad_factor != 0.0 and link.producer not in frozen:
                    names = teachers.setdefault(link.producer, [])
                    names[:0] = [entry.name] if entry.name not in names else []
    return teachers


def _refuse_frozen(
    entry: Entry, producer: str, learner: str, teachers: Mapping[str, list[str]]
) -> None:
    links = [listener.attrs["link"] for listener in listeners_of(entry.component)]
    places = ", ".join(f'"{link.place}"' for link in links if link.producer == producer)
    through = f", which listens to '{learner}'" if learner != producer else ""
    raise PipelineError(
        f"'{entry.name}' is frozen, but it listens to '{producer}'{through}, and '{learner}' will "
        f"learn from {', '.join(teachers[learner])}, so that what '{entry.name}' predicts would "
        f"change. Freeze '{learner}' too, or give '{entry.name}' an encoder of its own: "
        f"replace_listeners = [{places}] in its block, where that has `source`, or "
        f"nlp.replace_listeners('{producer}', '{entry.name}')"
    )


def _upstream(entry: Entry) -> list[str]:
    return [encoder.name for encoder in getattr(entry.component, "upstream", ())]


def _is_encoder(entry: Entry) -> bool:
    from ..components import Encoder

    return isinstance(entry.component, Encoder)


def _listed(names: list[str], verb: str) -> str:
    return f"{', '.join(names)} {verb}{'s' if len(names) == 1 else ''}"
