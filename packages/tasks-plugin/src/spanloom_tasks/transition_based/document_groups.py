"""Work on a large batch in groups of documents, so that what is made for each token is bounded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spanloom.tokens.batch import Batch

__all__ = ["GROUP_TOKENS", "document_groups", "join_groups"]

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

GROUP_TOKENS = 16_384
"""About how many tokens a group has: a parser keeps 4 kB for each."""


def document_groups(batch: Batch, scorer: Any) -> Iterator[tuple[int, Batch, Any]]:
    """Runs of whole documents of at most :data:`GROUP_TOKENS` tokens (or one longer document): the
    number of their first token, the documents, and the scorer's part for them."""
    ends = np.cumsum(batch.lengths)
    if not len(ends) or int(ends[-1]) <= GROUP_TOKENS:
        yield 0, batch, scorer
        return
    first, start = 0, 0
    while first < len(ends):
        last = int(np.searchsorted(ends, start + GROUP_TOKENS, side="right"))
        last = max(last, first + 1)
        end = int(ends[last - 1])
        yield start, Batch(batch[first:last]), scorer.part(start, end)
        first, start = last, end


def join_groups(groups: Sequence[tuple[int, R]], numbered: Collection[str]) -> R:
    """One dataclass of arrays from those of the groups, each given with the number of its group's
    first token. The fields ``numbered`` hold numbers of tokens, which then count through the
    batch."""
    kind = type(groups[0][1])
    arrays = {}
    for name in (field.name for field in fields(kind)):
        parts = [(first, getattr(part, name)) for first, part in groups]
        arrays[name] = np.concatenate(
            [array + first if name in numbered else array for first, array in parts]
        )
    return kind(**arrays)
