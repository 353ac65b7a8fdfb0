"""Running the components of a pipeline on a batch of texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..components.base import initialized
from ..errors import DataError, PipelineError
from ..tokens import Doc
from ..tokens.batch import Batch
from .batching import slices
from .order import Slot
from .state import PipelineState
from .wiring import check_disabled

if TYPE_CHECKING:
    from ..components import Encoder

__all__ = ["BadText", "annotate", "annotated", "apply", "raise_error", "running", "tokenized"]


def raise_error(name: str, component: Any, docs: list[Doc], error: Exception) -> None:  # noqa: ARG001
    """The default error handler: one bad document ends the stream."""
    raise error


def annotate(nlp: PipelineState, batch: Batch, disable: Collection[str] = ()) -> Batch:
    """Run the enabled components on a batch. Returns it, or a new one where a component returned
    other documents."""
    nlp.links.assemble()
    idle = resting(nlp, disable)
    for slot in running(nlp, disable):
        batch = apply(slot, batch, idle)
    return batch


def running(nlp: PipelineState, disable: Collection[str] = ()) -> list[Slot]:
    """The slots of components that run: enabled ones, without encoders that nobody listens to."""
    active = check_disabled(nlp.order, disable) if disable else nlp.links.active
    return [
        slot
        for slot in nlp.order
        if slot.enabled
        and slot.name not in disable
        and (slot.name in active or not getattr(slot.component, "idle_alone", False))
    ]


def resting(nlp: PipelineState, disable: Collection[str] = ()) -> list[Encoder]:
    """The encoders that don't run: documents must bring what they gave."""
    found = (slot for slot in nlp.order if not slot.enabled or slot.name in disable)
    return [slot.component for slot in found if getattr(slot.component, "keeps", False)]


def apply(slot: Slot, batch: Batch, idle: Sequence[Encoder] = ()) -> Batch:
    """Run one component on a batch, whose documents bring the output of the encoders ``idle``.
    Returns it, or a new one if the component returned other documents or changed their tokens."""
    component = slot.component
    if hasattr(component, "annotate"):
        with initialized(component):
            upstream = getattr(component, "upstream", ())
            for encoder in idle:
                if batch and encoder in upstream and encoder.name not in batch.features:
                    batch.features[encoder.name] = encoder.kept(batch)
            if upstream:
                component.ready(batch)
            component.annotate(batch)
        return batch
    before = [doc.rows for doc in batch]
    docs = [component(doc) for doc in batch]
    for doc in docs:
        if not isinstance(doc, Doc):
            raise PipelineError(
                f"the component '{slot.name}' returned {type(doc).__name__}: it must return the Doc"
            )
    same = all(doc is old and doc.rows is rows for doc, old, rows in zip(docs, batch, before))
    # New tokens: features computed before don't fit any more, and are computed anew on demand.
    return batch if same else Batch(docs)


def annotated(
    nlp: PipelineState,
    texts: Sequence[str | Doc],
    contexts: Sequence[Any],
    disable: Collection[str],
    words: int,
) -> Iterator[tuple[Doc, Any]]:
    """The documents of one batch with their contexts, without those that failed; ``words`` of
    them at a time."""
    try:
        batch = tokenized(nlp, texts)
    except Exception:
        if nlp.error_handler is raise_error:
            raise
        yield from _one_by_one(nlp, texts, contexts, disable)
        return
    for start, end, some in slices(batch, words):
        try:
            done = annotate(nlp, some, disable)
        except Exception:
            if nlp.error_handler is raise_error:
                raise
            yield from _one_by_one(nlp, texts[start:end], contexts[start:end], disable)
        else:
            yield from zip(done, contexts[start:end])


def _one_by_one(
    nlp: PipelineState,
    texts: Sequence[str | Doc],
    contexts: Sequence[Any],
    disable: Collection[str],
) -> Iterator[tuple[Doc, Any]]:
    for text, context in zip(texts, contexts):
        name, component, docs = "tokenizer", nlp.tokenizer, list[Doc]()
        try:
            batch = tokenized(nlp, [text])
            docs = list(batch)
            nlp.links.assemble()
            for slot in running(nlp, disable):
                name, component = slot.name, slot.component
                batch = apply(slot, batch, resting(nlp, disable))
        except Exception as error:
            nlp.error_handler(name, component, docs, error)
        else:
            yield batch[0], context


@dataclass(frozen=True)
class BadText:
    """Stands in a stream for what is no text, until its turn comes."""

    error: DataError


def tokenized(nlp: PipelineState, texts: Sequence[Any]) -> Batch:
    """A batch of texts; those that are documents already stay as they are."""
    for text in texts:
        if isinstance(text, BadText):
            raise text.error
    if all(isinstance(text, str) for text in texts) and hasattr(nlp.tokenizer, "batch"):
        return Batch(nlp.tokenizer.batch(texts))
    return Batch(text if isinstance(text, Doc) else nlp.make_doc(text) for text in texts)
