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

import numpy as np
from numpy.typing import NDArray

from ..lexicon import Lexicon
from .rules import Piece

__all__ = ["ChunkCache", "Tokens"]

_END = -(2**31)
_ROW = np.int32(2**31 - 1)
# Bytes of what isn't a chunk: a row of its own, so that a batch shows whether it holds any.
_ODD_ROW = 2**30
_ODD = array("i", [_ODD_ROW + _END]).tobytes()
_RUNS = re.compile(r"\S+|\s+")
_SPACE = re.compile(r"\s")
#: Longer chunks are rare and never come again: they aren't kept.
_LONGEST = 200

#: Lexicon rows (int32) and whether a space follows (bool), both of shape ``(n,)``.
Tokens = tuple[NDArray[np.int32], NDArray[np.bool_]]


class ChunkCache:
    """Tokens of chunks for one lexicon and one splitter.

    A chunk is what stands between two single spaces. One that holds other whitespace inside is
    split at it; an empty one, or one that starts or ends with whitespace, is odd: its text needs
    :meth:`text_tokens`. At most about ``size`` chunks are kept; then all are forgotten, since that
    is rare and costs less than keeping count of use. Safe to use from several threads.
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
        data = self.find(text.split(" "))
        if _ODD in data:
            return self._odd_text(text)
        rows = np.frombuffer(bytearray().join(data), dtype=np.int32)
        spaces = rows < 0
        rows &= _ROW
        spaces[-1] = False
        return rows, spaces

    def batch_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The tokens of each text: views on two arrays for the whole batch."""
        chunks: list[str] = []
        counts = []
        for text in texts:
            more = text.split(" ")
            counts.append(len(more))
            chunks += more
        rows = np.frombuffer(bytearray().join(self.find(chunks)), dtype=np.int32)
        spaces = rows < 0
        rows &= _ROW
        last = np.flatnonzero(spaces)[np.cumsum(counts) - 1]
        spaces[last] = False
        ends = (last + 1).tolist()
        tokens = [
            (rows[start:end], spaces[start:end])
            for start, end in zip([0, *ends[:-1]], ends, strict=True)
        ]
        odd = np.flatnonzero(rows == _ODD_ROW)
        if len(odd):
            for index in np.unique(np.searchsorted(last, odd)).tolist():
                tokens[index] = self._odd_text(texts[index])
        return tokens

    def _odd_text(self, text: str) -> Tokens:
        """Whitespace as spaCy has it: a single space belongs to the token before it, and what more
        there is makes a token."""
        data: list[bytes] = []
        spaces: list[bool] = []
        for run in _RUNS.findall(text):
            if run[0] == " " and data:
                spaces[-1] = True
                run = run[1:]
            if run:
                data.append(self._run(run))
                spaces.append(False)
        rows = np.frombuffer(bytearray().join(data), dtype=np.int32)
        flags = rows < 0
        flags[flags] = spaces
        rows &= _ROW
        return rows, flags

    def find(self, chunks: list[str]) -> list[bytes]:
        """The bytes of each chunk; new ones are split."""
        found = list(map(self.chunks.get, chunks))
        if None in found:
            fresh = self._add({c for c, data in zip(chunks, found, strict=True) if data is None})
            return [fresh[c] if d is None else d for c, d in zip(chunks, found, strict=True)]
        return found  # type: ignore[return-value]  # none is None any longer

    def _add(self, chunks: Iterable[str]) -> dict[str, bytes]:
        with self._lock:
            if len(self.chunks) > self.size:
                self.chunks = {"": _ODD}
            fresh = {}
            for chunk in chunks:
                if chunk.isalpha() or not _SPACE.search(chunk):
                    data = self._run(chunk)
                elif chunk[0].isspace() or chunk[-1].isspace():
                    data = _ODD
                else:
                    data = self._inner(chunk)
                fresh[chunk] = data
            return fresh

    def _inner(self, chunk: str) -> bytes:
        """The bytes of a chunk with whitespace inside, where no space follows but at its end."""
        rows = array("i", b"".join(map(self._run, _RUNS.findall(chunk))))
        for index, row in enumerate(rows[:-1]):
            if row < 0:
                rows[index] = row - _END
        return rows.tobytes()

    def _run(self, run: str) -> bytes:
        """The bytes of a run of characters that are all or none whitespace."""
        data = self.chunks.get(run)
        if data is None:
            data = self._encode(run)
            if len(run) <= _LONGEST and not run.isspace():
                self.chunks[run] = data
        return data

    def _encode(self, run: str) -> bytes:
        pieces = self.split(run)
        row = self.lexicon.row
        if len(pieces) == 1 and pieces[0][1] is None:
            return (row(run) - _END).to_bytes(4, byteorder)
        rows = [row(text) if norm is None else self._normed((text, norm)) for text, norm in pieces]
        rows[-1] += _END
        return array("i", rows).tobytes()

    def _normed(self, piece: Piece) -> int:
        row = self._norms.get(piece)
        if row is None:
            row = self._norms[piece] = self.lexicon.row(*piece)
        return row
