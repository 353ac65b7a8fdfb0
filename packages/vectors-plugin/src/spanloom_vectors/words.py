"""The words of a table, read from its file when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Words"]

_BLOCK = 65536


class Words(Sequence[str]):
    """A sequence of words over two arrays: their UTF-8, uint8, and where each starts and the last
    ends, shape ``(n + 1,)``."""

    __slots__ = ("_offsets", "_text")

    def __init__(self, text: NDArray[np.uint8], offsets: NDArray[Any]) -> None:
        self._text = text
        self._offsets = offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: int | slice) -> str | list[str]:
        size = len(self)
        if isinstance(key, slice):
            start, end, step = key.indices(size)
            words = self._block(min(start, end), max(start, end)) if step == 1 else None
            return words if words is not None else [self[i] for i in range(start, end, step)]
        if not -size <= key < size:
            raise IndexError(f"word {key} of {size}")
        key %= size
        start, end = int(self._offsets[key]), int(self._offsets[key + 1])
        return self._text[start:end].tobytes().decode("utf8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _BLOCK):
            yield from self._block(start, min(start + _BLOCK, len(self)))

    def _block(self, start: int, end: int) -> list[str]:
        if end <= start:
            return []
        ends = self._offsets[start : end + 1].astype(np.int64)
        data = self._text[int(ends[0]) : int(ends[-1])].tobytes()
        places = (ends - ends[0]).tolist()
        return [data[a:b].decode("utf8", "surrogatepass") for a, b in zip(places[:-1], places[1:])]
