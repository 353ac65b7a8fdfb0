"""Tables of data by name: where they are found, and the file that they are saved in."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Self

from srsly import msgpack

from spanloom.errors import DataError, MissingFileError, PluginError, SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import write_bytes
from spanloom.vocab.strings import hash_string, hash_strings

__all__ = ["LOOKUPS_FILE", "Lookups", "Table", "load_lookups"]

LOOKUPS_FILE = "lookups.bin"
"""The file in a folder of tables. Its format is spaCy's."""

#: The entry points of distributions that have tables, by language: spacy-lookups-data's.
_GROUP = "spacy_lookups"


class Table(dict[int, Any]):
    """A table whose keys are string ids; each method takes a string as well as its id."""

    def __init__(self, data: Mapping[Any, Any] | None = None) -> None:
        items = data or {}
        words = [key for key in items if isinstance(key, str)]
        ids = dict(zip(words, hash_strings(words).tolist()))
        super().__init__((ids.get(key, key), value) for key, value in items.items())

    def __getitem__(self, key: str | int) -> Any:
        return super().__getitem__(_id(key))

    def __setitem__(self, key: str | int, value: Any) -> None:
        super().__setitem__(_id(key), value)

    def __delitem__(self, key: str | int) -> None:
        super().__delitem__(_id(key))

    def __contains__(self, key: object) -> bool:
        return super().__contains__(hash_string(key) if isinstance(key, str) else key)

    def get(self, key: str | int, default: Any = None) -> Any:
        """The value of a key, else ``default``."""
        return super().get(_id(key), default)


def _id(key: str | int) -> int:
    return hash_string(key) if isinstance(key, str) else key


class Lookups:
    """Tables by name. One that was read stays packed until it is asked for."""

    def __init__(self) -> None:
        self._tables: dict[str, Table | bytes] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __len__(self) -> int:
        return len(self._tables)

    @property
    def tables(self) -> list[str]:
        """The names of the tables."""
        return list(self._tables)

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name."""
        return name in self._tables

    def add_table(self, name: str, data: Mapping[Any, Any] | None = None) -> Table:
        """Make a table of ``data``, whose keys are strings or ids. Raises :class:`DataError` if
        there is one of that name."""
        if name in self._tables:
            raise DataError(f"there is a table '{name}' already: set_table replaces it")
        return self.set_table(name, data or {})

    def set_table(self, name: str, data: Mapping[Any, Any]) -> Table:
        """Make a table, in the place of the one of that name if there is one."""
        self._tables[name] = table = data if isinstance(data, Table) else Table(data)
        return table

    def get_table(self, name: str, default: Any = None) -> Any:
        """The table of that name, else ``default``. Raises :class:`DataError` without either, and
        :class:`SerializationError` for a damaged one."""
        if name not in self._tables and default is None:
            known = ", ".join(self._tables) or "none"
            raise DataError(f"there is no table '{name}' (tables: {known})")
        table = self._tables.get(name, default)
        if isinstance(table, bytes):
            try:
                table = self._tables[name] = Table(_msgpack.loads(table))
            except Exception as error:
                raise SerializationError(f"the table '{name}' is damaged: {error}") from error
        return table

    def remove_table(self, name: str) -> Table:
        """Take a table out. Raises :class:`DataError` if there is none of that name."""
        table: Table = self.get_table(name)
        del self._tables[name]
        return table

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """All tables as msgpack."""
        return _msgpack.dumps({name: dict(self.get_table(name)) for name in self._tables})

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Take the tables of :meth:`to_bytes`. Raises :class:`SerializationError` for other
        bytes."""
        return self._take(bytes_data, "the bytes")

    def to_disk(self, path: str | Path, filename: str = LOOKUPS_FILE) -> None:
        """Write the file of all tables into the folder ``path``; none if there are no tables."""
        if self._tables:
            Path(path).mkdir(parents=True, exist_ok=True)
            write_bytes(Path(path) / filename, self.to_bytes())

    def from_disk(self, path: str | Path, filename: str = LOOKUPS_FILE) -> Self:
        """Take the tables of the file in the folder ``path``; none if there is no file."""
        file = Path(path) / filename
        return self._take(file.read_bytes(), str(file)) if file.exists() else self

    def _take(self, data: bytes, source: str) -> Self:
        try:
            self._tables = dict(_packed_tables(data))
        except Exception as error:
            raise SerializationError(f"{source}: not tables of data ({error})") from error
        return self


def _packed_tables(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each table."""
    unpacker = msgpack.Unpacker(raw=False, max_buffer_size=len(data))
    unpacker.feed(data)
    for _ in range(unpacker.read_map_header()):
        name, start = str(unpacker.unpack()), unpacker.tell()
        unpacker.skip()
        yield name, data[start : unpacker.tell()]


def load_lookups(lang: str, tables: Sequence[str], strict: bool = True) -> Lookups:
    """Tables of a language from an installed distribution that has some (spacy-lookups-data).

    Raises :class:`DataError`, if ``strict``, for tables that aren't there, with what to install.
    """
    lookups = Lookups()
    offers = _offered(lang) if tables else {}
    missing = [name for name in tables if name not in offers]
    if missing and strict:
        raise DataError(
            f"no tables {', '.join(map(repr, missing))} of the language '{lang}' are installed "
            f"(there are: {', '.join(offers) or 'none'}): pip install spacy-lookups-data, or hand "
            f"over tables of your own, [initialize.components.NAME.lookups] in a config"
        )
    for name in tables:
        if name in offers:
            lookups.add_table(name, _read(offers[name]))
    return lookups


def _offered(lang: str) -> dict[str, Any]:
    """The tables of a language by name: data, or the path of a file of them."""
    offered: dict[str, Any] = {}
    for point in entry_points(group=_GROUP, name=lang):
        offered.update(_loaded(point))
    return offered


def _loaded(point: EntryPoint) -> Mapping[str, Any]:
    try:
        return dict(point.load())
    except Exception as error:
        dist = point.dist.name if point.dist is not None else point.value
        raise PluginError(
            f"the tables of '{point.name}' in {dist} ({point.value}) can't be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error


def _read(source: Any) -> Mapping[str, Any]:
    """A table that is handed out as it is, or as a file of JSON that may be compressed."""
    if isinstance(source, Mapping):
        return source
    path = Path(source)
    packed = path.with_name(f"{path.name}.gz")
    try:
        text = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
        data = json.loads(text)
    except FileNotFoundError as error:
        raise MissingFileError(f"no table at '{path}' or '{packed.name}' beside it") from error
    except (OSError, EOFError, ValueError) as error:
        raise SerializationError(f"'{path}' isn't a table in JSON: {error}") from error
    if not isinstance(data, dict):
        raise SerializationError(f"'{path}' isn't a table: its JSON is a {type(data).__name__}")
    return data
