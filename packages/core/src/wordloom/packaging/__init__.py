"""Trained pipelines as wheels: making, fetching, installing and finding them.

A packaged pipeline is data and no code: a wheel with the pipeline's folder and an entry point in
the group ``wordloom_models`` that names it. ``pip install`` and ``wordloom download`` install it,
``wordloom.load`` finds it by name and imports nothing of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
