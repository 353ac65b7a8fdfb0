"""Batches of a stream of texts: by documents, and by words so that long ones don't fill the
memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import PipelineError
from ..tokens import Doc
from ..tokens.batch import Batch

__all__ = ["WORDS", "check_sizes", "grouped", "slices"]

#: Words that components process at a time, unless told: more takes more memory, and no less time.
WORDS = 20_000
#: Characters that a group of texts may have for each word that may be processed at a time. Most
#: scripts have fewer to the word, so groups are cut by their words again once they are tokenized.
_CHARACTERS = 6


def check_sizes(size: int, words: int) -> None:
    """Raise :class:`PipelineError` for a number of documents or words below one."""
    for name, value in (("batch_size", size), ("batch_words", words)):
        if value < 1:
            raise PipelineError(f"{name} is {value}: give a number above zero")


def grouped(items: Iterable[Any], size: int, words: int, as_tuples: bool) -> Iterator[list[Any]]:
    """Lists of at most ``size`` texts, documents or, with ``as_tuples``, pairs of one with
    something. A list ends where its texts have about ``words`` words."""
    group: list[Any] = []
    room = limit = words * _CHARACTERS
    for item in items:
        group.append(item)
        text = item[0] if as_tuples else item
        if isinstance(text, str):
            room -= len(text)
        elif isinstance(text, Doc):
            room -= len(text.text)
        if room <= 0 or len(group) >= size:
            yield group
            group, room = [], limit
    if group:
        yield group


def slices(batch: Batch, words: int) -> Iterator[tuple[int, int, Batch]]:
    """Slices of at most ``words`` words of a batch, each with the places of its first document and
    of the one after its last; a longer document is a slice of its own."""
    if len(batch) < 2 or sum(map(len, batch)) <= words:
        yield 0, len(batch), batch
        return
    start = used = 0
    for place, doc in enumerate(batch):
        if place > start and used + len(doc) > words:
            yield start, place, Batch(batch[start:place])
            start, used = place, 0
        used += len(doc)
    yield start, len(batch), Batch(batch[start:])
