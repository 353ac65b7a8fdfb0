"""Where the files of a pipeline that spaCy saved come from: a folder, a wheel, or bytes.

Each gives the bytes of a part by its path, such as ``("ner", "model")``. Nothing is imported and
nothing is unpickled; paths can't leave the folder, and a wheel that is larger unpacked than its
size lets expect is refused.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from spanloom.errors import SerializationError
from spanloom.io import msgpack
from spanloom.io.zips import DAMAGE

__all__ = ["BytesParts", "FolderParts", "Parts", "WheelParts", "find_parts", "json_of"]

#: The files that every pipeline of spaCy's has.
_MARKS = ("config.cfg", "meta.json")
#: How many times its packed size a wheel may take unpacked, beyond the first MB.
_RATIO = 100
_GROUP = "spacy_models"


class Parts(Protocol):
    """The parts of one saved pipeline."""

    source: str
    #: The folder that holds the parts as files, if they are in one.
    folder: Path | None
    #: Whether the parts are files, packed or not.
    in_files: bool

    def get(self, *path: str) -> bytes | None:
        """The bytes of a part; ``None`` if there is none."""


def json_of(parts: Parts, *path: str) -> Any:
    """The value of a part that is JSON; ``None`` if there is none. Raises
    :class:`SerializationError` where it isn't JSON."""
    data = parts.get(*path)
    if data is None:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SerializationError(
            f"{parts.source}: '{'/'.join(path)}' isn't JSON: {error}"
        ) from error


class FolderParts:
    """The files of a folder."""

    in_files = True

    def __init__(self, folder: Path) -> None:
        self.folder: Path | None = folder
        self.source = str(folder)
        self._root = folder.resolve()

    def get(self, *path: str) -> bytes | None:
        """See :class:`Parts`. Raises :class:`SerializationError` for a path out of the folder."""
        file = self._root.joinpath(*path).resolve()
        if not file.is_relative_to(self._root):
            raise SerializationError(f"{self.source}: '{'/'.join(path)}' leads out of the folder")
        return file.read_bytes() if file.is_file() else None


class WheelParts:
    """The files of a folder within a wheel, which stays packed."""

    in_files = True
    folder: Path | None = None

    def __init__(self, wheel: Path, prefix: str) -> None:
        self.source = f"{wheel}"
        self._wheel, self._prefix = wheel, prefix

    @classmethod
    def find(cls, wheel: Path) -> WheelParts | None:
        """The pipeline in a wheel; ``None`` where it brings none of spaCy's. Raises
        :class:`SerializationError` for a file that isn't a wheel or unpacks to far more."""
        try:
            with zipfile.ZipFile(wheel) as archive:
                infos = archive.infolist()
        except DAMAGE as error:
            raise SerializationError(f"'{wheel}' isn't a wheel: {error}") from error
        room = (1 << 20) + _RATIO * wheel.stat().st_size
        if sum(info.file_size for info in infos) > room:
            raise SerializationError(f"'{wheel}' is far larger unpacked than its size lets expect")
        names = {info.filename for info in infos}
        folders = sorted(
            {name.rpartition("/")[0] for name in names if name.endswith("/config.cfg")}, key=len
        )
        for folder in folders:
            parts = cls(wheel, f"{folder}/")
            if f"{folder}/meta.json" in names and _is_spacy(parts):
                return parts
        return None

    def get(self, *path: str) -> bytes | None:
        """See :class:`Parts`."""
        try:
            with zipfile.ZipFile(self._wheel) as archive:
                return archive.read(self._prefix + "/".join(path))
        except KeyError:
            return None
        except DAMAGE as error:
            raise SerializationError(f"{self.source} is damaged: {error}") from error


class BytesParts:
    """What ``nlp.to_bytes`` of spaCy gave: msgpack within msgpack."""

    in_files = False
    folder: Path | None = None
    source = "bytes"

    def __init__(self, message: Mapping[str, Any]) -> None:
        self._message = message

    @classmethod
    def find(cls, data: bytes) -> BytesParts | None:
        """The parts in bytes; ``None`` where they are something else."""
        try:
            message = msgpack.loads(data)
        except Exception:
            return None
        if not isinstance(message, dict) or not {*_MARKS} <= message.keys():
            return None
        return cls(message)

    def get(self, *path: str) -> bytes | None:
        """See :class:`Parts`."""
        value: Any = self._message
        for i, key in enumerate(path):
            if i:
                try:
                    value = msgpack.loads(value)
                except Exception as error:
                    raise SerializationError(f"the bytes of '{path[0]}' are damaged") from error
            if not isinstance(value, dict) or value.get(key) is None:
                return None
            value = value[key]
        if isinstance(value, str):
            return value.encode("utf8", "surrogatepass")
        return value if isinstance(value, bytes) else msgpack.dumps(value)


def find_parts(source: str | Path | bytes) -> Parts | None:
    """The parts of the pipeline of spaCy's that ``source`` names: a folder, a wheel, bytes, or an
    installed package. ``None`` where there is none."""
    if isinstance(source, bytes):
        return BytesParts.find(source)
    path = Path(source)
    if path.suffix == ".whl" and path.is_file():
        return WheelParts.find(path)
    if path.is_dir():
        return _in_folder(path)
    return _installed(source) if isinstance(source, str) else None


def _in_folder(path: Path) -> FolderParts | None:
    if all((path / name).is_file() for name in _MARKS):
        parts = FolderParts(path)
        return parts if _is_spacy(parts) else None
    return None


def _is_spacy(parts: Parts) -> bool:
    """Whether meta data are those of a pipeline that spaCy saved, and not of one of ours."""
    try:
        meta = json_of(parts, "meta.json")
    except SerializationError:
        return False
    return isinstance(meta, dict) and "spacy_version" in meta and "format" not in meta


def _installed(name: str) -> FolderParts | None:
    """The pipeline of an installed package: the module that is called so, or the package that says
    so by its entry point or is called so."""
    wanted = _normal(name)
    module = wanted.replace("-", "_")
    # Finding a module that isn't within another imports nothing.
    spec = find_spec(module) if module.isidentifier() else None
    folders = (spec and spec.submodule_search_locations) or ()
    return _first(Path(folder) for folder in folders) or _first(
        Path(str(distribution.locate_file(module)))
        for distribution in distributions()
        for module in _modules(distribution, wanted)
    )


def _first(packages: Iterable[Path]) -> FolderParts | None:
    """The first pipeline of spaCy's in the folders of packages."""
    folders = (each for package in packages for each in (package, *sorted(package.glob("*/"))))
    return next(filter(None, map(_in_folder, folders)), None)


def _modules(distribution: Distribution, wanted: str) -> Iterator[str]:
    """The folders in which a distribution may have the pipeline of a name."""
    # Metadata may be damaged, or belong to something that was half removed.
    name = distribution.metadata["Name"] if distribution.metadata else None
    if name is None:
        return
    for point in distribution.entry_points.select(group=_GROUP):
        if _normal(point.name) == wanted and re.fullmatch(r"\w+", point.value):
            yield point.value
    if _normal(name) == wanted:
        yield wanted.replace("-", "_")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
