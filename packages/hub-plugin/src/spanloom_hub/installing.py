"""Installing a packaged pipeline without pip, in a way that pip can list and uninstall it."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path

from spanloom.errors import PackageError
from spanloom.plugins.index import normalize, refresh
from spanloom.plugins.installed import Installed, find
from spanloom.plugins.known import distributions as distributions_known

from .archive import Archive
from .fetching import Source, remove_old
from .places import chosen_folder

__all__ = ["install", "is_ours", "unmet"]


def install(
    wheel: Path,
    source: Source | None = None,
    *,
    to: str = "auto",
    force: bool = False,
    max_size: int | None = None,
) -> Installed:
    """Install a wheel that holds a packaged pipeline, and nothing else.

    ``to`` is ``site`` (this environment's site-packages), ``user`` (the user's own folder) or
    ``auto``: the environment if it may be written to. What it requires isn't installed; see
    `unmet`. ``source`` says where it came from, and is kept in ``direct_url.json``. Another version
    that is there is replaced; the same one only if ``force`` is set. One that takes far more
    room than its file is refused, unless ``max_size`` allows so many bytes. Files are put in place
    when all of them have been checked. Raises `PackageError` if the wheel isn't sound.
    """
    archive = Archive.read(wheel, max_size)
    folder = chosen_folder(to)
    folder.mkdir(parents=True, exist_ok=True)
    before = _there(folder, archive.name)
    if any(each.version == archive.version for each in before) and not force:
        raise PackageError(
            f"{archive.name} {archive.version} is already installed in '{folder}': use --force to "
            "install it again"
        )
    _check_room(folder, archive)
    old = _removable(folder, archive, before)
    with _workspace(folder) as space:
        fresh = space / "new"
        archive.unpack(fresh)
        _note(fresh / archive.info, archive, source)
        _swap(folder, fresh, space / "old", [archive.name, archive.info], old)
    refresh()
    found = find(archive.name)
    if found is None:
        raise PackageError(
            f"{archive.name} was written to '{folder}', but this Python doesn't look there"
        )
    return found


def unmet(requires: Sequence[str]) -> list[str]:
    """Those requirements that this environment doesn't meet. Whoever made the wheel wrote them: see
    :func:`is_ours` before they are recommended."""
    from packaging.requirements import Requirement

    missing = []
    for line in requires:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            met = wanted.specifier.contains(version(wanted.name), prereleases=True)
        except PackageNotFoundError:
            met = False
        if not met:
            missing.append(line)
    return missing


def is_ours(requirement: str) -> bool:
    """Whether a requirement is one of Spanloom's own distributions, from wherever pip gets its own:
    advice to install another name would be the advice of a stranger's file."""
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    return wanted.url is None and normalize(wanted.name) in {"spanloom", *distributions_known()}


def _there(folder: Path, name: str) -> list[Distribution]:
    wanted = normalize(name)
    found = distributions(path=[str(folder)])
    return [each for each in found if normalize(each.metadata["Name"] or "") == wanted]


def _removable(folder: Path, archive: Archive, before: Sequence[Distribution]) -> list[str]:
    """Names in ``folder`` of the versions that were there. Raises `PackageError` where something
    else is in the way."""
    infos = []
    for distribution in before:
        tops = {Path(str(file)).parts[0] for file in distribution.files or ()}
        infos += [top for top in tops if top.endswith(".dist-info")]
        if others := tops - {archive.name, *infos}:
            raise PackageError(
                f"{archive.name} {distribution.version} is installed in '{folder}' with files in "
                f"{', '.join(sorted(others))}: uninstall it first"
            )
    if not before and (folder / archive.name).exists():
        raise PackageError(
            f"'{folder / archive.name}' is there and belongs to no distribution of that name: "
            "move it away"
        )
    return infos


def _check_room(folder: Path, archive: Archive) -> None:
    free = shutil.disk_usage(folder).free
    if archive.size > free:
        raise PackageError(
            f"'{archive.path}' takes {archive.size:,} bytes unpacked, and '{folder}' has room for "
            f"{free:,}"
        )


_WORKSPACE = ".spanloom-"


@contextmanager
def _workspace(folder: Path) -> Iterator[Path]:
    remove_old(folder, _WORKSPACE)
    # In the same folder, so that putting files in place is a rename.
    path = Path(tempfile.mkdtemp(prefix=_WORKSPACE, dir=folder))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _note(info: Path, archive: Archive, source: Source | None) -> None:
    """Write who installed it, that the user asked for it and where it came from (PEP 610)."""
    notes = {"INSTALLER": "spanloom\n", "REQUESTED": ""}
    if source is not None:
        hashes = {"sha256": source.sha256}
        whole = {"url": source.url, "archive_info": {"hashes": hashes}}
        notes["direct_url.json"] = json.dumps(whole)
    record = info / "RECORD"
    rows = io.StringIO(newline="")
    writer = csv.writer(rows, lineterminator="\n")
    for name, text in notes.items():
        (info / name).write_text(text, "utf8", newline="")
        writer.writerow((f"{archive.info}/{name}", "", ""))
    record.write_text(record.read_text("utf8") + rows.getvalue(), "utf8", newline="")


def _swap(folder: Path, fresh: Path, away: Path, new: Sequence[str], old: Sequence[str]) -> None:
    """Put the folders ``new`` in place; what was there comes back if that fails."""
    away.mkdir()
    moved: list[str] = []
    placed: list[str] = []
    try:
        for name in dict.fromkeys([*new, *old]):
            if (folder / name).exists():
                os.replace(folder / name, away / name)
                moved.append(name)
        for name in new:
            os.replace(fresh / name, folder / name)
            placed.append(name)
    except BaseException:
        for name in placed:
            shutil.rmtree(folder / name, ignore_errors=True)
        for name in moved:
            os.replace(away / name, folder / name)
        raise
