"""From a path to a table: our own files, saved pipelines, and all other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import srsly

from wordloom.errors import DataError, MissingFileError, SerializationError
from wordloom.files import existing

from .build import write_table
from .formats import Format, read_source, write_source
from .problems import Policy, Problems
from .storage import is_table
from .table import FILE, REFERENCE, Table

__all__ = ["Vectors", "open_vectors", "read_vectors", "write_vectors"]


def Vectors(
    path: str | Path | None = None, hash: str | None = None, by_reference: bool = False
) -> Table:
    """The table at ``path``, for the registry ``vectors``; see :func:`open_vectors`.

    Raises :class:`~wordloom.errors.DataError` without a path.
    """
    if path is None:
        raise DataError("a table of vectors needs a path: set [initialize] vectors")
    return open_vectors(path, hash=hash, by_reference=by_reference)


def open_vectors(path: str | Path, *, hash: str | None = None, by_reference: bool = False) -> Table:
    """The table at ``path``: a table file, a saved pipeline or vocab with one, or vectors in
    another format, which are read into memory then.

    With ``hash``, another table than that one raises
    :class:`~wordloom.errors.SerializationError`, naming both hashes. With ``by_reference``,
    pipelines saved with it refer to the file where it is.
    """
    path = existing(path, "table of vectors")
    if is_table(path):
        return Table.open(path, hash=hash, by_reference=by_reference)
    for folder in (path, path / "vocab"):
        if (folder / REFERENCE).is_file():
            return _referred(folder, hash, by_reference)
        if (folder / FILE).is_file():
            return Table.open(folder / FILE, hash=hash, by_reference=by_reference)
    table = read_vectors(path)
    if hash is not None and table.hash != hash:
        raise SerializationError(
            f"'{path}' is another table of vectors: its hash is {table.hash}, and {hash} is needed"
        )
    return table


def _referred(folder: Path, hash: str | None, by_reference: bool) -> Table:
    reference = srsly.read_json(folder / REFERENCE)
    try:
        path, wanted = reference["path"], reference["hash"]
    except (KeyError, TypeError) as error:
        raise SerializationError(
            f"'{folder / REFERENCE}' doesn't say which table: {error}"
        ) from error
    target = folder / path
    if not target.exists():
        raise MissingFileError(
            f"'{folder}' refers to a table of vectors at '{target}', which isn't there. Its hash "
            f"is {wanted}: put it there, or name another place in '{folder / REFERENCE}'"
        )
    table = Table.open(target, hash=wanted, by_reference=by_reference or Path(path).is_absolute())
    if hash is not None and table.hash != hash:
        raise SerializationError(
            f"'{target}' is another table of vectors: its hash is {table.hash}, and {hash} is "
            f"needed"
        )
    return table


def read_vectors(
    path: str | Path,
    *,
    format: str | None = None,
    policy: Policy = "skip",
    problems: Problems | None = None,
    **settings: Any,
) -> Table:
    """A table in memory of vectors in any format. ``settings`` are those of
    :func:`~wordloom_vectors.write_table`; to convert large ones, write a file instead."""
    if is_table(path):
        return Table.open(path)
    problems = problems if problems is not None else Problems(Path(path), policy)
    source = read_source(path, format=format, problems=problems)
    return Table.from_source(source, problems=problems, **settings)


def write_vectors(
    path: str | Path, table: Table, *, format: str | None = None, **settings: Any
) -> Format | None:
    """Write a table in another format, that of the file's name unless one is named. A name that
    ends in ``.wlv`` gives a table file, with ``settings`` such as ``dtype``; the result is None."""
    if format == "table" or (format is None and Path(path).suffix == ".wlv"):
        chosen = {"attrs": table.attrs, "dtype": table.dtype, "unknown": table.unknown, **settings}
        write_table(path, table.source(), name=table.name, **chosen)
        return None
    return write_source(path, table.source(), format=format)
