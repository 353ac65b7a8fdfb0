"""Reading a wheel that came from elsewhere: everything is checked before anything is written."""

from __future__ import annotations

import configparser
import csv
import hashlib
import io
import re
import stat
import zipfile
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from spanloom.errors import PackageError
from spanloom.io.zips import DAMAGE
from spanloom.plugins.installed import GROUP

from .contents import code_within, is_data

__all__ = ["Archive"]

_INFO = re.compile(r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[A-Za-z0-9_.!+]+)\.dist-info")
#: What a wheel may take unpacked unless the caller says otherwise: bytes, and times its size.
_ROOM = 1 << 28
_RATIO = 10
#: What reading a damaged wheel raises; the last two of members that lack or are no table.
_DAMAGE: tuple[type[Exception], ...] = (*DAMAGE, KeyError, csv.Error)
_FOLDER = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Archive:
    """A packaged pipeline in a wheel that was found to be sound.

    ``members`` are its files, of which each is either in the folder ``name`` or in ``info``, the
    folder of its metadata. ``size`` is what they take unpacked, in bytes.
    """

    path: Path
    name: str
    version: str
    requires: tuple[str, ...]
    info: str
    members: tuple[str, ...]
    size: int

    @classmethod
    def read(cls, path: Path, max_size: int | None = None) -> Archive:
        """Look through a wheel. Raises `PackageError`, saying what is wrong, if it isn't sound:
        not a wheel, not a pipeline, holding code, with paths that lead out of its folders, or
        larger unpacked than ``max_size`` bytes (a quarter of a GB, or ten times the wheel)."""
        try:
            with zipfile.ZipFile(path) as archive:
                return _read(path, archive, max_size)
        except PackageError:
            raise
        except _DAMAGE as error:
            raise PackageError(f"'{path}' isn't a wheel, or is damaged: {error}") from None

    def unpack(self, target: Path) -> None:
        """Write all files under the empty folder ``target``, each checked against its hash in
        RECORD. Raises `PackageError` where one differs."""
        with zipfile.ZipFile(self.path) as archive:
            hashes = _record(archive, f"{self.info}/RECORD")
            for name in self.members:
                to = target.joinpath(*PurePosixPath(name).parts)
                to.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with archive.open(name) as source, to.open("xb") as file:
                    while chunk := source.read(1 << 20):
                        digest.update(chunk)
                        file.write(chunk)
                code = urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
                if name != f"{self.info}/RECORD" and hashes.get(name) != f"sha256={code}":
                    raise PackageError(
                        f"'{self.path}': the content of '{name}' doesn't match its RECORD: the "
                        "file is damaged or was changed. Get it again."
                    )


def _read(path: Path, archive: zipfile.ZipFile, max_size: int | None) -> Archive:
    from packaging.requirements import Requirement

    files = [member for member in archive.infolist() if not member.is_dir()]
    names = [member.filename for member in files]
    size = sum(member.file_size for member in files)
    packed = path.stat().st_size
    most = max(_ROOM, _RATIO * packed) if max_size is None else max_size
    if size > most:
        raise PackageError(
            f"'{path}' has {packed:,} bytes and takes {size:,} unpacked, more than {most:,}: if "
            f"you expect that, allow it with --max-size {size}"
        )
    for member in archive.infolist():
        _check_path(path, member)
    if len({name.casefold() for name in names}) != len(names):
        raise PackageError(f"'{path}' holds one name twice: it isn't a sound wheel")
    info = _info_folder(path, names)
    metadata = HeaderParser().parsestr(archive.read(f"{info}/METADATA").decode())
    found = _entry_points(archive.read(f"{info}/entry_points.txt").decode())
    name = found[0][2] if found else ""
    if not _FOLDER.fullmatch(name) or found != [(GROUP, name, name)]:
        raise PackageError(
            f"'{path}' isn't a packaged pipeline: its one entry point would be a name in "
            f"[{GROUP}], and it has {found or 'none'}. If it is a plugin, install it with pip"
        )
    _check_contents(path, archive, names, (name, info))
    if f"{name}/meta.json" not in names or f"{name}/config.cfg" not in names:
        raise PackageError(f"'{path}': its folder '{name}' isn't a saved pipeline")
    _check_identity(path, info, name, metadata["Name"], metadata["Version"])
    requires = tuple(str(Requirement(line)) for line in metadata.get_all("Requires-Dist", []))
    _record(archive, f"{info}/RECORD")
    return Archive(path, name, metadata["Version"], requires, info, tuple(names), size)


def _entry_points(text: str) -> list[tuple[str, str, str]]:
    """Group, name and target of each."""
    parser = configparser.RawConfigParser(delimiters="=", interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise PackageError(f"entry_points.txt can't be read: {error}") from None
    return [(group, *item) for group in parser.sections() for item in parser.items(group)]


def _check_path(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename
    parts = name.rstrip("/").split("/")
    unsafe = (
        "\\" in name
        or ":" in name
        or "\0" in name
        or name.startswith("/")
        or any(part in {"", ".", ".."} for part in parts)
    )
    kind = stat.S_IFMT(member.external_attr >> 16)
    if unsafe or kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise PackageError(
            f"'{path}' holds '{name}', which could be written outside of its folder: it is refused"
        )


def _info_folder(path: Path, names: list[str]) -> str:
    tops = {name.partition("/")[0] for name in names if "/" in name}
    infos = [top for top in tops if top.endswith(".dist-info")]
    if len(infos) != 1:
        raise PackageError(
            f"'{path}' isn't a wheel: it has {len(infos)} metadata folders instead of 1"
        )
    return infos[0]


def _check_contents(
    path: Path, archive: zipfile.ZipFile, names: list[str], tops: tuple[str, str]
) -> None:
    for name in names:
        if name.partition("/")[0] not in tops or "/" not in name:
            raise PackageError(
                f"'{path}' holds '{name}', which is outside of the pipeline's own folders: it is "
                "refused"
            )
        inside = None if is_data(name) else "by its name, which is of no kind of data"
        inside = inside or code_within(name, archive.read(name))
        if inside is not None:
            raise PackageError(
                f"'{path}' holds code ({name!a}: {inside}), and a packaged pipeline is data only. "
                "If you trust it, install it with pip"
            )


def _check_identity(path: Path, info: str, name: str, dist: str, version: str) -> None:
    from packaging.utils import canonicalize_name

    match = _INFO.fullmatch(info)
    fits = (
        match is not None
        and match["version"] == version
        and dist
        and canonicalize_name(match["name"]) == canonicalize_name(dist) == canonicalize_name(name)
    )
    if not fits:
        raise PackageError(
            f"'{path}' disagrees with itself: folder '{name}', metadata of {dist} {version} in "
            f"'{info}'"
        )


def _record(archive: zipfile.ZipFile, name: str) -> dict[str, str]:
    rows = csv.reader(io.StringIO(archive.read(name).decode()))
    return {row[0]: row[1] for row in rows if len(row) == 3}
