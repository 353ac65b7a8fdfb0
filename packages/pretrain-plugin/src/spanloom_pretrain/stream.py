"""The order of a stream of documents, and what is held out of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from spanloom import Doc, Example

from .corpus import Item, JsonlCorpus
from .settings import Settings

if TYPE_CHECKING:
    from spanloom import Pipeline

__all__ = ["held_out_docs", "shuffled", "training_docs"]

Thing = TypeVar("Thing")
_Tokenize = Callable[[Iterable[Item]], Iterator[Doc]]
_DRAWS = 1024
_BUCKETS = 1 << 20
_LOOKED_THROUGH = 2_000_000


def shuffled(items: Iterable[Thing], size: int, rng: np.random.Generator) -> Iterator[Thing]:
    """``items`` in an order drawn from ``rng``: each next one from a buffer of ``size``, whose
    place the following one takes. It holds ``size`` items, however long the stream is."""
    buffer: list[Thing] = []
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


def _bucket(item: Item) -> int:
    """Decided by the text alone: so it's the same in every epoch, and for repeated texts."""
    return zlib.crc32(_text(item).encode("utf8", "surrogatepass")) % _BUCKETS


def _text(item: Item) -> str:
    return item if isinstance(item, str) else item.text


def _items(nlp: Pipeline, settings: Settings) -> tuple[Iterator[Item], _Tokenize]:
    """What is read, and what makes documents of it. Text of a :class:`JsonlCorpus` is shuffled and
    chosen from before it's tokenized: it takes less memory and time than documents."""
    corpus = settings.corpus
    if isinstance(corpus, JsonlCorpus) and not corpus.limit:
        return corpus.items(nlp), lambda items: corpus.tokenized(nlp, items)
    read = (each.reference if isinstance(each, Example) else each for each in corpus(nlp))
    return (doc for doc in read if len(doc)), lambda docs: cast(Iterator[Doc], iter(docs))


def training_docs(nlp: Pipeline, settings: Settings, epoch: int) -> Iterator[Doc]:
    """The documents of an epoch, in its order, without those that are held out."""
    items, tokenize = _items(nlp, settings)
    held_out = settings.held_out * _BUCKETS
    kept = (item for item in items if _bucket(item) >= held_out)
    rng = np.random.default_rng([settings.seed, epoch, 1])
    return tokenize(shuffled(kept, settings.shuffle_buffer, rng))


def held_out_docs(nlp: Pipeline, settings: Settings) -> list[Doc]:
    """Held-out documents of all parts of the corpus, of about ``held_out_words`` tokens in all or
    as many as there are; none where nothing is held out. They are drawn from the first two million
    documents."""
    if not settings.held_out or not settings.held_out_words:
        return []
    items, tokenize = _items(nlp, settings)
    held_out = settings.held_out * _BUCKETS
    found: list[tuple[int, int, Item]] = []
    words = 0
    for number, item in enumerate(islice(items, _LOOKED_THROUGH)):
        bucket = _bucket(item)
        if bucket >= held_out:
            continue
        heappush(found, (-bucket, -number, item))
        words += _words(item)
        while words - _words(found[0][2]) >= settings.held_out_words:
            words -= _words(heappop(found)[2])
    return list(tokenize(item for _, _, item in sorted(found, key=lambda each: -each[1])))


def _words(item: Item) -> int:
    return item.count(" ") + 1 if isinstance(item, str) else len(item)
