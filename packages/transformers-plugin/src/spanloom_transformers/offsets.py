"""Offsets of pieces for tokenizers that don't tell them (transformers' slow ones).

Pieces and text are reduced to what normalization leaves alone (letters without case, with marks and
without), and each piece is looked for after the one before. A piece that isn't found, such as an
unknown one, stands for what lies between its neighbours.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

__all__ = ["find_offsets"]

#: A piece is looked for at most so many characters further on than expected.
_REACH = 48

_MARKS = ("##", "▁", "Ġ", "</w>", "@@")


def find_offsets(text: str, pieces: Sequence[str | None]) -> list[tuple[int, int]]:
    """Start and end of each piece in ``text``; ``None`` stands for an unknown piece.

    Every character other than white space between the first and the last piece that was found is in
    some piece, as long as there is an unknown one where pieces are missing.
    """
    spelt = _spelt(text, pieces)
    if spelt is not None:
        return spelt
    plain, sources = _reduced(text)
    letters = _Letters(plain)
    found: list[tuple[int, int] | None] = []
    cursor = 0
    for wanted in _surfaces(pieces):
        match = letters.find(wanted, cursor) if wanted else None
        if match is None:
            found.append((-1, -1) if wanted is not None and not _bare(wanted) else None)
            continue
        start, cursor = match
        found.append((sources[start], sources[cursor - 1] + 1))
    return _filled(found, len(text))


class _Letters:
    """A reduced text to look for pieces in, whether the tokenizer keeps marks or takes them off."""

    def __init__(self, plain: str) -> None:
        self.plain = plain
        self.places = [i for i, char in enumerate(plain) if not _is_mark(char)]
        self.bare = "".join(plain[i] for i in self.places)

    def find(self, wanted: str, cursor: int) -> tuple[int, int] | None:
        """Where a piece begins and ends, at or behind ``cursor``: the nearest place, with its marks
        rather than without."""
        at = self.plain.find(wanted, cursor, cursor + len(wanted) + _REACH)
        letters = _bare(wanted)
        first = bisect_left(self.places, cursor)
        near = self.bare.find(letters, first, first + len(letters) + _REACH) if letters else -1
        if near >= 0 and (at < 0 or self.places[near] < at):
            return self.places[near], self.places[near + len(letters) - 1] + 1
        return (at, at + len(wanted)) if at >= 0 else None


def _bare(text: str) -> str:
    """``text`` without marks and characters that aren't shown."""
    return "".join(char for char in text if not _is_mark(char))


def _is_mark(char: str) -> bool:
    return not char.isascii() and unicodedata.category(char)[0] in "MC"


def _filled(found: Sequence[tuple[int, int] | None], size: int) -> list[tuple[int, int]]:
    """Pieces that weren't found share the gap between those that were; empty ones stay empty."""
    result: list[tuple[int, int]] = []
    following = [size] * (len(found) + 1)
    for i in range(len(found) - 1, -1, -1):
        span = found[i]
        following[i] = span[0] if span is not None and span[0] >= 0 else following[i + 1]
    end = 0
    for i, span in enumerate(found):
        if span is None:
            # An accent or case that was taken off may leave the neighbour's end behind its start.
            result.append((end, max(end, following[i + 1])))
        elif span[0] < 0:
            result.append((end, end))
        else:
            result.append(span)
            end = span[1]
    return result


def _spelt(text: str, pieces: Sequence[str | None]) -> list[tuple[int, int]] | None:
    """The offsets where pieces spell the text, as CANINE's characters do, or its bytes, one
    character for each, as those of byte-level BPE (by GPT-2's table) and of ByT5 (by Latin-1) do;
    else ``None``."""
    if any(piece is None for piece in pieces):
        return None
    wanted = text.encode("utf8", "surrogatepass")
    joined = "".join(piece for piece in pieces if piece)
    if joined == text:
        ends = np.cumsum([len(piece or "") for piece in pieces]).tolist()
        return [(end - len(piece or ""), end) for piece, end in zip(pieces, ends)]
    for table in (_byte_table(), {chr(code): code for code in range(256)}):
        if len(joined) == len(wanted) and bytes(table.get(c, 0) for c in joined) == wanted:
            break
    else:
        return None
    # A byte of the form 10xxxxxx goes on with the character of the byte before.
    character, owners = -1, []
    for byte in wanted:
        character += byte & 0xC0 != 0x80
        owners.append(character)
    spans, start = [], 0
    for piece in pieces:
        end = start + len(piece or "")
        spans.append((owners[start], owners[end - 1] + 1) if end > start else (0, 0))
        start = end
    return spans


def _surfaces(pieces: Sequence[str | None]) -> list[str | None]:
    """What each piece stands for, reduced; ``None`` for an unknown one."""
    return [None if piece is None else _reduced(_unmarked(piece))[0] for piece in pieces]


def _unmarked(piece: str) -> str:
    """The piece without what marks the start or end of words, unless it is nothing else."""
    for mark in _MARKS:
        if piece.startswith(mark) or piece.endswith(mark):
            piece = piece.removeprefix(mark).removesuffix(mark)
    return piece


@lru_cache(maxsize=1)
def _byte_table() -> dict[str, int]:
    """The characters by which byte-level BPE writes bytes (GPT-2's table)."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(code): code for code in shown}
    hidden = [code for code in range(256) if code not in shown]
    table.update({chr(256 + i): code for i, code in enumerate(hidden)})
    return table


def _reduced(text: str) -> tuple[str, list[int]]:
    """``text`` without white space and case, its accents apart, and where each character comes
    from."""
    kept: list[str] = []
    sources: list[int] = []
    for i, char in enumerate(text):
        if char.isascii():
            if char.isspace():
                continue
            kept.append(char.lower())
            sources.append(i)
            continue
        for part in _plain(char):
            kept.append(part)
            sources.append(i)
    return "".join(kept), sources


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    parts = unicodedata.normalize("NFKD", char).casefold()
    return "".join(part for part in parts if not part.isspace())
