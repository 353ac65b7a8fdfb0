"""Writing files and folders whole or not at all."""

from __future__ import annotations

import errno
import glob
import json
import math
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import MissingFileError, OccupiedError, SerializationError

__all__ = [
    "A_DAY",
    "DISK_ERRORS",
    "check_replaceable",
    "clear_up",
    "existing",
    "file_written",
    "folder_written",
    "json_ready",
    "json_text",
    "moved_away",
    "read_json",
    "refuse_source",
    "remove_folder",
    "write_bytes",
    "write_text",
]

#: The name that a folder has while another takes its place.
_AWAY = "it"

#: Files of ours that name the files beside them under ``files``.
_LISTS = ("meta.json", "state.json")

#: Errors that a disk gives without the name of the file.
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}

#: What file managers leave in folders.
_NOISE = {".DS_Store", "Thumbs.db", "desktop.ini"}

#: So many names of files that are in the way are shown.
_SHOWN = 8

#: Seconds after which what a writer left is taken for that of one that was killed.
A_DAY = 86_400.0

#: So much of a name goes into a temporary one: a name has 255 bytes at most.
_LONGEST = 50

#: A temporary name, and the one that it is for.
_TEMPORARY = re.compile(r"\.(.+?)(?:\.old)?\.[0-9a-f]{8}")

#: The flag of Linux' renameat2 and macOS' renameatx_np that exchanges two names.
_EXCHANGE = 2


def existing(path: str | Path, what: str = "file") -> Path:
    """``path`` as a :class:`~pathlib.Path`. Raises :class:`MissingFileError` if it isn't there."""
    path = Path(path)
    if not path.exists():
        near = path.parent
        while not near.exists():
            near = near.parent
        raise MissingFileError(
            f"There is no {what} at '{path}' (the nearest existing folder is '{near.resolve()}')"
        )
    return path


def read_json(path: str | Path, what: str = "file") -> Any:
    """The value in a file of JSON. Raises :class:`MissingFileError`, and
    :class:`SerializationError` if it isn't JSON in UTF-8."""
    try:
        return json.loads(existing(path, what).read_text("utf8"))
    except (ValueError, RecursionError) as error:
        raise SerializationError(f"'{path}' ({what}) isn't valid JSON: {error}") from error


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
    """Yield a file to write to, beside ``path``, that takes its place when the block ends, flushed
    to the disk. If the block raises, nothing of it is left. A link stays and what it leads to is
    written; so is a device or a pipe, directly.

    Raises :class:`OccupiedError` if there is a folder at ``path``.
    """
    given = Path(path)
    if given.is_dir():
        raise OccupiedError(f"'{path}' is a folder: give a file name")
    if given.exists() and not given.is_file():
        with given.open("wb") as file:
            yield file
        return
    target = _target(given)
    fresh = _beside(target)
    try:
        with fresh.open("xb") as file:
            yield file
        _flush(fresh)
        os.replace(fresh, target)
    except BaseException as error:
        fresh.unlink(missing_ok=True)
        _name(error, fresh, path)
        raise
    _flush(target.parent)


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8, as :func:`write_bytes` does."""
    write_bytes(path, text.encode("utf8"))


@contextmanager
def folder_written(path: str | Path, marks: Sequence[str] = ()) -> Iterator[Path]:
    """Yield an empty folder beside ``path`` that takes its place when the block ends, flushed to
    the disk. A link to a folder stays, and the folder that it leads to is replaced.

    A folder that was there is replaced as a whole, if it is ours: empty, or with all the files in
    ``marks``, and without one that neither its own list of files names nor the new folder has. If
    the block raises, it stays as it was and nothing of the new one is left. A process that is
    killed may leave either beside ``path``, which the next one removes after `A_DAY`.

    Raises :class:`OccupiedError`, naming what is in the way, for anything else that is there.
    """
    check_replaceable(path, marks)
    target = _target(Path(path))
    fresh = _beside(target)
    fresh.mkdir()
    try:
        yield fresh
        inside = sorted(each for each in fresh.rglob("*") if not each.is_symlink())
        _flush(*reversed(inside), fresh)
        if target.exists():
            check_replaceable(path, marks, fresh)
            _replace_folder(target, fresh)
        else:
            os.replace(fresh, target)
    except BaseException as error:
        shutil.rmtree(fresh, ignore_errors=True)
        _name(error, fresh, path)
        raise
    _flush(target.parent)
    with suppress(OSError):
        clear_up(target.parent, glob.escape(_hidden(target)[1:]), age=A_DAY)


def check_replaceable(
    path: str | Path, marks: Sequence[str] = (), fresh: Path | None = None
) -> None:
    """Raise :class:`OccupiedError` where :func:`folder_written` must not put a folder; without
    ``fresh``, the new one, only what can be known before it is written."""
    target = _behind(path)
    if not target.exists():
        return
    if not target.is_dir():
        raise OccupiedError(f"'{path}' is a file, but a folder is needed: choose another path")
    if Path.cwd().is_relative_to(target) or os.path.ismount(target):
        raise OccupiedError(
            f"'{path}' can't be replaced: it is the working directory, a folder that contains it, "
            "or a mount point. Choose a folder inside it."
        )
    there = _names(target)
    listed = _listed(target)
    if there and not there >= {*marks}:
        strange = there
    elif fresh is None:
        strange = there - {*listed, *_LISTS, *marks} if listed else set()
    else:
        strange = there - {*listed, *_LISTS, *_names(fresh)}
    if strange:
        mixed = {name.partition("/")[0] for name in there - strange}
        mixed |= {name.partition("/")[0] for name in strange} if len(strange) <= _SHOWN else set()
        tops = {name: name.partition("/")[0] for name in strange}
        shown = sorted({name if top in mixed else top for name, top in tops.items()})
        some, more = shown[:_SHOWN], " and more" if len(shown) > _SHOWN else ""
        raise OccupiedError(
            f"'{path}' contains files that Spanloom didn't write: {', '.join(some)}{more}. Saving "
            "would replace the whole folder: choose another one, or move these files away."
        )


def _names(folder: Path) -> set[str]:
    """The paths of all files and links in a folder, but for those that file managers leave."""
    return {
        Path(root, name).relative_to(folder).as_posix()
        for root, folders, files in os.walk(folder)
        for name in [*files, *(each for each in folders if Path(root, each).is_symlink())]
        if name not in _NOISE
    }


def _listed(folder: Path) -> set[str]:
    """The files that a folder's own list names: that of a pipeline, or of a checkpoint."""
    names: set[str] = set()
    for each in _LISTS:
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            names.update(map(str, dict(json.loads((folder / each).read_text("utf8"))["files"])))
    return names


