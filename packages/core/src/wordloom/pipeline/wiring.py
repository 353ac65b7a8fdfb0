"""Linking listeners to the encoders whose output they take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import PipelineError
from .order import Entry

if TYPE_CHECKING:
    from thinc.api import Model

    from ..components import Encoder

__all__ = ["active_encoders", "wire"]


def wire(entries: Iterable[Entry]) -> None:
    """Link every listener to the encoder that it names, or to the nearest one before it.

    Afterwards no link is a wildcard, each listener knows its producer and width, and each
    component the encoders upstream of it. Raises :class:`PipelineError`, naming both ends, if an
    encoder is missing or the widths differ.
    """
    from ..components import Encoder

    encoders: dict[str, Encoder] = {}
    kinds: dict[str, str] = {}
    for entry in entries:
        component = entry.component
        model = getattr(component, "model", None)
        if model is not None:
            from ..layers import find_listeners  # imports thinc: only where there is a model

            linked = {}
            for listener in find_listeners(model):
                encoder = _producer(listener, entry.name, encoders, kinds)
                _link(listener, entry.name, encoder)
                linked[encoder.name] = encoder
            component.upstream = tuple(linked.values())
        if isinstance(component, Encoder):
            encoders[entry.name] = component
            kinds[entry.factory] = entry.name


def _producer(
    listener: Model[Any, Any], name: str, encoders: dict[str, Encoder], kinds: dict[str, str]
) -> Encoder:
    """The encoder that ``listener``, a layer of the component ``name``, takes its input from."""
    wanted = listener.attrs["link"].upstream
    if wanted == "*":
        fitting = [encoder for encoder in encoders.values() if _fits(listener, encoder)]
        if fitting:
            return fitting[-1]
        raise PipelineError(
            f"'{name}' has a layer '{listener.name}' that listens to a shared encoder, but there "
            f"is none before it: add one, such as nlp.add_pipe('tok2vec', before='{name}')"
        )
    if wanted in encoders:
        return encoders[wanted]
    if wanted in kinds:  # spaCy's configs may name the factory
        return encoders[kinds[wanted]]
    have = ", ".join(encoders) or "none"
    raise PipelineError(
        f"'{name}' listens to '{wanted}', which is no encoder before it in the pipeline "
        f"(encoders before it: {have}). Add it before '{name}', or change the listener's `upstream`"
    )


def _fits(listener: Model[Any, Any], encoder: Encoder) -> bool:
    """Whether the encoder hands out the kind of values that the listener takes."""
    return bool(listener.attrs["link"].listens_to == encoder.provides)


def _link(listener: Model[Any, Any], name: str, encoder: Encoder) -> None:
    listener.attrs["link"].producer = encoder.name
    width = encoder.width
    if width is None or listener.has_dim("nO") is False:
        return
    if listener.has_dim("nO") and listener.get_dim("nO") != width:
        raise PipelineError(
            f"'{name}' listens to '{encoder.name}' for vectors of width {listener.get_dim('nO')}, "
            f"but '{encoder.name}' gives width {width}: make them equal in the config, as with "
            f"width = ${{components.{encoder.name}.model.encode.width}}"
        )
    if not listener.has_dim("nO"):
        listener.set_dim("nO", width)


def active_encoders(entries: Iterable[Entry]) -> set[str]:
    """The encoders whose output an enabled component needs, directly or through an encoder."""
    needed: set[str] = set()
    for entry in reversed(list(entries)):
        consumes = entry.enabled or entry.name in needed
        if consumes and (not _is_encoder(entry) or entry.name in needed):
            needed.update(encoder.name for encoder in getattr(entry.component, "upstream", ()))
    return needed


def _is_encoder(entry: Entry) -> bool:
    from ..components import Encoder

    return isinstance(entry.component, Encoder)
