"""Writing files and folders whole or not at all."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import MissingFileError, SerializationError

__all__ = [
    "clear_up",
    "existing",
    "file_written",
    "folder_written",
    "json_ready",
    "json_text",
    "read_json",
    "write_bytes",
    "write_text",
]

#: The name that a folder has while another takes its place.
_AWAY = "it"


def existing(path: str | Path, what: str = "file") -> Path:
    """``path`` as a :class:`~pathlib.Path`. Raises :class:`MissingFileError` if it isn't there."""
    path = Path(path)
    if not path.exists():
        near = path.parent
        while not near.exists():
            near = near.parent
        raise MissingFileError(
            f"no {what} at '{path}': '{near.resolve()}' is the last folder of that path that exists"
        )
    return path


def read_json(path: str | Path, what: str = "file") -> Any:
    """The value in a file of JSON. Raises :class:`MissingFileError`, and
    :class:`SerializationError` if it isn't JSON in UTF-8."""
    try:
        return json.loads(existing(path, what).read_text("utf8"))
    except (ValueError, RecursionError) as error:
        raise SerializationError(f"'{path}', {what}, isn't JSON: {error}") from error


def json_ready(value: Any) -> Any:
    """``value`` as JSON can hold it: ``None`` for numbers that aren't finite, which JSON hasn't,
    and Python's numbers for NumPy's. What JSON can't hold for other reasons stays as it is."""
    if isinstance(value, Mapping):
        return {key: json_ready(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(each) for each in value]
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_text(value: Any, *, indent: int | None = None) -> str:
    """``value`` as JSON, by way of :func:`json_ready`."""
    return json.dumps(json_ready(value), indent=indent, default=float)


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write ``data`` under a temporary name beside ``path``, then rename it."""
    with file_written(path) as file:
        file.write(data)


@contextmanager
def file_written(path: str | Path) -> Iterator[BinaryIO]:
    """Yield a file to write to, beside ``path``, that takes its place when the block ends. If the
    block raises, nothing of it is left."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, as :func:`write_bytes` does."""
    write_bytes(path, text.encode("utf8"))


@contextmanager
def folder_written(path: str | Path) -> Iterator[Path]:
    """Yield an empty folder beside ``path`` that takes its place when the block ends.

    A folder that was there is replaced as a whole. If the block raises, it stays as it was and
    nothing of the new one is left. A process that is killed may leave either beside ``path``:
    see :func:`clear_up`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        os.chmod(fresh, 0o777 & ~_umask())
        yield fresh
        if path.exists():
            _replace_folder(path, fresh)
        else:
            os.replace(fresh, path)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _replace_folder(path: Path, fresh: Path) -> None:
    """Two renames, since no system-independent call exchanges folders that aren't empty."""
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    try:
        os.replace(path, old / _AWAY)
        os.replace(fresh, path)
    finally:
        if not path.exists() and (old / _AWAY).exists():
            os.replace(old / _AWAY, path)
        shutil.rmtree(old, ignore_errors=True)


def clear_up(path: str | Path) -> None:
    """Remove what writers of the folder ``path`` left beside it when they were killed. A folder
    that one had moved away, without putting another in its place, is put back.

    Only for a time when nobody writes there.
    """
    path = Path(path)
    parent = path.parent
    left = [each for each in parent.iterdir() if each.name.startswith(f".{path.name}.")]
    for each in left:
        if not path.exists() and (each / _AWAY).exists() and ".old." in each.name:
            os.replace(each / _AWAY, path)
        shutil.rmtree(each, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
