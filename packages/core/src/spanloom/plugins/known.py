"""Names that distributions outside core offer, for the hint "pip install ..." when one is absent.

``known.json`` is made from the metadata of our own packages by ``nox -s known``. It is a table and
not a look-up in an index of packages: nothing is ever fetched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["command_providers", "distributions", "providers"]


def providers(registry: str) -> Mapping[str, str]:
    """Names of a registry that first-party distributions outside core offer, and which one."""
    return _table().get(registry, {})


def command_providers() -> Mapping[str, str]:
    """Command -> the first-party distribution outside core that offers it."""
    return _table()["commands"]


def distributions() -> frozenset[str]:
    """The first-party distributions outside core that offer anything."""
    return frozenset(name for names in _table().values() for name in names.values())


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(
        files("spanloom.plugins").joinpath("known.json").read_text("utf-8")
    )
    return found
