"""What the components of this package read from bytes."""

from __future__ import annotations

from typing import Any

from spanloom.errors import SerializationError
from spanloom.io import msgpack as _msgpack

__all__ = ["loaded"]


def loaded(data: bytes, name: str, key: str | None = None) -> Any:
    """What the bytes of the component ``name`` hold, or hold under ``key``. Raises
    :class:`SerializationError` if they are others."""
    try:
        state = _msgpack.loads(data)
        return state if key is None else state[key]
    except Exception as error:
        raise SerializationError(f"the bytes aren't those of '{name}': {error}") from error
