"""Components of another pipeline, and components that get an encoder of their own.

What a component learned is worth nothing without the encoder that it learned it with. So a copy
listens only to an encoder that is the same as the one it comes from; where there is none, the
encoder is copied into the component.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..config.resolve import resolve_block
from ..config.tree import exists, mappings
from ..errors import PipelineError
from .factories import create_component, placed
from .order import Slot
from .wiring import link_to, listeners_of

if TYPE_CHECKING:
    from thinc.api import Model

    from ..components import Encoder
    from .state import PipelineState

__all__ = ["replace_listeners", "sourced"]


def sourced(
    nlp: PipelineState,
    source: PipelineState,
    name: str,
    new_name: str,
    position: int,
    replace: Collection[str] = (),
) -> Slot:
    """A copy of the component ``name`` of ``source``, weights included, to stand at ``position`` in
    ``nlp``. Nothing is shared with ``source``, but for a table of word vectors.

    Each listener is linked to an encoder before ``position`` that is equal to the one it listens to
    in ``source``. Where there is none, or ``replace`` names its place (``model.tok2vec``), it is
    replaced by a copy of that encoder, with a warning in the first case. Raises
    :class:`PipelineError` if ``replace`` names what is no listener, or the component needs another
    table of word vectors than ``nlp`` has.
    """
    if not hasattr(source, "order"):
        raise PipelineError(
            f"source is a {type(source).__name__}, but must be a pipeline: load it first, "
            f"source=spanloom.load(...)"
        )
    source.links.assemble()
    original = source.order[name]
    _check_places(original, replace, listeners_of(original.component))
    _share_vectors(nlp, source, original)
    settings = {key: value for key, value in original.config.items() if key != "factory"}
    made, config = create_component(nlp, original.factory, new_name, copy.deepcopy(settings))
    _carry_over(original.component, made)
    slot = Slot(new_name, made, config)
    waiting = listeners_of(made)
    while waiting:
        listener = waiting.pop()
        link = listener.attrs["link"]
        producer = source.order[link.upstream]
        wanted = link.place in replace
        twin = None if wanted else _twin(nlp, source, producer, position)
        if twin is not None:
            link_to(listener, config, twin)
            continue
        if not wanted:
            _tell(slot, producer.name, nlp)
        waiting += _give_own(slot, listener, producer)
    return slot


def _carry_over(original: Any, made: Any) -> None:
    """Give ``made`` what ``original`` has learned, as it would be saved."""
    if hasattr(made, "from_bytes"):
        made.from_bytes(original.to_bytes())
    elif hasattr(made, "from_disk"):
        with TemporaryDirectory() as folder:
            original.to_disk(Path(folder, "saved"))
            made.from_disk(Path(folder, "saved"))


def replace_listeners(
    nlp: PipelineState, producer: str, name: str, places: Iterable[str] = ()
) -> None:
    """See :meth:`Pipeline.replace_listeners`."""
    from ..components import Encoder

    encoder, slot = nlp.order[producer], nlp.order[name]
    if not isinstance(encoder.component, Encoder):
        raise PipelineError(f"'{producer}' is no shared encoder: nothing can listen to it")
    nlp.links.assemble()
    listening = [
        each for each in listeners_of(slot.component) if each.attrs["link"].producer == producer
    ]
    wanted = list(places)
    _check_places(slot, wanted, listening)
    left = _places(listening) - set(wanted)
    if wanted and left:
        raise PipelineError(
            f"'{name}' listens to '{producer}' at {', '.join(sorted(left))} as well: all its "
            f"listeners to one encoder are replaced together"
        )
    for listener in listening:
        _give_own(slot, listener, encoder)
    nlp.links.changed()


def _give_own(slot: Slot, listener: Model[Any, Any], producer: Slot) -> list[Model[Any, Any]]:
    """Put a copy of ``producer``'s model in the place of ``listener``, in the model and in the
    config of ``slot``. Returns the listeners in the copy."""
    from ..layers import find_listeners

    encoder: Encoder = producer.component
    place = listener.attrs["link"].place
    outer, _, key = place.rpartition(".")
    around: Any = slot.config
    for part in outer.split(".") if outer else ():
        around = around.get(part) if isinstance(around, Mapping) else None
    if not place or not isinstance(around, dict) or key not in around:
        raise PipelineError(
            f"'{slot.name}' listens to '{producer.name}' by a layer that no block of its config "
            f"stands for, so it can't be given an encoder of its own: describe its model in the "
            f"config"
        )
    block = encoder.own_config(producer.config, around[key])
    where = f"components.{slot.name}"
    own = resolve_block(block, f"{where}.{place}", made=placed(where))
    encoder.give_weights(own, listener)
    if slot.component.model is listener:
        slot.component.model = own
    slot.component.model.replace_node(listener, own)
    around[key] = block
    inner = find_listeners(own)
    for before, after in zip(listeners_of(encoder), inner):
        link_to(after, slot.config, before.attrs["link"].upstream)
    return inner


def _places(listeners: Iterable[Model[Any, Any]]) -> set[str]:
    return {each.attrs["link"].place for each in listeners}


def _check_places(
    slot: Slot, wanted: Collection[str], listeners: Iterable[Model[Any, Any]]
) -> None:
    """Raise :class:`PipelineError` for a place where no listener is, unless there may have been one
    that was replaced: all listeners that are left are named as well."""
    have = _places(listeners)
    for place in wanted:
        if place not in have and (have - set(wanted) or not exists(slot.config, place)):
            near = get_close_matches(place, sorted(have), n=1)
            others = ", ".join(sorted(have)) or "none"
            fix = f"did you mean '{near[0]}'?" if near else f"it has: {others}"
            raise PipelineError(f"'{slot.name}' has no listener at '{place}' in its config ({fix})")


def _twin(nlp: PipelineState, source: PipelineState, producer: Slot, position: int) -> str | None:
    """The name of an encoder in ``nlp``, before ``position``, that is equal to ``producer``."""
    from ..components import Encoder

    before = [each for each in list(nlp.order)[:position] if isinstance(each.component, Encoder)]
    before.sort(key=lambda each: each.name != producer.name)
    return next((each.name for each in before if _equal(nlp, each, source, producer)), None)


def _equal(nlp: PipelineState, one: Slot, source: PipelineState, other: Slot) -> bool:
    """Whether two encoders give the same values: by config, weights and what they listen to."""
    mine, theirs = listeners_of(one.component), listeners_of(other.component)
    if len(mine) != len(theirs) or _unlinked(one.config) != _unlinked(other.config):
        return False
    if not one.component.same_weights(other.component):
        return False
    if mine:
        nlp.links.assemble()
    pairs = zip(mine, theirs)
    return all(
        _equal(
            nlp,
            nlp.order[left.attrs["link"].upstream],
            source,
            source.order[right.attrs["link"].upstream],
        )
        for left, right in pairs
    )


def _unlinked(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a config without the names of the encoders that its layers listen to."""
    result = copy.deepcopy(dict(config))
    for block in mappings(result):
        if isinstance(block, dict):
            block.pop("upstream", None)
    return result


