"""Dividing a stream of examples into batches.

Each maker returns a function from items to an iterator of lists. A size is a number or a schedule
(one of thinc's, which gives one number after the other); anything with ``len`` is an item, and an
example is as long as its predicted document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from typing import Any, TypeVar

from ..errors import DataError

__all__ = ["Batcher", "batch_by_padded", "batch_by_sequence", "batch_by_words", "sizes"]

Item = TypeVar("Item")
Batcher = Callable[[Iterable[Any]], Iterator[list[Any]]]
Size = int | Iterable[float]
Length = Callable[[Any], int]


def batch_by_words(
    size: Size,
    tolerance: float = 0.2,
    discard_oversize: bool = False,
    get_length: Length | None = None,
) -> Batcher:
    """Batches of about ``size`` words, in order.

    A batch takes items while they fit into ``size``. What comes after the first that doesn't fit is
    held back for the next batch, until batch and held items together would hold more than
    ``size * (1 + tolerance)`` words, about as in spaCy. An item that is longer than that alone
    makes a batch of its own, or is left out with ``discard_oversize``.
    """
    length: Length = get_length or len

    def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
        wanted = sizes(size)
        target = next(wanted)
        batch: list[Item] = []
        held: list[Item] = []
        words = held_words = 0
        for item in items:
            count = length(item)
            if count > target * (1 + tolerance):
                if not discard_oversize:
                    yield [item]
                continue
            while True:
                if (not held and words + count <= target) or not (batch or held):
                    batch.append(item)
                    words += count
                    break
                if words + held_words + count <= target * (1 + tolerance):
                    held.append(item)
                    held_words += count
                    break
                if batch:
                    yield batch
                    target = next(wanted)
                batch, words, held, held_words = held, held_words, [], 0
        if batch or held:
            yield [*batch, *held]

    return batches


def batch_by_sequence(size: Size, get_length: Length | None = None) -> Batcher:  # noqa: ARG001
    """Batches of ``size`` items, in order."""

    def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
        iterator = iter(items)
        for count in sizes(size):
            batch = list(islice(iterator, count))
            if not batch:
                return
            yield batch

    return batches


def batch_by_padded(
    size: Size, buffer: int = 256, discard_oversize: bool = False, get_length: Length | None = None
) -> Batcher:
    """Batches whose padded size, the longest length times the number of items, is at most ``size``.

    Items are sorted by length within groups of ``buffer``, so that those in a batch are about
    equally long. An item longer than ``size`` makes a batch of its own, or is left out with
    ``discard_oversize``. Long items come first, so that memory runs out at once if at all.
    """
    length: Length = get_length or len

    def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
        wanted = sizes(size)
        iterator = iter(items)
        while group := list(islice(iterator, buffer)):
            yield from _padded(group, next(wanted), length, discard_oversize)

    return batches


def _padded(
    group: list[Item], size: int, length: Length, discard_oversize: bool
) -> Iterator[list[Item]]:
    batch: list[Item] = []
    longest = 0
    for item in sorted(group, key=length, reverse=True):
        count = length(item)
        if discard_oversize and count > size:
            continue
        if batch and longest * (len(batch) + 1) > size:
            yield batch
            batch, longest = [], 0
        batch.append(item)
        longest = max(longest, count)
    if batch:
        yield batch


def sizes(size: Size) -> Iterator[int]:
    """One size after the other, for ever: a schedule that ends goes on with its last value.

    Raises :class:`DataError` for a size below 1.
    """
    last = 0
    values: Iterable[float] = repeat(size) if isinstance(size, int) else size
    for value in values:
        last = int(value)
        if last < 1:
            raise DataError(f"a batch can't have the size {value}: give at least 1")
        yield last
    if not last:
        raise DataError("the schedule of batch sizes is empty")
    yield from repeat(last)
