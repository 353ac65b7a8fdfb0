"""Trained pipelines as wheels: making, fetching, installing and finding them.

A packaged pipeline is data and no code: a wheel with the pipeline's folder and an entry point in
the group ``spanloom_models`` that names it. ``pip install`` and ``spanloom download`` install it,
``spanloom.load`` finds it by name and imports nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .fetching import Source, fetched
    from .installed import Installed, find, find_all
    from .installing import install, unmet
    from .making import Made, package
    from .places import site_folder, user_folder

_HOMES = {
    "Installed": "installed",
    "Made": "making",
    "Source": "fetching",
    "fetched": "fetching",
    "find": "installed",
    "find_all": "installed",
    "install": "installing",
    "package": "making",
    "site_folder": "places",
    "unmet": "installing",
    "user_folder": "places",
}

__all__ = [
    "Installed",
    "Made",
    "Source",
    "fetched",
    "find",
    "find_all",
    "install",
    "package",
    "site_folder",
    "unmet",
    "user_folder",
]


__getattr__ = lazy_names(__name__, _HOMES)
