"""Which tokens of one tokenisation stand for which of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

if TYPE_CHECKING:
    from ..tokens import Doc

__all__ = ["Alignment", "AlignmentArray", "align_docs", "align_words", "starts_on_words"]

Ints = NDArray[np.int64]

#: Runs of words that differ are compared by character up to this many characters.
_MAX_DIFF = 2000


class AlignmentArray:
    """For each token of one side the tokens of the other, in order.

    ``lengths`` is how many there are, shape ``(n,)``; ``data`` holds their indices, all in one
    array of shape ``(sum(lengths),)``. ``aligned[i]`` is the array of those of token ``i``.
    """

    __slots__ = ("data", "lengths", "starts")

    def __init__(self, data: Ints, lengths: Ints) -> None:
        self.data = data
        self.lengths = lengths
        self.starts = np.cumsum(lengths) - lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, i: int) -> Ints:
        start = self.starts[i]
        return self.data[start : start + self.lengths[i]]


class Alignment:
    """The alignment of two tokenisations: ``x2y`` and ``y2x``.

    ``one2one`` is true where both have the same tokens: then nothing needs to be looked up.
    """

    __slots__ = ("one2one", "x2y", "y2x")

    def __init__(self, x2y: AlignmentArray, y2x: AlignmentArray, *, one2one: bool = False) -> None:
        self.x2y = x2y
        self.y2x = y2x
        self.one2one = one2one

    @classmethod
    def from_pairs(cls, xs: Ints, ys: Ints, n_x: int, n_y: int) -> Alignment:
        """From pairs of aligned tokens, sorted and without repeats, shape ``(n_pairs,)`` each."""
        order = np.lexsort((xs, ys))
        return cls(
            AlignmentArray(ys, np.bincount(xs, minlength=n_x)),
            AlignmentArray(xs[order], np.bincount(ys, minlength=n_y)),
        )

    @classmethod
    def identity(cls, size: int) -> Alignment:
        """Of ``size`` tokens with themselves."""
        aligned = AlignmentArray(np.arange(size), np.ones(size, dtype=np.int64))
        return cls(aligned, aligned, one2one=True)

    @classmethod
    def from_strings(cls, x: Sequence[str], y: Sequence[str]) -> Alignment:
        """Of two lists of words, see :func:`align_words`."""
        return align_words(x, y)


def align_docs(x: Doc, y: Doc) -> Alignment:
    """Align the tokens of two documents: by offsets where the texts are equal, else by words.

    Raises :class:`DataError` where the texts have too little in common.
    """
    if x.lexicon is y.lexicon and np.array_equal(x.rows, y.rows):
        return Alignment.identity(len(x))
    if x.text == y.text:
        if np.array_equal(x.starts, y.starts) and np.array_equal(x.ends, y.ends):
            return Alignment.identity(len(x))
        xs, ys = _overlaps(x.starts, x.ends, y.starts, y.ends)
        return Alignment.from_pairs(xs, ys, len(x), len(y))
    return align_words(x.words, y.words)


def starts_on_words(doc: Doc, starts: NDArray[np.int8]) -> NDArray[np.int8]:
    """Starts of sentences (1, -1, 0 unknown) of a document, where those at white space go to the
    next word."""
    space = np.asarray(doc.lexicon.column("IS_SPACE"))[doc.rows].astype(bool)
    at = np.flatnonzero((starts == 1) & space)
    if not len(at):
        return starts
    words = np.flatnonzero(~space)
    to = np.searchsorted(words, at)
    moved = starts.copy()
    moved[at] = -1
    moved[words[to[to < len(words)]]] = 1
    return moved


def align_words(x: Sequence[str], y: Sequence[str]) -> Alignment:
    """Align two lists of words by their characters, white space and case aside. Words of white
    space are aligned with those between the same words.

    Where the texts differ in more than that, equal stretches are aligned and the rest stays
    unaligned. Raises :class:`DataError` if less than half of the characters agree.
    """
    if list(x) == list(y):
        return Alignment.identity(len(x))
    x_norm, x_at = _normalised(x)
    y_norm, y_at = _normalised(y)
    if "".join(x_norm) == "".join(y_norm):
        xs, ys = _by_length(x_norm, y_norm)
    else:
        xs, ys, shared = _by_difference(x_norm, y_norm)
        _check(x, y, max(x_norm, y_norm, key=lambda words: sum(map(len, words))), shared)
    pairs = np.stack([x_at[xs], y_at[ys]], axis=1)
    if len(x_at) < len(x) and len(y_at) < len(y):
        spaces = _space_pairs(_gaps(x, x_at), _gaps(y, y_at), xs, ys, (len(x_at), len(y_at)))
        pairs = np.array([*pairs.tolist(), *spaces], dtype=np.int64).reshape(-1, 2)
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return Alignment.from_pairs(pairs[:, 0], pairs[:, 1], len(x), len(y))


def _gaps(words: Sequence[str], at: Ints) -> dict[int, dict[int, str]]:
    """The words of white space by index, for each n those before the n-th of the others."""
    bounds = [-1, *at.tolist(), len(words)]
    return {
        n: {i: words[i] for i in range(start + 1, end) if words[i]}
        for n, (start, end) in enumerate(pairwise(bounds))
        if end - start > 1
    }


def _space_pairs(
    x: dict[int, dict[int, str]],
    y: dict[int, dict[int, str]],
    xs: Ints,
    ys: Ints,
    sizes: tuple[int, int],
) -> Iterator[tuple[int, int]]:
    """The pairs of words of white space that share characters, in gaps between the same words."""
    pairs = list(zip(xs.tolist(), ys.tolist(), strict=True))
    last = {-1: -1, **dict(pairs)}
    first = {sizes[0]: sizes[1], **dict(reversed(pairs))}
    for gap, mine in x.items():
        left, right = last.get(gap - 1), first.get(gap)
        same = right if left is None else left + 1
        if same not in y or (left is not None and right is not None and right != left + 1):
            continue
        i, j = list(mine), list(y[same])
        words, others = list(mine.values()), list(y[same].values())
        equal = "".join(words) == "".join(others)
        near = _by_length(words, others) if equal else _by_difference(words, others)[:2]
        for a, b in zip(*map(np.ndarray.tolist, near), strict=True):
            yield i[a], j[b]


def _normalised(words: Sequence[str]) -> tuple[list[str], Ints]:
    """Words without case and white space, and the indices of those of which something is left."""
    bare = ["".join(word.lower().split()) for word in words]
    at = np.array([i for i, word in enumerate(bare) if word], dtype=np.int64)
    return [word for word in bare if word], at


def _overlaps(
    x_starts: NDArray[np.integer],
    x_ends: NDArray[np.integer],
    y_starts: NDArray[np.integer],
    y_ends: NDArray[np.integer],
) -> tuple[Ints, Ints]:
    """The pairs of tokens that share a character, by offsets in one text. None may be empty."""
    first = np.searchsorted(y_ends, x_starts, side="right")
    counts = np.searchsorted(y_starts, x_ends, side="left") - first
    xs = np.repeat(np.arange(len(x_starts)), counts)
    ys = np.arange(len(xs)) - np.repeat(np.cumsum(counts) - counts - first, counts)
    return xs, ys


def _by_length(x: Sequence[str], y: Sequence[str]) -> tuple[Ints, Ints]:
    """The pairs of words that share a character, when both lists give the same text."""
    x_ends = np.cumsum([len(word) for word in x], dtype=np.int64)
    y_ends = np.cumsum([len(word) for word in y], dtype=np.int64)
    x_starts, y_starts = np.append(0, x_ends[:-1]), np.append(0, y_ends[:-1])
    if not len(x_ends):
        return x_ends, y_ends
    return _overlaps(x_starts, x_ends, y_starts, y_ends)


def _by_difference(x: Sequence[str], y: Sequence[str]) -> tuple[Ints, Ints, int]:
    """The pairs of words in stretches that are equal, first by word, then by character, and the
    number of characters that agree."""
    shared: Counter[tuple[int, int]] = Counter()
    matcher = SequenceMatcher(None, x, y, autojunk=False)
    for kind, x_start, x_end, y_start, y_end in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(range(x_start, x_end), range(y_start, y_end), strict=True)
            shared.update({(i, j): len(x[i]) for i, j in pairs})
        elif kind == "replace":
            near = _by_character(x[x_start:x_end], y[y_start:y_end])
            shared.update({(x_start + i, y_start + j): n for (i, j), n in near.items()})
    ordered = np.array(sorted(shared), dtype=np.int64).reshape(-1, 2)
    return ordered[:, 0], ordered[:, 1], shared.total()


def _by_character(x: Sequence[str], y: Sequence[str]) -> dict[tuple[int, int], int]:
    """The pairs of words that share at least half the characters of the shorter, and how many."""
    x_text, y_text = "".join(x), "".join(y)
    if len(x_text) + len(y_text) > _MAX_DIFF:
        return {}
    x_owner = [i for i, word in enumerate(x) for _ in word]
    y_owner = [i for i, word in enumerate(y) for _ in word]
    blocks = SequenceMatcher(None, x_text, y_text, autojunk=False).get_matching_blocks()
    shared = Counter(
        (x_owner[block.a + k], y_owner[block.b + k]) for block in blocks for k in range(block.size)
    )
    return {(i, j): n for (i, j), n in shared.items() if 2 * n >= min(len(x[i]), len(y[j]))}


def _check(x: Sequence[str], y: Sequence[str], bare: Sequence[str], shared: int) -> None:
    if 2 * shared < sum(map(len, bare)):
        raise DataError(
            f"the words {list(x[:8])} and {list(y[:8])} can't be aligned: they must be of the "
            f"same text, and less than half of their characters agree"
        )