def _tell(slot: Slot, producer: str, nlp: PipelineState) -> None:
    """Warn that a component got an encoder of its own without having been asked."""
    have = "has no equal one" if producer not in nlp.order else f"has a different '{producer}'"
    warnings.warn(
        f"'{slot.name}' listens to '{producer}' in its own pipeline, but this pipeline {have}: it "
        "got its own copy, which costs time and memory. To share one, add the encoder of that "
        f'pipeline before it (its block: source, component = "{producer}"). If you want a copy, '
        "ask for it with replace_listeners.",
        stacklevel=5,
    )


def _share_vectors(nlp: PipelineState, source: PipelineState, slot: Slot) -> None:
    """Let ``nlp`` have the table of word vectors that a component was trained with."""
    table = source.vocab.vectors
    blocks = list(mappings(slot.config))
    needed = any(
        block.get("include_static_vectors") or "StaticVectors" in str(block.get("@architectures"))
        for block in blocks
    )
    if not needed or table is None or table is nlp.vocab.vectors:
        return
    if nlp.vocab.vectors is None:
        nlp.vocab.vectors = table
        return
    mine, theirs = (each.reference() for each in (nlp.vocab.vectors, table))
    if mine is None or theirs is None or mine["hash"] != theirs["hash"]:
        raise PipelineError(
            f"'{slot.name}' was trained with different word vectors than this pipeline has "
            f"({_hash(theirs)}, not {_hash(mine)}), but a pipeline has one table: use the same "
            f"table in both, or train '{slot.name}' without static vectors"
        )


def _hash(reference: Mapping[str, Any] | None) -> str:
    return f"hash {reference['hash']}" if reference else "a table in memory"
