"""Walking the tree of heads. Indices in, indices out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .forward import Doc

__all__ = [
    "ancestors",
    "children",
    "circle",
    "common_ancestors",
    "conjuncts",
    "root_of",
    "roots",
    "subtree",
    "tree_starts",
]

_NONE = np.zeros(0, dtype=np.int64)


def _kids(doc: Doc) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Tokens sorted by head, and where those of each head start: made once for each set of heads.

    ``None`` if there are no heads.
    """
    heads = doc.column("HEAD")
    if heads is None:
        return None
    known = doc._extra().get("tree")
    # The heads are compared, since anybody may have written to the column.
    if known is not None and np.array_equal(known[0], heads):
        return known[1], known[2]
    size = len(heads)
    own = heads == np.arange(size)
    keys = np.where(own, size, heads)
    order = np.argsort(keys, kind="stable")
    starts = np.searchsorted(keys[order], np.arange(size + 1))
    doc._extra()["tree"] = (heads.copy(), order, starts)
    return order, starts


def children(doc: Doc, i: int) -> NDArray[np.int64]:
    """The tokens whose head is ``i``, in order."""
    kids = _kids(doc)
    return _NONE if kids is None else kids[0][kids[1][i] : kids[1][i + 1]]


def subtree(doc: Doc, i: int) -> list[int]:
    """``i`` and all its descendants, in order."""
    kids = _kids(doc)
    if kids is None:
        return [i]
    order, starts = kids
    found = {i}
    waiting = [i]
    while waiting:
        above = waiting.pop()
        for child in order[starts[above] : starts[above + 1]].tolist():
            if child not in found:
                found.add(child)
                waiting.append(child)
    return sorted(found)


def ancestors(doc: Doc, i: int) -> list[int]:
    """The head of ``i``, its head, and so on; stops where heads go in a circle."""
    heads = doc.column("HEAD")
    found: list[int] = []
    seen = {i}
    while heads is not None and int(heads[i]) not in seen:
        i = int(heads[i])
        seen.add(i)
        found.append(i)
    return found


def conjuncts(doc: Doc, i: int) -> list[int]:
    """The tokens coordinated with ``i``, without itself."""
    deps, heads = doc.column("DEP"), doc.column("HEAD")
    if deps is None or heads is None:
        return []
    conj = doc.vocab.strings["conj"]
    first = i
    for above in ancestors(doc, i):
        if deps[first] != conj:
            break
        first = above
    found = []
    waiting = [first]
    while waiting:
        found.append(waiting.pop())
        kids = children(doc, found[-1]).tolist()
        waiting.extend(k for k in kids if deps[k] == conj and k > found[-1])
    return sorted(k for k in found if k != i)


def roots(heads: NDArray[np.integer]) -> NDArray[np.integer]:
    """The root above each token, by pointer doubling; in a circle, a token of the circle."""
    above = heads
    for _ in range(max(1, len(heads).bit_length())):
        above = above[above]
    return above


def circle(heads: NDArray[np.integer]) -> list[int]:
    """Tokens whose heads go in a circle, in the order of the heads; none if these are trees."""
    above = roots(heads)
    lost = np.flatnonzero(heads[above] != above)
    found: list[int] = []
    at = int(above[lost[0]]) if len(lost) else -1
    while at >= 0 and at not in found:
        found.append(at)
        at = int(heads[at])
    return found


def tree_starts(
    heads: NDArray[np.integer], missing: NDArray[np.bool_] | None = None
) -> NDArray[np.int8]:
    """SENT_START values by the trees: 1 at the first token of each tree, -1 elsewhere, also where
    the head of the tree's root is ``missing``: it may hang on another."""
    starts = np.full(len(heads), -1, dtype=np.int8)
    if len(heads):
        tops, first = np.unique(roots(heads), return_index=True)
        starts[first if missing is None else first[~missing[tops]]] = 1
        starts[0] = 1
    return starts


def root_of(doc: Doc, start: int, end: int) -> int:
    """The token of ``start`` to ``end`` with the fewest ancestors, of those whose head lies outside
    or is the token itself, the first of several; ``start`` if there are no heads."""
    heads = doc.column("HEAD")
    if heads is None:
        return start
    inside = heads[start:end]
    top = np.flatnonzero((inside == np.arange(start, end)) | (inside < start) | (inside >= end))
    if len(top) < 2:
        return start + int(top[0]) if len(top) else start
    return min((start + i for i in top.tolist()), key=lambda i: len(ancestors(doc, i)))


def common_ancestors(doc: Doc) -> NDArray[np.int32]:
    """The lowest common ancestor of each two tokens, shape ``(n, n)``, -1 where there is none."""
    paths = [[i, *ancestors(doc, i)] for i in range(len(doc))]
    sets = [set(path) for path in paths]
    out = np.full((len(doc), len(doc)), -1, dtype=np.int32)
    for i, path in enumerate(paths):
        for j in range(i, len(doc)):
            out[i, j] = out[j, i] = next((k for k in path if k in sets[j]), -1)
    return out
