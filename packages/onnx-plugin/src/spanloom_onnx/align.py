"""Which word pieces belong to which tokens, by character offsets of the raw text.

Offsets that tokenizers report may include spaces around a piece, in ways that differ between
tokenizers and releases. Here white space never counts: characters other than white space are
numbered through the batch, tokens and pieces are intervals of these numbers, and a piece belongs to
each token that it shares a number with. Tokens cover the text, so that each piece that stands for
anything belongs to a token. Pieces that stand for white space alone go to tokens of white space.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["PieceAlignment", "align", "ragged_ranges"]

Ints = NDArray[np.int64]


class PieceAlignment:
    """Pieces of tokens as CSR: those of token ``i`` are ``rows[bounds[i]:bounds[i + 1]]``.

    ``rows`` are int64 row numbers, ascending for each token; ``lengths`` has the number of pieces
    of each token, 0 for a token that no piece stands for.
    """

    __slots__ = ("lengths", "rows")

    def __init__(self, rows: Ints, lengths: Ints) -> None:
        self.rows = rows
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def bounds(self) -> Ints:
        """Where the pieces of each token start in ``rows``, and the end: shape ``(n + 1,)``."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    def __getitem__(self, token: int) -> Ints:
        """The rows of a token."""
        size = len(self.lengths)
        if not -size <= token < size:
            raise IndexError(f"token {token} of an alignment of {size} tokens")
        start = int(self.lengths[: token % size].sum())
        return self.rows[start : start + int(self.lengths[token])]

    @classmethod
    def joined(cls, parts: Sequence[PieceAlignment], firsts: Sequence[int]) -> PieceAlignment:
        """Those of several texts, whose rows begin at ``firsts``, as one."""
        return cls(
            np.concatenate([each.rows + row for each, row in zip(parts, firsts)]),
            np.concatenate([each.lengths for each in parts]),
        )

    def part(self, first: int, last: int, row: int) -> PieceAlignment:
        """The alignment of tokens ``first`` to ``last``, with rows counted from ``row``."""
        start = int(self.lengths[:first].sum())
        lengths = self.lengths[first:last]
        return PieceAlignment(self.rows[start : start + int(lengths.sum())] - row, lengths)


def align(docs: Sequence[Doc], piece_docs: Ints, starts: Ints, ends: Ints) -> PieceAlignment:
    """Align pieces with the tokens of all ``docs``.

    Piece ``j`` stands for the characters ``starts[j]`` to ``ends[j]`` of the text of document
    ``piece_docs[j]``; one that stands for no text (a special piece) has equal ends. Row ``j`` of
    the result is piece ``j``; tokens are numbered through the batch.
    """
    bases = np.zeros(len(docs), dtype=np.int64)
    if len(docs) > 1:
        np.cumsum([len(doc.text) for doc in docs[:-1]], out=bases[1:])
    counts = [len(doc) for doc in docs]
    offsets = np.repeat(bases, counts)
    token_starts = _joined([doc.starts for doc in docs]) + offsets
    token_ends = _joined([doc.ends for doc in docs]) + offsets
    real = np.flatnonzero(ends > starts)
    base = bases[piece_docs[real]]
    spans = starts[real] + base, ends[real] + base
    rank = _ranks("".join([doc.text for doc in docs]))

    dense = rank[token_starts], rank[token_ends]
    wordy = dense[1] > dense[0]
    pieces = rank[spans[0]], rank[spans[1]]
    written = pieces[1] > pieces[0]
    which, tokens = _overlaps(*dense, pieces[0][written], pieces[1][written], wordy)
    rows = real[written][which]
    if not written.all():  # pieces of white space
        blank = ~written
        which, more = _overlaps(token_starts, token_ends, spans[0][blank], spans[1][blank], ~wordy)
        rows = np.concatenate([rows, real[blank][which]])
        tokens = np.concatenate([tokens, more])
    order = np.lexsort((rows, tokens))
    return PieceAlignment(rows[order], np.bincount(tokens, minlength=sum(counts)))


def _joined(arrays: list[Any]) -> Ints:
    if not arrays:
        return np.zeros(0, dtype=np.int64)
    return np.asarray(np.concatenate(arrays), dtype=np.int64)


def _overlaps(
    token_starts: Ints, token_ends: Ints, starts: Ints, ends: Ints, wanted: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Pairs of interval and wanted token that overlap. Tokens are in order and don't overlap each
    other, intervals are in any order and not empty."""
    first = np.searchsorted(token_ends, starts, side="right")
    last = np.searchsorted(token_starts, ends, side="left")
    lengths = np.maximum(last - first, 0)
    which = np.repeat(np.arange(len(starts)), lengths)
    tokens = ragged_ranges(first, lengths)
    kept = wanted[tokens]
    return which[kept], tokens[kept]


def ragged_ranges(starts: Ints, lengths: Ints) -> Ints:
    """``starts[0], starts[0] + 1, ...`` (``lengths[0]`` of them), then those of ``starts[1]``..."""
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(total) + np.repeat(starts - before, lengths), dtype=np.int64)


def _ranks(text: str) -> Ints:
    """For each offset, how many characters before it aren't white space: ``(len(text) + 1,)``."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    ranks: Ints = np.zeros(len(codes) + 1, dtype=np.int64)
    np.cumsum(~_spaces()[np.minimum(codes, _LAST)], out=ranks[1:])
    return ranks


#: The highest white space is U+3000.
_LAST = 0x3001


@lru_cache(maxsize=1)
def _spaces() -> NDArray[np.bool_]:
    return np.array([chr(code).isspace() for code in range(_LAST + 1)])
