"""From documents to sequences that a model can take: spans, pieces, windows and packs.

A span that has more pieces than the model takes is cut into overlapping windows of pieces. Each
piece has one row in the output, however many windows it is in: its vector is the mean over them,
weighted by how far it is from the nearer end of each window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import ConfigProblem, DataError

from .align import PieceAlignment, align, ragged_ranges
from .data import FullTransformerBatch, Pieces, Truncation
from .pieces import FastTokenizer

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Span


__all__ = [
    "Limits",
    "Overflow",
    "Sequences",
    "make_packs",
    "make_sequences",
    "with_specials",
    "wrong_limits",
]

Ints = NDArray[np.int64]
Overflow = Literal["window", "truncate", "error"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a sequence can be, special pieces included, and what is done with longer ones.

    ``overlap`` is the share of a window that it has in common with the next one, below 1. Without
    ``with_space``, the space before a span never belongs to it.
    """

    pieces: int
    overlap: float = 0.25
    overflow: Overflow = "window"
    with_space: bool = True


def wrong_limits(overflow: str, overlap: float, window: int | None) -> list[ConfigProblem]:
    """What is wrong with these settings of a model."""
    problems = []
    if overflow not in get_args(Overflow):
        known = ", ".join(f'"{each}"' for each in get_args(Overflow))
        problems.append(ConfigProblem("model.overflow", f"is {overflow!r}", f"use {known}"))
    if not 0 <= overlap < 1:
        problems.append(
            ConfigProblem("model.overlap", f"is {overlap}", "a share from 0 to below 1")
        )
    if window is not None and window < 1:
        problems.append(
            ConfigProblem("model.window", f"is {window}", "a number of word pieces, or null")
        )
    return problems


@dataclass(slots=True)
class Sequences:
    """The sequences of a batch.

    ``pieces`` are the rows of the output. Window ``i`` is made of the rows
    ``index[starts[i] : starts[i] + lengths[i]]``; ``weights`` (float32, like ``index``) say how
    much its vectors count, ``None`` where no row is in two windows.
    """

    spans: list[list[Span]]
    pieces: Pieces
    align: PieceAlignment
    token_lengths: Ints
    row_lengths: Ints
    index: Ints
    starts: Ints
    lengths: Ints
    weights: NDArray[np.float32] | None = None
    truncated: dict[int, list[Truncation]] = field(default_factory=dict)

    def rows_of(self, pack: Ints) -> Ints:
        """Positions in ``index`` of the rows of some windows, one window after the other."""
        return ragged_ranges(self.starts[pack], self.lengths[pack])

    def output(self, tensors: tuple[Any, ...]) -> FullTransformerBatch:
        """What a model gave for the rows, layer by layer, as a batch."""
        return FullTransformerBatch(
            self.spans,
            tensors,
            self.align,
            self.token_lengths,
            self.row_lengths,
            self.pieces,
            self.truncated,
        )


def make_sequences(
    docs: Sequence[Doc], spans: Sequence[Sequence[Span]], tokenizer: FastTokenizer, limits: Limits
) -> Sequences:
    """Encode ``spans`` (a list for each document) and lay them out.

    Raises :class:`DataError` for a span that is too long, with ``overflow = "error"``, and if the
    spans aren't those of the documents.
    """
    listed = [list(each) for each in spans]
    if len(listed) != len(docs):
        raise DataError(
            f"the span getter returned {len(listed)} lists for {len(docs)} documents: it must "
            f"return a list of spans for each document"
        )
    firsts, texts, owners = _texts(docs, listed, tokenizer.space_matters and limits.with_space)
    encoded = tokenizer.encode(texts)
    offsets = np.repeat(firsts, encoded.lengths)
    starts, ends = encoded.starts + offsets, encoded.ends + offsets
    ids, lengths = encoded.ids, encoded.lengths
    room = limits.pieces - len(tokenizer.prefix) - len(tokenizer.suffix)
    truncated: dict[int, list[Truncation]] = {}
    if limits.overflow != "window" and (lengths > room).any():
        if limits.overflow == "error":
            raise _too_long(docs, owners, lengths, room)
        kept, truncated = _truncate(docs, owners, lengths, starts, ends, room)
        ids, starts, ends = ids[kept], starts[kept], ends[kept]
        lengths = np.minimum(lengths, room)
    pieces = with_specials(ids, starts, ends, lengths, tokenizer)
    row_lengths = np.bincount(owners, weights=pieces.lengths, minlength=len(docs)).astype(np.int64)
    piece_docs = np.repeat(owners, pieces.lengths)
    windows = _windows(lengths, pieces.lengths, len(tokenizer.prefix), room, limits.overlap)
    return Sequences(
        listed,
        pieces,
        align(docs, piece_docs, pieces.starts, pieces.ends),
        np.fromiter(map(len, docs), dtype=np.int64, count=len(docs)),
        row_lengths,
        *windows,
        truncated=truncated,
    )


def _texts(
    docs: Sequence[Doc], spans: Sequence[Sequence[Span]], with_space: bool
) -> tuple[Ints, list[str], Ints]:
    """Where each span's text starts in its document, the texts, and the numbers of the documents.
    With ``with_space``, a space before the span belongs to it."""
    firsts: list[int] = []
    texts: list[str] = []
    owners: list[int] = []
    for number, (doc, mine) in enumerate(zip(docs, spans)):
        text = doc.text
        for span in mine:
            if span.doc is not doc:
                raise DataError(
                    f"the span getter returned the span {span.text!r} in the list of another "
                    f"document than its own: its lists must be in the order of the documents"
                )
            first, last = span.start_char, span.end_char
            if with_space and first and text[first - 1] == " ":
                first -= 1
            firsts.append(first)
            texts.append(text[first:last])
            owners.append(number)
    return np.array(firsts, dtype=np.int64), texts, np.array(owners, dtype=np.int64)