def refuse_source(output: str | Path, *sources: str | Path) -> None:
    """Raise :class:`OccupiedError` if ``output`` is one of the files or folders that it is to be
    made of, by whatever name."""
    for source in map(Path, sources):
        if source.exists() and Path(output).exists() and source.samefile(output):
            raise OccupiedError(f"'{output}' is also the input: choose another output path")


def _replace_folder(path: Path, fresh: Path) -> None:
    """In one step where the system can, else by two renames."""
    if _exchanged(path, fresh):
        shutil.rmtree(fresh, ignore_errors=True)
        return
    old = _beside(path, ".old")
    old.mkdir()
    try:
        os.replace(path, old / _AWAY)
        os.replace(fresh, path)
    finally:
        if not path.exists() and (old / _AWAY).exists():
            os.replace(old / _AWAY, path)
        shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether two folders, by absolute paths, took each other's place; not where the C library, the
    kernel or the file system has no such call."""
    import ctypes  # takes longer than all else here

    name = {"linux": "renameat2", "darwin": "renameatx_np"}.get(sys.platform)
    call = getattr(ctypes.CDLL(None), name, None) if name else None
    return call is not None and not call(-1, bytes(one), -1, bytes(other), _EXCHANGE)


def clear_up(folder: str | Path, *names: str, age: float = 0.0) -> None:
    """Remove what writers of files and folders of these names (or patterns, such as ``*.bin``) left
    in ``folder`` when they were killed, at least ``age`` seconds ago. A folder that one had moved
    away, without putting another in its place, is put back.

    Only for a time when nobody writes there, or with an ``age``.
    """
    for each in list(Path(folder).iterdir()) if Path(folder).is_dir() else ():
        found = _TEMPORARY.fullmatch(each.name)
        if found is None or not any(fnmatchcase(found[1], name) for name in names):
            continue
        if age and time.time() - each.lstat().st_mtime < age:
            continue
        target = each.with_name(found[1])
        if (each / _AWAY).exists() and not target.exists():
            os.replace(each / _AWAY, target)
        shutil.rmtree(each) if each.is_dir() else each.unlink()


def moved_away(path: Path) -> Path | None:
    """The folder that was at ``path`` when a writer of another was killed in between, if any."""
    found = path.parent.glob(f"{glob.escape(_hidden(path))}.old.*/{_AWAY}")
    return next(found, None) if path.parent.is_dir() else None


def remove_folder(path: Path) -> None:
    """Remove a folder at once: it isn't half there meanwhile."""
    gone = _beside(path, ".old")
    path.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _behind(path: str | Path) -> Path:
    """The place that ``path`` names, behind links. Raises :class:`OccupiedError` if it would lie in
    a file."""
    target = Path(os.path.realpath(path))
    near = next((each for each in target.parents if each.exists()), target)
    if near != target and not near.is_dir():
        raise OccupiedError(f"'{path}' can't be written: '{near}' is a file, not a folder")
    return target


def _name(error: BaseException, fresh: Path, path: str | Path) -> None:
    """Let an error of the system name the file that was to be written, not a temporary one."""
    if not isinstance(error, OSError):
        return
    if error.filename == str(fresh) or (error.filename is None and error.errno in DISK_ERRORS):
        error.filename = str(path)


def _target(path: Path) -> Path:
    """The place that ``path`` names, in a folder that is there."""
    target = _behind(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _hidden(path: Path) -> str:
    return f".{path.name[:_LONGEST]}"


def _beside(path: Path, kind: str = "") -> Path:
    """A free name for what is to take the place of ``path``, or took it."""
    return path.parent / f"{_hidden(path)}{kind}.{os.urandom(4).hex()}"


def _flush(*paths: Path) -> None:
    """Flush files and folders to the disk. What lies in a folder that is being written waits until
    that is whole."""
    if os.name != "posix" or any(_TEMPORARY.fullmatch(name) for name in paths[-1].parent.parts):
        return
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
