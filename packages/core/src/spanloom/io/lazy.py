"""Public names that are imported from their modules when they are first asked for (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    package: str, modules: Mapping[str, Sequence[str]], absent: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """``__getattr__``, ``__dir__`` and ``__all__`` of ``package``.

    ``modules`` says which names each of its modules has (or another package's, where its whole name
    is given); none is imported before one of its names is used. ``absent`` are names that another
    library has, with what to use instead: asking for one raises :class:`AbsentError`.
    ``__version__`` is public where it is there. Type checkers read the stub beside the package's
    ``__init__``, which ``nox -s stubs`` makes from the same table.
    """
    homes = {name: module for module, names in modules.items() for name in names}
    listed = sorted([*homes, *({"__version__"} & vars(sys.modules[package]).keys())])

    def get(name: str) -> Any:
        if name not in homes:
            if absent and name in absent:
                from ..errors import AbsentError  # not needed by who imports spanloom

                raise AbsentError(f"{package}.{name} isn't there: {absent[name]}")
            raise AttributeError(f"module '{package}' has no attribute '{name}'")
        home = homes[name]
        module = home if home.startswith(("spanloom.", "spanloom_")) else f"{package}.{home}"
        value = getattr(import_module(module), name)
        setattr(sys.modules[package], name, value)
        return value

    def listing() -> list[str]:
        return list(listed)

    return get, listing, listed