def _too_long(docs: Sequence[Doc], owners: Ints, lengths: Ints, room: int) -> DataError:
    span = int(np.argmax(lengths > room))
    doc = docs[owners[span]]
    return DataError(
        f"a span of the document {doc.text[:40]!r} has {lengths[span]} word pieces, and the model "
        f"takes {room} besides the special ones: use shorter spans (get_spans), or overflow = "
        f'"window" or "truncate"'
    )


def _truncate(
    docs: Sequence[Doc],
    owners: Ints,
    lengths: Ints,
    starts: Ints,  # noqa: ARG001
    ends: Ints,
    room: int,
) -> tuple[NDArray[np.bool_], dict[int, list[Truncation]]]:
    """Which pieces are kept, and a report by the number of the document."""
    begins = np.cumsum(lengths) - lengths
    place = np.arange(int(lengths.sum())) - np.repeat(begins, lengths)
    report: dict[int, list[Truncation]] = {}
    for span in np.flatnonzero(lengths > room).tolist():
        number = int(owners[span])
        cut = slice(int(begins[span]) + room, int(begins[span] + lengths[span]))
        start, end = int(ends[cut.start - 1]), int(ends[cut].max())
        doc = docs[number]
        tokens = int(((doc.starts < end) & (doc.ends > start)).sum())
        report.setdefault(number, []).append(
            Truncation(start, end, int(lengths[span]) - room, tokens)
        )
    return place < room, report


def with_specials(
    ids: Ints, starts: Ints, ends: Ints, lengths: Ints, tokenizer: FastTokenizer
) -> Pieces:
    """The pieces with the special ones around those of each span; a span without pieces, such as
    one of white space, gets none."""
    prefix, suffix = tokenizer.prefix, tokenizer.suffix
    full = np.where(lengths > 0, lengths + len(prefix) + len(suffix), 0)
    begins = np.cumsum(full) - full
    total = int(full.sum())
    rows = ragged_ranges(begins + len(prefix), lengths)
    whole = np.zeros(total, dtype=np.int64)
    whole[rows] = ids
    bounds = np.zeros((2, total), dtype=np.int64)
    bounds[0, rows], bounds[1, rows] = starts, ends
    used = lengths > 0
    for i, special in enumerate(prefix):
        whole[begins[used] + i] = special
    for i, special in enumerate(suffix):
        whole[(begins + len(prefix) + lengths)[used] + i] = special
    return Pieces(whole, bounds[0], bounds[1], full, tokenizer)


def _windows(
    lengths: Ints, full: Ints, prefix: int, room: int, overlap: float
) -> tuple[Ints, Ints, Ints, NDArray[np.float32] | None]:
    """``index``, ``starts``, ``lengths`` and ``weights`` of :class:`Sequences`."""
    begins = np.cumsum(full) - full
    long = np.flatnonzero(lengths > room)
    if not len(long):
        used = full > 0
        return np.arange(int(full.sum())), begins[used], full[used], None
    index: list[Ints] = []
    sizes: list[int] = []
    weights: list[NDArray[np.float32]] = []
    for span in np.flatnonzero(full).tolist():
        rows = np.arange(begins[span], begins[span] + full[span])
        if lengths[span] <= room:
            index.append(rows)
            sizes.append(len(rows))
            weights.append(np.ones(len(rows), dtype=np.float32))
            continue
        for window, weight in _cut(int(lengths[span]), int(full[span]), prefix, room, overlap):
            index.append(rows[window])
            sizes.append(len(window))
            weights.append(weight)
    flat = np.concatenate(index)
    weight = np.concatenate(weights)
    weight /= np.bincount(flat, weights=weight)[flat]
    window_sizes = np.array(sizes, dtype=np.int64)
    return flat, np.cumsum(window_sizes) - window_sizes, window_sizes, weight


def _cut(
    size: int, full: int, prefix: int, room: int, overlap: float
) -> list[tuple[Ints, NDArray[np.float32]]]:
    """The rows of each window of a span of ``size`` pieces, and their weights before they are
    divided by their sums. The windows lie evenly."""
    step = max(1, int(room * (1 - overlap)))
    count = 1 + -(-(size - room) // step)
    first = np.linspace(0, size - room, count).round().astype(np.int64)
    before, after = np.arange(prefix), np.arange(prefix + size, full)
    inner = np.arange(room)
    ramp = np.minimum(inner + 1, room - inner).astype(np.float32)
    weight = np.concatenate([np.ones(len(before)), ramp, np.ones(len(after))]).astype(np.float32)
    return [
        (np.concatenate([before, prefix + start + inner, after]), weight.copy())
        for start in first.tolist()
    ]


def make_packs(lengths: Ints, budget: int, *, alike: bool = False) -> list[Ints]:
    """Windows for one forward pass each: sorted by length and packed so that, padded to its
    longest, a pack has at most ``budget`` pieces (or is a single window). ``alike`` packs windows
    of one length alone, which need no padding."""
    order = np.argsort(lengths, kind="stable")
    packs: list[Ints] = []
    start = 0
    sizes = lengths[order].tolist()
    for i, size in enumerate(sizes):
        full = (i + 1 - start) * size > budget or (alike and size != sizes[start])
        if full and i > start:
            packs.append(order[start:i])
            start = i
    if start < len(order):
        packs.append(order[start:])
    return packs
