"""What the installed distributions offer, read from their metadata without importing any of them.

One ``importlib.metadata.entry_points()`` per process is enough: it costs about 10 ms with 300
distributions and the standard library doesn't keep its result. Names and versions of distributions
are five times dearer, so an `Entry` reads them only when somebody asks.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.metadata import Distribution, EntryPoint, entry_points
from itertools import chain
from typing import Any

from .known import providers

__all__ = [
    "PREFIX",
    "Entry",
    "Index",
    "Owner",
    "current",
    "enabled",
    "home",
    "normalize",
    "on_refresh",
    "refresh",
]

PREFIX = "spanloom_"
"""Entry-point groups that start with this are ours; the rest is the name of a registry."""

_THINC = "thinc_"
_FIELDS = ("Name", "Version", "Summary")


def normalize(dist: str) -> str:
    """Spell a distribution's name as package indexes compare it: ``My_Plugin`` -> ``my-plugin``."""
    return re.sub(r"[-_.]+", "-", dist).lower()


class Owner:
    """A distribution that offers something. Its metadata is read once, when first asked for."""

    def __init__(self, distribution: Distribution | None) -> None:
        self.distribution = distribution
        self.warned = False
        """Whether it was told that this Spanloom is later than those that it allows."""

    @cached_property
    def _metadata(self) -> dict[str, str]:
        try:
            read = None if self.distribution is None else self.distribution.metadata
        except (
            OSError,
            ValueError,
        ):  # no metadata, or not UTF-8: others must be listed all the same
            read = None
        fields = {} if read is None else {key: read[key] for key in _FIELDS if key in read}
        return {key.lower(): value for key, value in fields.items()}

    @property
    def name(self) -> str:
        """Name as the distribution spells it."""
        return self._metadata.get("name") or "(unknown distribution)"

    @property
    def version(self) -> str:
        """Version, or "?" where it isn't known."""
        return self._metadata.get("version") or "?"

    @property
    def summary(self) -> str:
        """The one line that the distribution says about itself."""
        return self._metadata.get("summary") or ""

    @cached_property
    def requires(self) -> list[str]:
        """The ``Requires-Dist`` lines."""
        try:
            return list((self.distribution.requires if self.distribution else None) or ())
        except (OSError, ValueError):
            return []


class Entry:
    """One name that one distribution offers.

    ``group`` is the entry-point group, ``name`` the offered name, ``target`` the string
    ``module:attribute`` that would be loaded, ``owner`` the distribution.
    """

    def __init__(self, point: EntryPoint, owner: Owner) -> None:
        self.group = point.group
        self.name = point.name
        self.target = point.value
        self.owner = owner
        value = point.value.partition("[")[0]
        self.module, _, self.attribute = (part.strip() for part in value.partition(":"))

    def __repr__(self) -> str:
        return f"<Entry {self.group}: {self.name} = {self.target}>"

    @property
    def dist(self) -> str:
        """Name of the distribution."""
        return self.owner.name

    @property
    def version(self) -> str:
        """Version of the distribution."""
        return self.owner.version


class Index:
    """All entries of the groups that concern us: ``spanloom_*`` and thinc's own ``thinc_*``.

    ``points`` is a snapshot of entry points; without it, the installed ones are read now.
    """

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        groups: dict[str, dict[str, list[Entry]]] = {}
        owners: dict[int, Owner] = {}
        for point in _flat(entry_points()) if points is None else points:
            if point.group.startswith((PREFIX, _THINC)):
                names = groups.setdefault(point.group, {})
                # Entry points of one distribution share its object, which the owner keeps alive.
                owner = owners.setdefault(id(point.dist), Owner(point.dist))
                names.setdefault(point.name, []).append(Entry(point, owner))
        self._groups = groups
        self._unique: dict[tuple[str, str], list[Entry]] = {}

    def groups(self) -> list[str]:
        """Names of the entry-point groups in which somebody offers something, sorted."""
        return sorted(self._groups)

    def names(self, group: str) -> list[str]:
        """Names offered in a group by distributions that are enabled, sorted."""
        names = self._groups.get(group, {})
        if not selection():
            return sorted(names)
        return sorted(name for name in names if any(map(enabled, self.entries(group, name))))

    def entries(self, group: str, name: str) -> list[Entry]:
        """Who offers this name, sorted by distribution; one entry per distribution and target."""
        key = (group, name)
        if key not in self._unique:
            found = self._groups.get(group, {}).get(name, [])
            self._unique[key] = _distinct(found) if len(found) > 1 else found
        return self._unique[key]

    def all_entries(self) -> list[Entry]:
        """Every entry, by group and name."""
        return [
            entry
            for group in self.groups()
            for name in sorted(self._groups[group])
            for entry in self.entries(group, name)
        ]


