"""Files that may be compressed, read and written as streams of bytes.

A zip archive stands for the one file in it; where it holds several, ``archive.zip/name`` is one.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from spanloom.errors import DataError, FormatError
from spanloom.io.files import existing, file_written
from spanloom.io.zips import DAMAGE

__all__ = [
    "COMPRESSED",
    "bare_name",
    "check_size",
    "file_of",
    "is_archive",
    "mappable",
    "reading",
    "recoded",
    "writing",
]

_MAGIC = {
    b"\x1f\x8b": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
    b"PK\x03\x04": "zip",
}
#: No compression gives more than that many bytes for one.
_RATIO = {"": 1, "gz": 1100, "zip": 1100, "bz2": 50_000, "xz": 50_000, "zst": 50_000}
_READ = 1 << 16

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
"""Endings of names of compressed files."""


def bare_name(path: str | Path) -> str:
    """The name of a file in lower case, without the ending of a compression."""
    path = Path(path)
    return (path.stem if path.suffix.lower() in COMPRESSED else path.name).lower()


def file_of(path: str | Path) -> Path:
    """The file that is opened for ``path``: itself, or the archive that it names a part of. Raises
    :class:`~spanloom.errors.MissingFileError`."""
    for parent in Path(path).parents:
        if parent.is_file() and zipfile.is_zipfile(parent):
            return parent
    return existing(path, "file of vectors")


def _kind(file: Path) -> str:
    with file.open("rb") as raw:
        start = raw.read(6)
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")


def is_archive(path: str | Path) -> bool:
    """Whether ``path`` is a zip archive of other files than NumPy's arrays, or a part of one."""
    file = file_of(path)
    if _kind(file) != "zip":
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            return not all(name.endswith(".npy") for name in archive.namelist())
    except DAMAGE:
        return False


def check_size(path: str | Path, size: int, what: str) -> None:
    """Raise :class:`~spanloom.errors.FormatError` if the file can't hold that many bytes."""
    file = file_of(path)
    if file.stat().st_size * _RATIO[_kind(file)] < size:
        raise FormatError(path, 1, f"{what} are promised, and the file is too small: cut short")


@contextmanager
def reading(path: str | Path) -> Iterator[IO[bytes]]:
    """The content of a file, decompressed where its first bytes say that it is compressed.

    Raises :class:`~spanloom.errors.FormatError` for damaged data, and for an archive of several
    files of which ``path`` names none.
    """
    file = file_of(path)
    kind = _kind(file)
    with file.open("rb") as raw:
        try:
            if kind == "zip" and is_archive(path):
                with zipfile.ZipFile(raw) as archive, _member(archive, file, path) as stream:
                    yield stream
                return
            with _decompressed(raw, kind) as stream:
                yield stream
        except _DAMAGE as error:
            if not kind:
                raise
            raise FormatError(
                path, None, f"the {kind} data is damaged or cut short: {error}"
            ) from error


_DAMAGE = (
    EOFError,
    OSError,
    lzma.LZMAError,
    NotImplementedError,  # a method of compression that zipfile doesn't know
    zipfile.BadZipFile,
    zlib.error,
)


def _member(archive: zipfile.ZipFile, file: Path, path: str | Path) -> IO[bytes]:
    """The one file in an archive, or the one that ``path`` names."""
    infos = [
        info
        for info in archive.infolist()
        if not info.is_dir()
        and not any(part.startswith((".", "__MACOSX")) for part in info.filename.split("/"))
    ]
    names = [info.filename for info in infos]
    asked = Path(path).relative_to(file).as_posix() if Path(path) != file else ""
    if asked in names:
        infos = [infos[names.index(asked)]]
    elif asked or len(infos) != 1:
        what = f"holds {', '.join(names[:20]) or 'no files'}"
        choose = f": name the one to read, as '{file}/{names[0]}'" if names else ""
        raise FormatError(path, None, f"the archive {what}{choose}")
    if infos[0].flag_bits & 1:
        raise FormatError(path, None, "the archive is encrypted: unpack it first")
    try:
        return archive.open(infos[0])
    except DAMAGE as error:
        raise FormatError(path, None, f"the zip data is damaged: {error}") from error


@contextmanager
def recoded(path: str | Path, encoding: str) -> Iterator[IO[bytes]]:
    """The content of a file of text, as UTF-8; bytes that can't be decoded stay what they are.
    Raises :class:`~spanloom.errors.DataError` for an encoding that isn't known."""
    try:
        name = codecs.lookup(encoding).name
        "".encode(encoding)
    except LookupError:
        raise DataError(f"there is no encoding of text called '{encoding}'") from None
    with reading(path) as file:
        if name in ("utf-8", "utf-8-sig"):
            yield file
            return
        try:
            yield io.BufferedReader(_Recoded(file, encoding))
        except UnicodeDecodeError as error:
            raise FormatError(path, None, f"this isn't {encoding}: {error}") from error


class _Recoded(io.RawIOBase):
    """A stream of text in another encoding, as UTF-8."""

    def __init__(self, raw: IO[bytes], encoding: str) -> None:
        self.raw = raw
        self.decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.rest:
            data = self.raw.read(_READ)
            text = self.decoder.decode(data, not data)
            self.rest = text.encode("utf8", "surrogateescape")
            if not data:
                break
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


class _Zstd(io.RawIOBase):
    """All frames of a zst file. Its end within a frame is an error, as for other compressions."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        self.frame: Any = None
        self.fed = self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        zstandard = _zstandard()
        while not self.rest:
            data = self.fed or self.raw.read(_READ)
            self.fed = b""
            if not data:
                if self.frame is not None:
                    raise EOFError("the last frame isn't whole")
                break
            if self.frame is None:
                self.frame = zstandard.ZstdDecompressor().decompressobj()
            try:
                self.rest = self.frame.decompress(data)
            except zstandard.ZstdError as error:
                raise OSError(str(error)) from error
            if self.frame.eof:
                self.fed, self.frame = self.frame.unused_data, None
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def _decompressed(raw: IO[bytes], kind: str) -> IO[bytes]:
    if kind == "gz":
        return cast(IO[bytes], gzip.open(raw))
    if kind == "bz2":
        return cast(IO[bytes], bz2.open(raw))
    if kind == "xz":
        return cast(IO[bytes], lzma.open(raw))
    if kind == "zst":
        _zstandard()
        return cast(IO[bytes], io.BufferedReader(_Zstd(raw)))
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
    if not _kind(file_of(path)):
        with Path(path).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as target:
        with reading(path) as source:
            shutil.copyfileobj(source, target, 1 << 20)
        target.seek(0)
        yield cast(IO[bytes], target)
