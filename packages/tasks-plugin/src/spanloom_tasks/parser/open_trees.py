"""Trees of all tokens, white space too, by the actions of spaCy's trained parsers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.tokens.batch import Batch

from ..transitions.arc_eager import advance
from ..transitions.arc_eager_open import OpenActions, OpenStates
from ..transitions.arc_eager_open_few import parse_open_few
from ..transitions.gold import spaces_of
from ..transitions.projective import DELIMITER
from .trees import FEW, NO_RELATION, Parse

__all__ = ["open_parse"]

Ints = NDArray[np.int64]


def open_parse(
    batch: Batch, scorer: Any, actions: OpenActions, names: Sequence[str], lifted: NDArray[np.bool_]
) -> Parse:
    """The trees of a batch. Raises :class:`FloatingPointError` where scores aren't finite."""
    lengths = batch.lengths
    starts, denied = _known_starts(batch)
    if lengths.sum() <= FEW * lengths.max(initial=0):
        known = (None if flags is None else flags.tolist() for flags in (starts, denied))
        trees = parse_open_few(scorer, lengths.tolist(), actions, *known)
        heads, relations = trees.heads, trees.relations
    else:
        states = OpenStates(lengths[lengths > 0], starts=starts, denied=denied)
        advance(states, scorer, actions)
        heads, relations = states.heads[:-1], states.relations[:-1]
    size = len(heads)
    roots = heads == size
    heads = np.where(roots, np.arange(size), heads)
    relations = np.where(roots, NO_RELATION, relations)
    begins = _starts_of_trees(heads)
    if lifted.any():
        bad = np.flatnonzero((relations >= 0) & lifted[relations])
        if len(bad):
            heads = _reattached(batch, heads, relations, names, bad)
    return Parse(heads, relations, begins)


def _known_starts(batch: Batch) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """Where sentences are annotated to start, and not to."""
    columns = [doc.column("SENT_START") for doc in batch]
    if all(column is None or not column.any() for column in columns):
        return None, None
    flags = np.concatenate(
        [np.zeros(len(doc), np.int8) if c is None else c for doc, c in zip(batch, columns)]
    )
    return flags == 1, flags == -1


def _starts_of_trees(heads: Ints) -> NDArray[np.bool_]:
    """The first token of each tree, as flags."""
    roots = heads
    while True:
        above = roots[roots]
        if np.array_equal(above, roots):
            break
        roots = above
    # Of several values for one place the last one stays: that of the first token.
    first = np.zeros(len(heads), dtype=np.int64)
    first[roots[::-1]] = np.arange(len(heads))[::-1]
    starts = np.zeros(len(heads), dtype=bool)
    starts[first[roots]] = True
    return starts


def _reattached(
    batch: Batch, heads: Ints, relations: Ints, names: Sequence[str], bad: Ints
) -> Ints:
    """Heads with lifted tokens, ``bad``, put where their relations say: from left to right, each
    under the first descendant of its head, breadth first, that has the relation named."""
    heads = heads.copy()
    low, high = _edges(heads)
    bare = [name.partition(DELIMITER)[0] for name in names]
    labels = {token: names[relations[token]] for token in bad.tolist()}
    space = np.concatenate([spaces_of(doc) for doc in batch])
    for token, label in sorted(labels.items()):
        wanted = label.partition(DELIMITER)[2]

        def fits(child: int, wanted: str = wanted) -> bool:
            return bool((labels.get(child) or bare[relations[child]]) == wanted)

        level = [int(heads[token])]
        found = None
        seen = set(level)
        while level and found is None:
            below: list[int] = []
            for head in level:
                start = int(low[head])
                children = np.flatnonzero(heads[start : int(high[head]) + 1] == head) + start
                below += [c for c in children.tolist() if c not in seen and not space[c]]
            below = [child for child in below if child != token]
            found = next((child for child in below if fits(child)), None)
            seen.update(below)
            level = below
        if found is not None:
            heads[token] = found
        labels[token] = label.partition(DELIMITER)[0]
    return heads


def _edges(heads: Ints) -> tuple[Ints, Ints]:
    """The first and the last token of the subtree of each token."""
    low = np.arange(len(heads))
    high = low.copy()
    while True:
        before = low.copy(), high.copy()
        np.minimum.at(low, heads, before[0])
        np.maximum.at(high, heads, before[1])
        if np.array_equal(low, before[0]) and np.array_equal(high, before[1]):
            return low, high
