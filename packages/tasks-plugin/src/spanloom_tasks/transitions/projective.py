"""Non-projective trees made projective and back, by lifting arcs.

The relation of a lifted token says where it came from, as ``relation||relation of its true head``:
the encoding "Head" of Nivre and Nilsson (2005), https://aclanthology.org/P05-1013.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["DELIMITER", "crossing", "lift", "lower"]

DELIMITER = "||"

Ints = NDArray[np.int64]


def crossing(heads: Ints) -> NDArray[np.bool_]:
    """Which tokens' arcs go over a token whose own head lies outside of the arc, or over a root.

    ``heads`` are indices, of one document or of several in one numbering; a root is its own head,
    and -1 stands for an unknown one. Shape ``(n,)`` in and out.
    """
    size = len(heads)
    tokens = np.arange(size)
    roots = heads == tokens
    low = np.where(roots, -1, np.where(heads < 0, tokens, heads))
    high = np.where(roots, size, np.where(heads < 0, tokens, heads))
    bound = np.where(heads < 0, tokens, heads)
    left, right = np.minimum(tokens, bound), np.maximum(tokens, bound)
    inner = right - left - 1
    found = np.zeros(size, dtype=bool)
    # Tables of the least and greatest head in the next 2**level tokens answer any range.
    level = 0
    while True:
        step = 1 << level
        of = np.flatnonzero((inner >= step) & (inner < 2 * step))
        if len(of):
            first, last = left[of] + 1, right[of] - step
            least = np.minimum(low[first], low[last])
            greatest = np.maximum(high[first], high[last])
            found[of] = (least < left[of]) | (greatest > right[of])
        if not (inner >= 2 * step).any():
            return found
        low = np.minimum(low, np.append(low[step:], np.full(min(step, size), size))[:size])
        high = np.maximum(high, np.append(high[step:], np.full(min(step, size), -1))[:size])
        level += 1


def lift(heads: Ints, relations: Sequence[str]) -> tuple[Ints, list[str]]:
    """A projective tree for one document: the shortest arc over a token that its head doesn't
    dominate is attached one higher, again and again."""
    heads, names = heads.copy(), list(relations)
    true = heads.copy()
    while (bad := np.flatnonzero(crossing(heads))).size:
        lengths = np.abs(heads[bad] - bad)
        ordered = bad[np.argsort(lengths, kind="stable")].tolist()
        token = next((each for each in ordered if not _dominates(heads, each)), ordered[0])
        above = int(heads[heads[token]])
        if above in (-1, int(heads[token])):
            # Over the tree of another root: hang it there.
            above = _root_below(heads, token)
        heads[token] = above
        names[token] = f"{relations[token]}{DELIMITER}{relations[int(true[token])]}"
    return heads, names


def _dominates(heads: Ints, token: int) -> bool:
    """Whether all tokens under the arc of ``token`` hang on its head, directly or not."""
    head = int(heads[token])
    low, high = sorted((token, head))
    for above in range(low + 1, high):
        while above != head:
            higher = int(heads[above])
            if higher < 0 or higher == above:
                return False
            above = higher
    return True


def _root_below(heads: Ints, token: int) -> int:
    """The nearest root or token of unknown head under the arc of ``token``; else the token."""
    low, high = sorted((token, int(heads[token])))
    inner = np.arange(low + 1, high)
    tops = inner[(heads[inner] == inner) | (heads[inner] < 0)]
    return int(tops[np.argmin(np.abs(tops - token))]) if len(tops) else token


def lower(heads: Ints, relations: Sequence[str]) -> tuple[Ints, list[str]]:
    """The tree that :func:`lift` was given, as far as its relations tell: each lifted token goes
    to the nearest descendant of its head, breadth first, that has the relation named; those nearer
    to the root first."""
    heads = heads.copy()
    names = [name.partition(DELIMITER)[0] for name in relations]
    lifted = [token for token, name in enumerate(relations) if DELIMITER in name]
    for token in sorted(lifted, key=lambda token: _depth(heads, token)):
        wanted = relations[token].partition(DELIMITER)[2]
        heads[token] = _nearest(heads, names, token, wanted)
    return heads, names


def _depth(heads: Ints, token: int) -> int:
    depth = 0
    while (above := int(heads[token])) != token:
        token, depth = above, depth + 1
    return depth


def _nearest(heads: Ints, names: Sequence[str], token: int, wanted: str) -> int:
    head = int(heads[token])
    level, seen = [head], {head, token}
    while level:
        below = np.flatnonzero(np.isin(heads, level)).tolist()
        level = [each for each in below if each not in seen]
        fitting = [each for each in level if names[each] == wanted]
        if fitting:
            return min(fitting, key=lambda each: abs(each - token))
        seen.update(level)
    return head
