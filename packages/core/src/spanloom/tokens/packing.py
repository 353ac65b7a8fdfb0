"""Arrays and lists of strings as msgpack values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SerializationError

__all__ = [
    "Packed",
    "Strings",
    "bounds",
    "pack",
    "pack_strings",
    "packing",
    "smallest",
    "unpack",
    "unpack_strings",
]

#: The dtypes that are read.
_NUMBERS = re.compile(r"[<|][biuf][1248]")

Packed = tuple[str, bytes]
"""An array of one dimension: its dtype and its bytes, little-endian."""

Strings = tuple[bytes, Packed]
"""Strings: all of them joined, in UTF-8, and the length of each in characters."""


def pack(array: NDArray[Any]) -> Packed:
    """An array of one dimension as a msgpack value."""
    array = np.ascontiguousarray(array)
    if array.dtype.str.startswith(">"):
        array = array.astype(array.dtype.newbyteorder("<"))
    return array.dtype.str, array.tobytes()


def unpack(packed: Packed) -> NDArray[Any]:
    """The array of :func:`pack`. It can't be written to. Raises :class:`ValueError` for a dtype
    that isn't of numbers."""
    kind = packed[0]
    if not isinstance(kind, str) or not _NUMBERS.fullmatch(kind):
        raise ValueError(f"an array of the dtype {kind!r}")
    return np.frombuffer(packed[1], dtype=np.dtype(kind))


def smallest(values: NDArray[Any]) -> NDArray[Any]:
    """Indices, none below zero, in the smallest unsigned type that holds them."""
    return values.astype(np.min_scalar_type(int(values.max()) if len(values) else 0))


def pack_strings(texts: Sequence[str]) -> Strings:
    """Strings as a msgpack value."""
    # Any string that Python can hold, lone surrogates too.
    data = "".join(texts).encode("utf8", "surrogatepass")
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    return data, pack(smallest(lengths))


def unpack_strings(packed: Strings) -> list[str]:
    """The strings of :func:`pack_strings`. Raises :class:`ValueError` if they don't add up."""
    data, lengths = packed
    text = data.decode("utf8", "surrogatepass")
    places = bounds(unpack(lengths))
    if (places[-1][1] if places else 0) != len(text):
        raise ValueError("the lengths of the strings don't add up")
    return [text[start:end] for start, end in places]


def bounds(lengths: NDArray[Any]) -> list[tuple[int, int]]:
    """Start and end of parts of these lengths that follow each other."""
    ends = np.cumsum(lengths, dtype=np.int64).tolist()
    return list(zip([0, *ends], ends, strict=False))


@contextmanager
def packing(what: str, instead: str = "") -> Iterator[None]:
    """Let what is raised for values that can't be written say whose they are, ``what``, and what
    to do ``instead``."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as error:
        raise SerializationError(
            f"{what} holds data that can't be written ({error}): {instead}keep plain values "
            f"(numbers, strings, lists, arrays) in user_data, custom attributes and the attrs of "
            f"groups of spans"
        ) from error
