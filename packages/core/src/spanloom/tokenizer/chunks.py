"""The cache of a tokenizer: from chunks of text to rows of the lexicon.

The tokens of a chunk are kept as the bytes of int32 lexicon rows, the last of them with its sign
bit set. So the tokens of a whole batch are one ``join``, the ends of its chunks are where the array
is negative, and a mask gives the rows.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from sys import byteorder
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..vocab.lexicon import Lexicon
from .rules import Piece

__all__ = ["ChunkCache", "Tokens"]

_END = -(2**31)
_ROW = np.int32(2**31 - 1)
# Bytes of what isn't a chunk: a row of its own, so that a batch shows whether it holds any.
_ODD_ROW = 2**30
_ODD = array("i", [_ODD_ROW + _END]).tobytes()
#: Longer chunks are rare and never come again: they aren't kept.
_LONGEST = 200

# Whitespace but for single spaces between words. It begins with a class, so that a search skips
# along to the next whitespace.
_BLANK = re.compile(r"(\s(?:(?<=[^\S ])\s*|\s+|(?<=\A )|\Z))")
_SPACE = re.compile(r"\s")

#: Lexicon rows (int32) and whether a space follows (bool), both of shape ``(n,)``.
Tokens = tuple[NDArray[np.int32], NDArray[np.bool_]]


class ChunkCache:
    """Tokens of chunks for one lexicon and one splitter.

    A chunk is what stands between two single spaces, or a run of other whitespace, which is kept
    under a key that starts with a space. At most about ``size`` chunks are kept; then all are
    forgotten, since that is rare and costs less than keeping count of use. Safe to use from several
    threads.
    """

    __slots__ = ("_lock", "_norms", "chunks", "lexicon", "size", "split")

    def __init__(self, lexicon: Lexicon, split: Callable[[str], list[Piece]], size: int) -> None:
        self.lexicon = lexicon
        self.split = split
        self.size = size
        self.chunks: dict[str, bytes] = {"": _ODD}
        self._norms: dict[Piece, int] = {}
        self._lock = Lock()

    def text_tokens(self, text: str) -> Tokens:
        """The tokens of a text."""
        if "\n" not in text and "  " not in text:
            data = self._find(text.split(" "))
            if _ODD not in data:  # found by chance across rows, it costs time only
                rows = np.frombuffer(data, dtype=np.int32)
                spaces = rows < 0
                rows &= _ROW
                spaces[-1] = False
                return rows, spaces
        return self._blank_text(text)

    def batch_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text: views on two arrays for the whole batch."""
        chunks, counts, unspaced = _divided(texts)
        rows, spaces, ends = self._flat(chunks, unspaced)
        bounds = np.append(np.int64(0), ends + 1)[counts]
        stops = bounds.tolist()
        tokens = [(rows[start:stop], spaces[start:stop]) for start, stop in zip(stops, stops[1:])]
        odd = np.flatnonzero(rows == _ODD_ROW)
        if len(odd):
            for index in np.unique(np.searchsorted(bounds, odd, side="right") - 1).tolist():
                tokens[index] = self._blank_text(texts[index])
        return tokens

    def _blank_text(self, text: str) -> Tokens:
        """The tokens of a text that holds whitespace other than single spaces between words."""
        chunks: list[str] = []
        unspaced: list[int] = []
        _divide(text, chunks, unspaced)
        rows, spaces, _ = self._flat(chunks, unspaced)
        return rows, spaces

    def _flat(
        self, chunks: list[str], unspaced: list[int] | NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int64]]:
        """Rows and spaces of chunks one after the other, and the last token of each chunk."""
        rows = np.frombuffer(self._find(chunks), dtype=np.int32)
        spaces = rows < 0
        rows &= _ROW
        ends = np.flatnonzero(spaces)
        spaces[ends[unspaced]] = False
        return rows, spaces, ends

    def _find(self, chunks: list[str]) -> bytearray:
        """The bytes of chunks one after the other; new ones are split."""
        found: Any = list(map(self.chunks.get, chunks))
        try:
            return bytearray().join(found)
        except TypeError:  # some are new
            # In the order of the text: a set's differs from process to process, and the lexicon's
            # rows decide in which order gradients are summed.
            new = (c for c, data in zip(chunks, found, strict=True) if data is None)
            fresh = self._add(dict.fromkeys(new))
        return bytearray().join(
            [fresh[c] if d is None else d for c, d in zip(chunks, found, strict=True)]
        )

    def _add(self, chunks: Iterable[str]) -> dict[str, bytes]:
        with self._lock:
            if len(self.chunks) > self.size:
                self.chunks = {"": _ODD}
            fresh = {chunk: self._encode(chunk) for chunk in chunks}
            self.chunks.update((c, data) for c, data in fresh.items() if len(c) <= _LONGEST)
            return fresh

    def _encode(self, chunk: str) -> bytes:
        if chunk[0] == " ":
            chunk = chunk[1:]
        elif not chunk.isalpha() and _SPACE.search(chunk):
            return _ODD
        pieces = self.split(chunk)
        row = self.lexicon.row
        if len(pieces) == 1 and pieces[0][1] is None:
            return (row(chunk) - _END).to_bytes(4, byteorder)
        rows = [row(text) if norm is None else self._normed((text, norm)) for text, norm in pieces]
        rows[-1] += _END
        return array("i", rows).tobytes()

    def _normed(self, piece: Piece) -> int:
        row = self._norms.get(piece)
        if row is None:
            row = self._norms[piece] = self.lexicon.row(*piece)
        return row


def _divided(
    texts: Sequence[str],
) -> tuple[list[str], NDArray[np.int64], list[int] | NDArray[np.int64]]:
    """The chunks of all texts, how many there are before each text and at the end, and the indices
    of those that no space follows."""
    joined = " ".join(texts)
    if "\n" not in joined and "  " not in joined and joined:
        # No text is empty, so each has a chunk more than it has spaces.
        counts = np.zeros(len(texts) + 1, dtype=np.int64)
        np.cumsum([text.count(" ") + 1 for text in texts], out=counts[1:])
        return joined.split(" "), counts, counts[1:] - 1
    chunks: list[str] = []
    unspaced: list[int] = []
    before = [0]
    for text in texts:
        if "\n" in text or "  " in text or not text:
            _divide(text, chunks, unspaced)
        else:
            chunks += text.split(" ")
            unspaced.append(len(chunks) - 1)
        before.append(len(chunks))
    return chunks, np.array(before), unspaced


def _divide(text: str, chunks: list[str], unspaced: list[int]) -> None:
    """Add the chunks of a text, and the indices of those that no space follows.

    Whitespace is as spaCy has it: a single space belongs to the token before it, and what more
    there is makes a token, which no space follows.
    """
    parts = _BLANK.split(text)
    for words, blank in zip(parts[::2], [*parts[1::2], ""], strict=True):
        if words:
            chunks += words.split(" ")
            if blank[:1] == " ":
                blank = blank[1:]
            else:
                unspaced.append(len(chunks) - 1)
        if blank:
            chunks.append(" " + blank)
            unspaced.append(len(chunks) - 1)