def _flat(points: Any) -> list[EntryPoint]:
    # Python 3.11 answers with a dict of groups whose own methods warn; later ones with a tuple.
    if isinstance(points, dict):
        return list(chain.from_iterable(dict.values(points)))
    return list(points)


def _distinct(found: list[Entry]) -> list[Entry]:
    # The same distribution may be seen twice: an editable install beside stale metadata.
    distinct = {(normalize(entry.dist), entry.target): entry for entry in reversed(found)}
    return [distinct[key] for key in sorted(distinct)]


def selection() -> str:
    """What ``SPANLOOM_PLUGINS`` says, or nothing."""
    return os.environ.get("SPANLOOM_PLUGINS", "").strip()


def enabled(entry: Entry) -> bool:
    """Whether the user lets this entry's distribution take part.

    The environment variable ``SPANLOOM_PLUGINS`` is ``none`` or the names of distributions,
    separated by commas; one with ``-`` before it is left out. Where only such are named, and
    without the variable, all others are enabled. Spanloom itself and Thinc always are.
    """
    text = selection()
    if not text:
        return True
    dist = normalize(entry.dist)
    only, without = _chosen(text)
    return dist in _ALWAYS or (dist not in without and (only is None or dist in only))


_ALWAYS = frozenset({"spanloom", "thinc"})


@cache
def _chosen(text: str) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The distributions that alone take part (None: all), and those that don't; a warning for those
    that aren't there."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    without = frozenset(normalize(word[1:].strip()) for word in words if word.startswith("-"))
    named = frozenset(normalize(word) for word in words if not word.startswith("-")) - {"none"}
    there = {normalize(entry.dist) for entry in current().all_entries()}
    for name in sorted((named | without) - there - _ALWAYS):
        near = get_close_matches(name, there, n=1)
        warnings.warn(
            f"SPANLOOM_PLUGINS names '{name}', but no plugin of that name is installed"
            + (f" (did you mean '{near[0]}'?)" if near else ""),
            RuntimeWarning,
            stacklevel=3,
        )
    return (None if without and not named and "none" not in words else named), without


_current: list[Index] = []
_observers: list[Callable[[], None]] = []


def current() -> Index:
    """The index of this process, built when first asked for."""
    if not _current:
        # catalogue reads all entry points when it is imported: one scan serves both.
        taken = getattr(sys.modules.get("catalogue"), "AVAILABLE_ENTRY_POINTS", None)
        _current.append(Index(None if taken is None else _flat(taken)))
    return _current[0]


def home(group: str, name: str) -> str | None:
    """The distribution that a name belongs to, whoever else offers it: core, or the package of ours
    that offers it. None for names that belong to nobody."""
    dists = {normalize(entry.dist) for entry in current().entries(group, name)}
    ours = ("spanloom", providers(group.removeprefix(PREFIX)).get(name))
    return next((dist for dist in ours if dist in dists), None)


def on_refresh(observer: Callable[[], None]) -> None:
    """Call ``observer`` after each `refresh`; for what keeps things loaded from the index."""
    _observers.append(observer)


def refresh() -> Index:
    """Read the installed metadata again, as after ``pip install`` in a running notebook.

    What was loaded from plugins is looked up anew; modules already imported stay imported.
    """
    _current[:] = [Index()]
    _chosen.cache_clear()
    for observer in _observers:
        observer()
    return _current[0]
