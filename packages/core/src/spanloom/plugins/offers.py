"""Who offers a name, and which of several is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ..errors import ConfigError, ConfigProblem
from .index import Entry

__all__ = [
    "CODE",
    "Offer",
    "place",
    "prefer",
    "preferences",
    "preferred",
    "recorded",
    "recorded_supplier",
]

CODE = "code"
"""Stands for the distribution's name where a decorator of the user's own code offers a name."""

_preferred: ContextVar[Mapping[str, str]] = ContextVar("spanloom_preferred", default={})  # noqa: B039
_recorded: ContextVar[Mapping[str, str]] = ContextVar("spanloom_recorded", default={})  # noqa: B039


def preferred(key: str) -> str | None:
    """The distribution that is preferred for ``"registry/name"`` here and now."""
    return _preferred.get().get(key)


def recorded_supplier(key: str) -> str | None:
    """Who supplied ``"registry/name"`` to the pipeline that is being loaded."""
    return _recorded.get().get(key)


@contextmanager
def prefer(choices: Mapping[str, str]) -> Iterator[None]:
    """Inside the ``with``, settle names that several distributions offer.

    ``choices`` maps ``"registry/name"`` to a distribution's name (or ``"code"``, for what a
    decorator registered). Nested calls add to each other; other threads aren't concerned.
    """
    token = _preferred.set({**_preferred.get(), **choices})
    try:
        yield
    finally:
        _preferred.reset(token)


@contextmanager
def recorded(suppliers: Mapping[str, str]) -> Iterator[None]:
    """Inside the ``with``, the error about a name that nobody offers tells who supplied it when the
    pipeline that is being loaded was saved. ``suppliers`` maps ``"registry/name"`` to
    ``"distribution version"``.
    """
    token = _recorded.set(suppliers)
    try:
        yield
    finally:
        _recorded.reset(token)


def preferences(config: Mapping[str, Any]) -> dict[str, str]:
    """What a config's ``[plugins] prefer`` says, for `prefer`; empty where it says nothing.

    Raises `ConfigError` if it isn't a table of ``"registry/name": "distribution"``.
    """
    choices = (config.get("plugins") or {}).get("prefer") or {}
    fits = isinstance(choices, Mapping) and all(
        isinstance(dist, str) and "/" in key for key, dist in choices.items()
    )
    if not fits:
        fix = 'write it as {"architectures/x.v1": "distribution"}'
        raise ConfigError([ConfigProblem("plugins.prefer", f"can't be read: {choices!r}", fix)])
    return dict(choices)


def place(value: Any) -> str:
    """``module:qualified.name`` of a function, class or other object."""
    module = getattr(value, "__module__", None) or type(value).__module__
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    return f"{module}:{name}"


@dataclass(frozen=True)
class Offer:
    """One way to get a name: from an entry point, or from a decorator (``entry`` is None)."""

    entry: Entry | None
    value: Any = None
    owner: str = CODE

    @property
    def dist(self) -> str:
        """The distribution, or :data:`CODE`."""
        return self.owner if self.entry is None else self.entry.dist

    @property
    def target(self) -> str:
        """Where the value is: ``module:name``."""
        return place(self.value) if self.entry is None else self.entry.target

    def __str__(self) -> str:
        if self.entry is None:
            return f"{self.owner} (a decorator, {self.target})"
        return f"{self.dist} {self.entry.version} ({self.target})"
