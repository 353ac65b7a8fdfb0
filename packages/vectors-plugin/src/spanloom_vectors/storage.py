"""The file of a vector table: a header, and sections that are mapped into memory.

Layout, all numbers little endian::

    bytes 0-7     the magic number
    bytes 8-11    version of the format, uint32
    bytes 12-15   length of the header, uint32
    bytes 16-     header: JSON in UTF-8, within the first 4096 bytes
    then          sections, each at a multiple of 64

The header names the dtype, shape and offset of each section, the settings of the table, and a hash
of both. Opening reads the header alone, and maps the rest: pages are read when they are looked at
and shared between processes.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import SerializationError
from spanloom.io.files import existing

__all__ = ["FORMAT", "MAGIC", "SectionWriter", "Sections", "content_hash", "is_table"]

MAGIC = b"SLVECTOR"
FORMAT = 1
"""The version that is written. A reader takes this one and all before it."""

_SPACE = 4096
_ALIGN = 64
_DTYPES = {"uint8", "int8", "float16", "float32", "int32", "uint32", "int64", "uint64"}
#: What of the header the hash covers, beside the sections.
_HASHED = ("kind", "dtype", "width", "attrs", "unknown", "subwords")
#: Sections that no vector depends on.
_UNHASHED = ("counts",)


def is_table(path: str | Path) -> bool:
    """Whether ``path`` is a file that starts with the magic number."""
    path = Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def content_hash(header: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """The hash of a table: of its settings and of each section's digest. 32 hex digits."""
    settings = {key: header.get(key) for key in _HASHED}
    kept = {name: digest for name, digest in digests.items() if name not in _UNHASHED}
    text = json.dumps([settings, kept], sort_keys=True)
    return blake2b(text.encode("utf8"), digest_size=16).hexdigest()


class SectionWriter:
    """Writes sections to an open file, one after the other, and the header last.

    The file must be seekable. Sections may be written in parts, so that no array needs to be whole
    in memory.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sections: dict[str, dict[str, Any]] = {}
        self.digests: dict[str, str] = {}
        self._end = _SPACE
        file.write(b"\0" * _SPACE)

    def write(self, name: str, parts: Iterable[NDArray[Any]], dtype: str, width: int = 0) -> None:
        """Write a section: the rows of all ``parts``, each of shape ``(k, width)``, or ``(k,)``
        where ``width`` is 0."""
        offset = -(-self._end // _ALIGN) * _ALIGN
        self.file.write(b"\0" * (offset - self._end))
        digest = blake2b(digest_size=16)
        count = size = 0
        little = np.dtype(dtype).newbyteorder("<")
        for part in parts:
            data = _bytes(part, little)
            digest.update(data)
            self.file.write(data)
            size += len(data)
            count += len(part)
        self._end = offset + size
        self.digests[name] = digest.hexdigest()
        shape = [count, width] if width else [count]
        self.sections[name] = {"dtype": dtype, "shape": shape, "offset": offset}

    def finish(self, header: Mapping[str, Any]) -> dict[str, Any]:
        """Write the header. Returns it, with hash and sections."""
        whole = {
            **header,
            "hash": content_hash(header, self.digests),
            "sections": self.sections,
            "digests": self.digests,
        }
        text = json.dumps(whole, ensure_ascii=False).encode("utf8")
        if len(text) > _SPACE - 16:
            raise SerializationError(
                f"the header of a table has room for {_SPACE - 16} bytes, and this one needs "
                f"{len(text)}: shorten its name and description"
            )
        self.file.seek(0)
        self.file.write(MAGIC + struct.pack("<II", FORMAT, len(text)) + text)
        return whole


@dataclass(frozen=True)
class Sections:
    """The header and the arrays of a table. The arrays can't be written to."""

    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    source: str

    @classmethod
    def open(cls, path: str | Path) -> Sections:
        """Map a file. Raises :class:`~spanloom.errors.SerializationError` if it is no table, is cut
        short or was written by a later version."""
        path = existing(path, "vector table")
        if not is_table(path):
            raise SerializationError(
                f"'{path}' isn't a table of word vectors in Spanloom's format: 'spanloom vectors "
                "convert' makes one from other formats"
            )
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cls.of(data, str(path))

    @classmethod
    def of(cls, data: Any, source: str) -> Sections:
        """Sections in a buffer (``bytes``, ``memoryview`` or ``mmap``)."""
        header = _header(data, source)
        arrays = {}
        for name, section in header["sections"].items():
            arrays[name] = _array(data, name, section, source)
        return cls(header, arrays, source)

    def digests(self) -> dict[str, str]:
        """The digest of each section, computed from what is there now. Reads all of it."""
        return {
            name: blake2b(_bytes(array, array.dtype), digest_size=16).hexdigest()
            for name, array in self.arrays.items()
        }


def _header(data: Any, source: str) -> dict[str, Any]:
    if len(data) < _SPACE or bytes(data[: len(MAGIC)]) != MAGIC:
        raise SerializationError(f"{source}: this isn't a table of word vectors")
    version, size = struct.unpack("<II", bytes(data[8:16]))
    if version > FORMAT:
        raise SerializationError(
            f"{source}: format {version} can't be read by this version of spanloom-vectors, which "
            f"reads up to {FORMAT}: upgrade it"
        )
    try:
        header = json.loads(bytes(data[16 : 16 + size]).decode("utf8"))
        header["sections"], header["hash"]
    except (ValueError, KeyError, TypeError) as error:
        raise SerializationError(f"{source}: the header is damaged ({error!r})") from error
    return dict(header)


def _array(data: Any, name: str, section: Mapping[str, Any], source: str) -> NDArray[Any]:
    if section["dtype"] not in _DTYPES:
        raise SerializationError(f"{source}: section '{name}' has the dtype {section['dtype']!r}")
    dtype = np.dtype(section["dtype"]).newbyteorder("<")
    count = int(np.prod(section["shape"], dtype=np.int64))
    end = section["offset"] + count * dtype.itemsize
    if min(section["shape"]) < 0 or end > len(data):
        raise SerializationError(
            f"{source}: section '{name}' ends at byte {end}, and the file has {len(data)}: it is "
            f"cut short, copy or convert it again"
        )
    array = np.frombuffer(data, dtype=dtype, count=count, offset=section["offset"])
    array = array.reshape(section["shape"])
    array.flags.writeable = False
    return array


def _bytes(array: NDArray[Any], dtype: np.dtype[Any]) -> memoryview:
    flat: Any = np.ascontiguousarray(array, dtype=dtype)
    return memoryview(flat).cast("B") if flat.size else memoryview(b"")
