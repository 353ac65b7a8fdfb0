"""The list of a folder's files, with their sizes and hashes: what was written, and whether it is
still that."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..errors import MissingFileError, SerializationError

__all__ = ["check_files", "list_files", "sha256_of"]

#: Endings of files that are made to be read and edited. (A component's ``cfg`` is one too.)
_TEXT = {".cfg", ".json", ".jsonl", ".md", ".toml", ".txt", ".yaml", ".yml"}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Path in the folder -> ``size`` in bytes and ``sha256``, for all files in it."""
    return {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "sha256": sha256_of(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_files(folder: Path, listed: Any, source: Path, exclude: Collection[str] = ()) -> None:
    """Check the files that :func:`list_files` named, as it is read from ``source``, but for those
    under a name in ``exclude``. Text that was edited is worth a warning.

    Raises :class:`SerializationError` for another file that isn't what was written, or a list that
    is none, and :class:`MissingFileError` for one that isn't there.
    """
    if not isinstance(listed, Mapping):
        raise SerializationError(f"'{source}': 'files' isn't a list of files with their hashes")
    for name, about in listed.items():
        if name.partition("/")[0] in exclude:
            continue
        path = folder / name
        if not path.is_file():
            raise MissingFileError(f"'{path}' is missing, although '{source}' lists it")
        if not isinstance(about, Mapping):
            raise SerializationError(f"'{source}': 'files' has no valid entry for '{name}'")
        if path.stat().st_size == about.get("size") and sha256_of(path) == about.get("sha256"):
            continue
        if _is_text(path):
            message = f"'{path}' has changed since it was saved: it was edited, or is damaged"
            warnings.warn(message, UserWarning, stacklevel=2)
        else:
            raise SerializationError(
                f"'{path}' has changed since it was saved, so it may be damaged. Copy or download "
                f"it again; if you changed it on purpose, remove it from 'files' in '{source}'."
            )


def _is_text(path: Path) -> bool:
    return path.suffix.lower() in _TEXT or path.name == "cfg"
