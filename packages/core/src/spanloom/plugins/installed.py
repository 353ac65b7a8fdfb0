"""Finding packaged pipelines that are installed. Reads metadata, imports nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from .index import Owner, current, normalize

__all__ = ["GROUP", "Installed", "find", "find_all", "user_folder"]

GROUP = "spanloom_models"
"""The entry-point group in which packaged pipelines are found."""


@dataclass(frozen=True)
class Installed:
    """A packaged pipeline: its folder, and the version and requirements of its distribution."""

    name: str
    version: str
    folder: Path
    requires: tuple[str, ...]


def user_folder() -> Path:
    """The folder of this user's pipelines, which `spanloom.load` looks into.

    ``SPANLOOM_MODELS`` names another; otherwise it is in the platform's place for data of programs.
    """
    chosen = os.environ.get("SPANLOOM_MODELS", "")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "spanloom" / "models"


def find_all() -> list[Installed]:
    """All packaged pipelines: those of the environment, then those of the user's folder."""
    return [*_of_environment(), *_of_user()]


def find(name: str) -> Installed | None:
    """The packaged pipeline of that name, or None. ``-`` and ``_`` are the same in names."""
    wanted = normalize(name)
    return next((each for each in find_all() if normalize(each.name) == wanted), None)


def _of_environment() -> Iterator[Installed]:
    for entry in current().all_entries():
        # An entry with an attribute is a loader that somebody wrote: the registry has it.
        if entry.group == GROUP and not entry.attribute and entry.owner.distribution is not None:
            yield from _described(entry.name, entry.module, entry.owner.distribution)


def _of_user() -> Iterator[Installed]:
    folder = user_folder()
    if not folder.is_dir():
        return
    for distribution in distributions(path=[str(folder)]):
        for point in distribution.entry_points.select(group=GROUP):
            if not point.attr:
                yield from _described(point.name, point.module, distribution)


def _described(name: str, module: str, distribution: Distribution) -> Iterator[Installed]:
    folder = Path(str(distribution.locate_file(module)))
    if folder.is_dir():
        owner = Owner(distribution)
        yield Installed(name, owner.version, folder, tuple(owner.requires))
