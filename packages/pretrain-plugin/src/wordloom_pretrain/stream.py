"""The order of a stream of documents, and what is held out of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from wordloom import Doc, Example

from .settings import Settings

if TYPE_CHECKING:
    from wordloom import Pipeline

__all__ = ["held_out_docs", "shuffled", "training_docs"]

Item = TypeVar("Item")
_DRAWS = 1024
_BUCKETS = 1 << 20


def shuffled(items: Iterable[Item], size: int, rng: np.random.Generator) -> Iterator[Item]:
    """``items`` in an order drawn from ``rng``: each next one from a buffer of ``size``, whose
    place the following one takes. It holds ``size`` items, however long the stream is."""
    buffer: list[Item] = []
    places: list[int] = []
    for item in items:
        if len(buffer) < size:
            buffer.append(item)
            continue
        if not size:
            yield item
            continue
        if not places:
            places = rng.integers(size, size=_DRAWS).tolist()
        place = places.pop()
        yield buffer[place]
        buffer[place] = item
    for place in rng.permutation(len(buffer)).tolist():
        yield buffer[place]


def _is_held_out(doc: Doc, share: float) -> bool:
    """Decided by the text alone: so it's the same in every epoch, and for repeated texts."""
    return zlib.crc32(doc.text.encode("utf8", "surrogatepass")) % _BUCKETS < share * _BUCKETS


def _docs(nlp: Pipeline, settings: Settings) -> Iterator[Doc]:
    for item in settings.corpus(nlp):
        doc = item.reference if isinstance(item, Example) else item
        if len(doc):
            yield doc


def training_docs(nlp: Pipeline, settings: Settings, epoch: int) -> Iterator[Doc]:
    """The documents of an epoch, in its order, without those that are held out."""
    docs = (doc for doc in _docs(nlp, settings) if not _is_held_out(doc, settings.held_out))
    rng = np.random.default_rng([settings.seed, epoch, 1])
    return shuffled(docs, settings.shuffle_buffer, rng)


def held_out_docs(nlp: Pipeline, settings: Settings) -> list[Doc]:
    """The first held-out documents, until they have ``held_out_words`` tokens. Empty where nothing
    is held out."""
    found: list[Doc] = []
    words = 0
    if not settings.held_out or not settings.held_out_words:
        return found
    for doc in _docs(nlp, settings):
        if _is_held_out(doc, settings.held_out):
            found.append(doc)
            words += len(doc)
            if words >= settings.held_out_words:
                break
    return found
