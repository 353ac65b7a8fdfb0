"""Files that may be compressed, read and written as streams of bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from spanloom.errors import DataError, FormatError
from spanloom.io.files import existing, file_written

__all__ = ["COMPRESSED", "bare_name", "mappable", "reading", "writing"]

_MAGIC = {
    b"\x1f\x8b": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
}

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
"""Endings of names of compressed files."""


def bare_name(path: str | Path) -> str:
    """The name of a file in lower case, without the ending of a compression."""
    path = Path(path)
    return (path.stem if path.suffix.lower() in COMPRESSED else path.name).lower()


@contextmanager
def reading(path: str | Path) -> Iterator[IO[bytes]]:
    """The content of a file, decompressed where its first bytes say that it is compressed."""
    path = existing(path, "file of vectors")
    with path.open("rb") as raw:
        start = raw.read(6)
        raw.seek(0)
        kind = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")
        try:
            with _decompressed(raw, kind) as stream:
                yield stream
        except (EOFError, lzma.LZMAError, gzip.BadGzipFile, OSError) as error:
            if not kind:
                raise
            raise FormatError(
                path, None, f"the {kind} data is damaged or cut short: {error}"
            ) from error


def _decompressed(raw: IO[bytes], kind: str) -> IO[bytes]:
    if kind == "gz":
        return cast(IO[bytes], gzip.open(raw))
    if kind == "bz2":
        return cast(IO[bytes], bz2.open(raw))
    if kind == "xz":
        return cast(IO[bytes], lzma.open(raw))
    if kind == "zst":
        return cast(
            IO[bytes], io.BufferedReader(_zstandard().ZstdDecompressor().stream_reader(raw))
        )
    return raw


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise DataError(
            'zst files need the package zstandard: pip install "spanloom-vectors[zst]"'
        ) from error
    return zstandard


@contextmanager
def writing(path: str | Path) -> Iterator[IO[bytes]]:
    """A stream to a file, compressed as the ending of its name says. The file takes its name when
    it is whole."""
    ending = Path(path).suffix.lower()
    with file_written(path) as raw, _compressed(raw, ending) as stream:
        yield stream


@contextmanager
def _compressed(raw: IO[bytes], ending: str) -> Iterator[IO[bytes]]:
    if ending == ".gz":
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as stream:
            yield cast(IO[bytes], stream)
    elif ending == ".bz2":
        with bz2.open(raw, "wb") as stream:
            yield cast(IO[bytes], stream)
    elif ending == ".xz":
        with lzma.open(raw, "wb") as stream:
            yield cast(IO[bytes], stream)
    elif ending == ".zst":
        with _zstandard().ZstdCompressor().stream_writer(raw, closefd=False) as stream:
            yield stream
    else:
        yield raw


@contextmanager
def mappable(path: str | Path) -> Iterator[IO[bytes]]:
    """An open file with the uncompressed content, that can be mapped into memory: the file itself,
    or a temporary one that is gone when it is closed and no longer mapped."""
    path = existing(path, "file of vectors")
    if path.suffix.lower() not in COMPRESSED:
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as target:
        with reading(path) as source:
            shutil.copyfileobj(source, target, 1 << 20)
        target.seek(0)
        yield cast(IO[bytes], target)
