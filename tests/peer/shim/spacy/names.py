"""What stands in each module of spaCy's, and what that is here."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any, NoReturn

#: Module of spaCy's to its names and what they are here.
NAMES: dict[str, dict[str, str] | str] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)


class NotThereError(Exception):
    """A test uses a name of spaCy's that means nothing of ours."""


class NotThere:
    """Stands for a name of spaCy's that we don't have, so that a file of tests that imports it can
    be read; whoever uses it gets a `NotThereError`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotThereError(self._name)

    __call__ = __getitem__ = __iter__ = __enter__ = __fspath__ = __int__ = __index__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return ()

    def __repr__(self) -> str:
        return f"<{self._name} isn't there>"


def find(module: str, name: str) -> Any:
    """What ``name`` of spaCy's ``module`` is here, or a `NotThere`."""
    names = NAMES.get(module, {})
    place = names if isinstance(names, str) else names.get(name)
    if place is None:
        return NotThere(f"{module}.{name}")
    where, _, other = place.partition(":")
    return getattr(importlib.import_module(where), other or name, NotThere(f"{module}.{name}"))
