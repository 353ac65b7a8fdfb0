"""Decimal numbers from text, all at once, over arrays of its bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["parse_numbers"]

_SPACE, _MINUS, _POINT, _ZERO = 32, 45, 46, 48
#: Digits before and after the point, so that all of them fit into float64 without rounding.
_BEFORE, _AFTER = 2, 8
_TENS = 10.0 ** np.arange(_AFTER + 1)


def parse_numbers(lines: Sequence[bytes], width: int) -> NDArray[np.float32] | None:
    """The numbers of all lines, float32 of shape ``(len(lines), width)``.

    Each line must hold ``width`` numbers with one space between them, and each number at most two
    digits, a point, and at most eight digits, after a minus or nothing: this is what most files
    hold. None for anything else, which must be parsed in another way.

    The eight bytes before the end of each number are taken as one integer, and its digits summed
    in three multiplications (after Langdale & Lemire 2019, https://arxiv.org/abs/1902.08318).
    """
    # Zeros in front, so that eight bytes can be taken before the end of the first number.
    text = b" ".join([b"00000000", *lines])[1:] if lines else b""
    data = np.frombuffer(text, dtype=np.uint8)[8:]
    count = len(lines) * width
    spaces, points = np.flatnonzero(data == _SPACE), np.flatnonzero(data == _POINT)
    if not count or len(points) != count or len(spaces) != count - 1:
        return None
    ends = np.append(spaces, len(data))
    starts = np.empty_like(ends)
    starts[0] = 0
    np.add(spaces, 1, out=starts[1:])
    sizes = np.fromiter(map(len, lines), dtype=np.int64, count=len(lines))
    if (ends[width - 1 :: width] != np.cumsum(sizes + 1) - 1).any():
        return None
    before, after = points - starts, ends - points - 1
    negative = data.take(starts, mode="clip") == _MINUS
    before -= negative
    if before.min() < 1 or before.max() > _BEFORE or after.min() < 0 or after.max() > _AFTER:
        return None
    # Points and spaces are where they should be: all else must be digits, and minus signs in front.
    digits = np.count_nonzero((data - np.uint8(_ZERO)) < 10)
    if digits + 2 * count - 1 + np.count_nonzero(negative) != len(data):
        return None
    whole = (data.take(points - 1) - np.uint8(_ZERO)).astype(np.float64)
    if before.max() > 1:
        tens = data.take(points - 2, mode="clip") - np.uint8(_ZERO)
        whole += np.where(before > 1, tens, 0) * 10.0
    scale = _TENS.take(after)
    whole *= scale
    whole += _fraction(text, ends, after)
    whole /= scale
    np.negative(whole, out=whole, where=negative)
    return whole.astype(np.float32).reshape(-1, width)


def _fraction(
    text: bytes, ends: NDArray[np.int64], digits: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """The number that the last ``digits`` bytes before each end are, of a text with eight more
    bytes in front."""
    places = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))
    value = places[ends]
    drop = ((_AFTER - digits) << 3).astype(np.uint64)
    value >>= drop
    value <<= drop
    value &= np.uint64(0x0F0F0F0F0F0F0F0F)
    value *= np.uint64(2561)
    value >>= np.uint64(8)
    value &= np.uint64(0x00FF00FF00FF00FF)
    value *= np.uint64(6553601)
    value >>= np.uint64(16)
    value &= np.uint64(0x0000FFFF0000FFFF)
    value *= np.uint64(42949672960001)
    value >>= np.uint64(32)
    return value
