"""Where packaged pipelines are put."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from spanloom.errors import PackageError
from spanloom.plugins.installed import user_folder

__all__ = ["chosen_folder", "site_folder"]


def site_folder() -> Path | None:
    """This environment's ``site-packages`` if it is ours to write to, else None.

    A Python that a system's package manager owns says so (PEP 668), and isn't ours.
    """
    managed = Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED"
    folder = Path(sysconfig.get_path("purelib"))
    in_environment = sys.prefix != sys.base_prefix
    if not in_environment and managed.exists():
        return None
    return folder if os.access(folder, os.W_OK) else None


def chosen_folder(where: str) -> Path:
    """The folder for ``site``, ``user``, or ``auto``: the environment if it is ours, else the
    user's. Raises `PackageError` if it is ``site`` and the environment isn't ours."""
    site = site_folder()
    if where == "site" and site is None:
        raise PackageError(
            "this environment's site-packages can't be written to, or belongs to the system: use "
            "a virtual environment, or leave out --to site"
        )
    return site if site is not None and where != "user" else user_folder()
