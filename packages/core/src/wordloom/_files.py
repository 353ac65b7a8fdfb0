"""Reading and writing files whole: a reader never meets half of one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .errors import FormatError, MissingFileError

__all__ = ["read_bytes", "read_text", "write_bytes"]


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write ``data`` to a temporary file beside ``path``, then rename it to ``path``."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with open(part, "xb") as file:
            file.write(data)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_bytes(path: str | Path) -> bytes:
    """The content of a file. Raises :class:`MissingFileError` if it isn't there."""
    try:
        return Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise MissingFileError(f"there is no file {path}: check the path") from error


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file.

    Raises :class:`MissingFileError` if it isn't there, :class:`FormatError` if it isn't UTF-8.
    """
    data = read_bytes(path)
    try:
        return data.decode("utf8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(
            path, line, f"not valid UTF-8 ({error.reason}): save the file as UTF-8"
        ) from error
