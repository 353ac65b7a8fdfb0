"""srsly's msgpack, with its packer and unpacker kept.

srsly asks the installed distributions for encoders each time that it makes one of them, which takes
longer than packing a sentence does.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

from srsly import msgpack

from ..errors import SerializationError

__all__ = ["collecting", "dumps", "loads", "loads_format"]

#: The unpacker that is kept doesn't let go of its buffer: larger data gets one of its own.
_LARGE = 1 << 20


class _Kept(local):
    """A packer and an unpacker for each thread, made when first needed."""

    def __init__(self) -> None:
        self.packer: Any = None
        self.unpacker: Any = None


_kept = _Kept()


def dumps(value: Any) -> bytes:
    """``value`` as msgpack; NumPy arrays and numbers may be part of it.

    Raises :class:`TypeError`, :class:`ValueError` or :class:`OverflowError` for what can't be.
    """
    packer, _kept.packer = _kept.packer or msgpack.Packer(use_bin_type=True), None
    data = bytes(packer.pack(value))
    # One that failed still holds a part of what it was given, and isn't kept.
    _kept.packer = packer
    return data


def loads(data: bytes) -> Any:
    """The value of msgpack bytes. Raises :class:`ValueError` if they aren't just one value."""
    if len(data) > _LARGE:
        return msgpack.unpackb(data, raw=False, strict_map_key=False)
    unpacker, _kept.unpacker = _kept.unpacker or _unpacker(), None
    unpacker.feed(data)
    before = unpacker.tell()
    try:
        value = unpacker.unpack()
    except msgpack.OutOfData as error:
        raise ValueError("the data ends too early") from error
    if unpacker.tell() - before != len(data):
        raise ValueError("there is more data than one value")
    _kept.unpacker = unpacker
    return value


def loads_format(data: bytes, version: int, what: str) -> dict[str, Any]:
    """The mapping of msgpack bytes that say under ``format`` which version they are of.

    Raises :class:`SerializationError`, which calls them ``what``, for others.
    """
    try:
        state: dict[str, Any] = loads(data)
        found = state["format"]
    except Exception as error:
        raise SerializationError(f"these are not the bytes of {what} ({error})") from error
    if found != version:
        raise SerializationError(
            f"{what} of format {found!r}, and this version of Spanloom reads {version}: read it "
            f"with the version that wrote it, or upgrade"
        )
    return state


@contextmanager
def collecting(on: bool = True) -> Iterator[None]:
    """Keep the garbage collector on where others call srsly, which leaves it off when data turn out
    to be damaged; or keep it off while much is made that stays."""
    enabled = gc.isenabled()
    if not on:
        gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _unpacker() -> Any:
    return msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=2 * _LARGE)
