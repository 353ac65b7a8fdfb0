"""The span getter ``loom-turns.turns.v1``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spanloom import Doc, Span

__all__ = ["turns"]

_TURN = re.compile(r"^\w[\w .'-]{0,40}:", re.MULTILINE)


def turns(context: int = 0) -> Callable[[Sequence[Doc]], list[list[Span]]]:
    """One span for each turn, with ``context`` turns before it. What stands before the first turn
    is a span as well; a text without turns is one span, and an empty one has none."""

    def get_spans(docs: Sequence[Doc]) -> list[list[Span]]:
        return [_spans(doc, context) for doc in docs]

    return get_spans


def _spans(doc: Doc, context: int) -> list[Span]:
    if not len(doc):
        return []
    places = [match.start() for match in _TURN.finditer(doc.text)]
    # The first token of a turn is the first that doesn't begin before it.
    firsts = np.unique([0, *np.searchsorted(doc.starts, places)]).tolist()
    firsts = [first for first in firsts if first < len(doc)]
    ends = [*firsts[1:], len(doc)]
    starts = [firsts[max(0, i - context)] for i in range(len(firsts))]
    return [doc[start:end] for start, end in zip(starts, ends, strict=True)]
