"""Making a wheel of a saved pipeline, and a source distribution from which the same wheel is built.

Files are written in order, with fixed times: the same pipeline gives the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tarfile
import time
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from spanloom.errors import MissingFileError, PackageError, SerializationError
from spanloom.io.files import existing, file_written
from spanloom.io.manifest import sha256_of
from spanloom.plugins.factory import names_of
from spanloom.plugins.installed import GROUP

from .contents import code_within, is_data
from .metadata import metadata_text, project_text
from .names import package_name, package_version, requirements

__all__ = ["Made", "package"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Made:
    """A distribution of a pipeline: its name and version, what it requires, and its files with the
    SHA-256 of each."""

    name: str
    version: str
    requires: tuple[str, ...]
    files: Mapping[Path, str]


def package(
    pipeline: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    version: str | None = None,
    requires: Iterable[str] = (),
    sdist: bool = False,
    force: bool = False,
) -> Made:
    """Write a wheel of the saved pipeline in the folder ``pipeline`` into the folder ``out``.

    ``name`` and ``version`` replace those in its ``meta.json``; ``requires`` adds requirements to
    those of the names in its config; ``sdist`` writes a source distribution as well. Raises
    `MissingFileError` if there is no saved pipeline, and `PackageError` if it can't be packaged or
    if a file is there already and ``force`` isn't set.
    """
    folder = existing(pipeline, "saved pipeline")
    meta = _read_meta(folder)
    if Path(out).resolve().is_relative_to(folder.resolve()):
        raise PackageError(f"'{out}' lies inside the pipeline: write its wheel to another folder")
    config = _read_config(folder)
    meta["name"] = package_name(meta, name)
    meta["version"] = package_version(meta, version)
    needed = tuple(requirements(config, meta, names_of(requires), vectors=_vectors(folder)))
    contents = _contents(folder, meta)
    stem = f"{meta['name']}-{meta['version']}"
    targets = [Path(out) / f"{stem}-py3-none-any.whl"]
    targets += [Path(out) / f"{stem}.tar.gz"] if sdist else []
    for path in targets:
        if path.exists() and not force:
            raise PackageError(f"'{path}' already exists: use --force, or another --version")
    described = metadata_text(meta, needed, _readme(folder))
    _write_wheel(targets[0], meta, described, contents)
    if sdist:
        _write_sdist(targets[1], meta, needed, described, contents)
    files = {path: sha256_of(path) for path in targets}
    return Made(meta["name"], meta["version"], needed, files)


# -- what goes in


def _read_meta(folder: Path) -> dict[str, Any]:
    path = folder / "meta.json"
    if not path.is_file():
        raise MissingFileError(f"There is no saved pipeline at '{folder}': '{path}' doesn't exist")
    try:
        meta = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise SerializationError(f"'{path}' isn't JSON: {error}") from None
    return dict(meta)


def _read_config(folder: Path) -> Mapping[str, Any]:
    from spanloom.config import load_config

    return load_config(existing(folder / "config.cfg", "config of a saved pipeline"))


def _vectors(folder: Path) -> Mapping[str, Any]:
    """The reference to a table of vectors that the vocab keeps, with the name of what opens it."""
    path = folder / "vocab" / "vectors.json"
    try:
        return dict(json.loads(path.read_text("utf8"))) if path.is_file() else {}
    except ValueError as error:
        raise SerializationError(f"'{path}' isn't JSON: {error}") from None


def _readme(folder: Path) -> str | None:
    path = folder / "README.md"
    return path.read_text("utf8") if path.is_file() else None


_Content = bytes | Path


def _contents(folder: Path, meta: Mapping[str, Any]) -> dict[str, _Content]:
    """Path in the package -> a file, or its bytes; sorted."""
    top = str(meta["name"])
    found: dict[str, _Content] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        inside = path.relative_to(folder).as_posix()
        code = "" if is_data(inside) else "its name is of no kind of data"
        code = code or code_within(inside, path.read_bytes()) or ""
        if code:
            raise PackageError(
                f"'{path}' is code, and a packaged pipeline holds data only ({code}): take it out "
                "of the folder; what it registers belongs in a plugin (spanloom plugins new)"
            )
        found[f"{top}/{inside}"] = path
    found[f"{top}/meta.json"] = (json.dumps(meta, indent=2, ensure_ascii=False) + "\n").encode()
    return dict(sorted(found.items()))


def _opened(content: _Content) -> IO[bytes]:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _size(content: _Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _written_at() -> int:
    """Seconds since 1970: ``SOURCE_DATE_EPOCH``, or the first moment that a zip can hold."""
    return max(int(os.environ.get("SOURCE_DATE_EPOCH", "0") or 0), 315_532_800)


# -- wheel


def _write_wheel(
    path: Path, meta: Mapping[str, Any], described: str, contents: Mapping[str, _Content]
) -> None:
    info = f"{meta['name']}-{meta['version']}.dist-info"
    wheel = "Wheel-Version: 1.0\nGenerator: spanloom\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    points = f"[{GROUP}]\n{meta['name']} = {meta['name']}\n"
    added: dict[str, _Content] = {
        f"{info}/METADATA": described.encode(),
        f"{info}/WHEEL": wheel.encode(),
        f"{info}/entry_points.txt": points.encode(),
    }
    record = io.StringIO(newline="")
    rows = csv.writer(record, lineterminator="\n")
    with file_written(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**contents, **added}.items():
            rows.writerow(_add(archive, name, content))
        rows.writerow((f"{info}/RECORD", "", ""))
        _add(archive, f"{info}/RECORD", record.getvalue().encode())


def _add(archive: zipfile.ZipFile, name: str, content: _Content) -> tuple[str, str, int]:
    """Write one file; its row for RECORD."""
    member = zipfile.ZipInfo(name, time.gmtime(_written_at())[:6])
    member.external_attr = 0o100644 << 16
    member.compress_type = zipfile.ZIP_DEFLATED
    digest, size = hashlib.sha256(), _size(content)
    large = size > zipfile.ZIP64_LIMIT // 2
    with _opened(content) as source, archive.open(member, "w", force_zip64=large) as target:
        for chunk in _chunks(source):
            digest.update(chunk)
            target.write(chunk)
    code = urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return name, f"sha256={code}", size


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


# -- source distribution


def _write_sdist(
    path: Path,
    meta: Mapping[str, Any],
    requires: Iterable[str],
    described: str,
    contents: Mapping[str, _Content],
) -> None:
    import gzip

    top = f"{meta['name']}-{meta['version']}"
    readme = described.partition("\n\n")[2]
    whole: dict[str, _Content] = {
        "PKG-INFO": described.encode(),
        "README.md": readme.encode(),
        "pyproject.toml": project_text(meta, requires).encode(),
        **contents,
    }
    with (
        file_written(path) as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=_written_at()) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, content in whole.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mtime, member.mode = _size(content), _written_at(), 0o644
            with _opened(content) as source:
                archive.addfile(member, source)
