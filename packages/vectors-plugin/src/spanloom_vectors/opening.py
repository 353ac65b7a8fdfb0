"""From a path to a table: our own files, saved pipelines, and all other formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from spanloom.errors import SerializationError
from spanloom.vocab.vectors import saved_vectors

from .build import write_table
from .formats import Format, read_source, write_source
from .formats.spacy import find_spacy, map_spacy
from .formats.streams import file_of
from .problems import Policy, Problems
from .storage import is_table
from .table import Table

__all__ = ["Vectors", "open_vectors", "read_vectors", "write_vectors"]


Opener = Callable[..., Table]
"""``(path, hash=None) -> table``"""


def Vectors(by_reference: bool = False) -> Opener:
    """What opens the tables that a config names, for ``[nlp.vectors]``; see :func:`open_vectors`.

    With ``by_reference``, saved pipelines refer to the file where it is, instead of holding it.
    """
    return partial(open_vectors, by_reference=by_reference)


def open_vectors(path: str | Path, *, hash: str | None = None, by_reference: bool = False) -> Table:
    """The table at ``path``: a table file, a saved pipeline or vocab with one, or vectors in
    another format, which are read into memory then.

    With ``hash``, another table than that one raises
    :class:`~spanloom.errors.SerializationError`, naming both hashes. With ``by_reference``,
    pipelines saved with it refer to the file where it is.
    """
    if file_of(path) != Path(path):
        return _checked(read_vectors(path), Path(path), hash)
    path = Path(path)
    if is_table(path):
        return Table.open(path, hash=hash, by_reference=by_reference)
    for folder in (path, path / "vocab"):
        table = saved_vectors(folder)
        if isinstance(table, Table):
            table.by_reference = by_reference or table.by_reference
            return _checked(table, folder, hash)
    mapped = MappedTable.of_spacy(path)
    if mapped is not None:
        return _checked(mapped, path, hash)
    return _checked(read_vectors(path), path, hash)


class MappedTable(Table):
    """The vectors that spaCy saved, where they lie: for looking up, nothing is read but the keys.
    For all else (words, the hash, searching, saving) they become a table in memory first."""

    __slots__ = ("folder",)
    folder: Path | None

    @classmethod
    def of_spacy(cls, path: Path) -> MappedTable | None:
        """The table of a folder; ``None`` if it holds none of spaCy's that can be mapped."""
        folder = find_spacy(path)
        sections = None if folder is None else map_spacy(folder)
        if sections is None:
            return None
        table = cls(sections)
        table.folder = folder
        return table

    def _merge(self) -> None:
        if self.folder is not None:
            folder, self.folder = self.folder, None
            self.sections = read_vectors(folder).sections
        super()._merge()

    def copy(self) -> Table:
        """See :meth:`Table.copy`."""
        self._merge()
        return super().copy()

    def __reduce__(self) -> tuple[Any, ...]:
        if self.folder is None:
            return super().__reduce__()
        return _remapped, (self.folder, list(self._changes.values()))


def _remapped(folder: Path, changes: Iterable[tuple[str, Any]]) -> Table:
    table = open_vectors(folder)
    for text, vector in changes:
        table.set_vector(text, vector)
    return table


def _checked(table: Table, path: Path, hash: str | None) -> Table:
    if hash is not None and table.hash != hash:
        raise SerializationError(
            f"'{path}' is a different table of vectors: its hash is {table.hash}, but {hash} is "
            "needed"
        )
    return table


def read_vectors(
    path: str | Path,
    *,
    format: str | None = None,
    policy: Policy = "skip",
    problems: Problems | None = None,
    encoding: str | None = None,
    **settings: Any,
) -> Table:
    """A table in memory of vectors in any format. ``settings`` are those of
    :func:`~spanloom_vectors.write_table`; to convert large ones, write a file instead. See
    :func:`~spanloom_vectors.read_source` for the rest, and for what is raised."""
    if is_table(path):
        table = Table.open(path)
        return Table.from_source(table.source(), **settings) if settings else table
    problems = problems if problems is not None else Problems(Path(path), policy)
    source = read_source(path, format=format, problems=problems, encoding=encoding)
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
