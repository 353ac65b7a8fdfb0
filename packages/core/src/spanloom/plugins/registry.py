"""One registry: names of one kind, from entry points and decorators, loaded one by one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import catalogue

from ..errors import Failure, NameClashError, PluginError, UnknownNameError
from .failures import load_entry
from .index import PREFIX, Entry, current, enabled, home, normalize
from .known import providers
from .offers import CODE, Offer, place, preferred, recorded_supplier

__all__ = ["Registry", "ThincRegistry"]

OurNames = Callable[[str], Iterable[str]]
"""Names that may be ours for a name of another library, the best first; none for other names."""

_F = TypeVar("_F")
_MISSING = object()


class Registry(catalogue.Registry):  # type: ignore[misc]  # catalogue has no types
    """Names of one kind. Use it as a decorator, or ``get`` what a name stands for.

    ``name`` is the registry's name (``architectures``); the entry-point group is
    ``spanloom_<name>``. Getting a name imports its module and no other; asking whether a name is
    there, or for all names, imports nothing.
    """

    def __init__(self, name: str, our_names: OurNames | None = None) -> None:
        super().__init__(("spanloom", name))
        self.name = name
        self._our_names = our_names
        self.group = PREFIX + name
        self._values: dict[str, Any] = {}
        self._loaded: dict[tuple[str, str], Any] = {}
        self._failures: dict[tuple[str, str], Failure] = {}
        self._warned: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        return f"<Registry {self.name}>"

    # -- registering

    def __call__(
        self, name: str, func: Any | None = None, *, overwrite: bool = False
    ) -> Callable[[_F], _F]:
        """Register a function; the same as `register`."""
        return self.register(name, func=func, overwrite=overwrite)

    def register(
        self, name: str, *, func: Any | None = None, overwrite: bool = False
    ) -> Callable[[_F], _F]:
        """Register ``func`` under ``name``, or return a decorator that does.

        A name that a decorator registered before may be registered again by a function of the same
        module and qualified name (a notebook's cell that runs twice) or with ``overwrite=True``.
        Raises `NameClashError` otherwise. If an installed distribution offers the name too, that is
        no error until somebody gets it.
        """

        def register(func: _F) -> _F:
            before = self._own(name)
            if before is not _MISSING and not overwrite and place(before) != place(func):
                raise NameClashError(
                    f"'{name}' is already registered in '{self.name}' by {place(before)}, so "
                    f"{place(func)} can't use it. Choose another name, or pass overwrite=True to "
                    "the decorator."
                )
            catalogue.REGISTRY[(*self.namespace, name)] = func
            self._values.pop(name, None)
            return func

        return register if func is None else register(func)

    def supplier(self, name: str) -> str:
        """``"distribution version"`` of who supplies a name; "code" for a decorator of the user's
        own. Imports no plugin. Raises `UnknownNameError` or `NameClashError`."""
        offers = self._offers(name)
        if not offers:
            if ours := self._ours(name):
                return self.supplier(ours)
            raise self.unknown(name)
        offer = offers[0] if len(offers) == 1 else self._choose(name, offers)
        if offer.entry is not None:
            return f"{offer.dist} {offer.entry.version}"
        return offer.dist if offer.dist == CODE else f"{offer.dist} {version(offer.dist)}"

    def remove(self, name: str) -> None:
        """Take back what a decorator registered under ``name``; entry points aren't concerned.

        Raises `UnknownNameError` if no decorator registered it.
        """
        if self._own(name) is _MISSING:
            raise UnknownNameError(f"No decorator registered '{name}' in registry '{self.name}'")
        del catalogue.REGISTRY[(*self.namespace, name)]
        self._values.pop(name, None)

    # -- looking up

    def get(self, name: str) -> Any:
        """Return what ``name`` stands for, importing its module the first time.

        Raises `UnknownNameError` if nobody offers it, `NameClashError` if several distributions do
        and `prefer` chose none, and `PluginError` if the one that offers it can't be loaded.
        """
        if not isinstance(name, str):
            raise UnknownNameError(
                f"Registry '{self.name}' takes a name, which is a string, not {name!r}. Register "
                f"the object first (@registry.{self.name}('my_name')), then give its name."
            )
        value = self._values.get(name, _MISSING)
        return self._find(name) if value is _MISSING else value

    def __contains__(self, name: object) -> bool:
        """Whether anybody offers ``name``; imports nothing."""
        return isinstance(name, str) and (
            name in self._values
            or self._own(name) is not _MISSING
            or bool(self._entries(name))
            or self._ours(name) is not None
        )

    def names(self) -> list[str]:
        """All names that can be asked for, sorted; imports nothing."""
        return sorted({*current().names(self.group), *self._own_names()})

    def forget(self) -> None:
        """Look everything up anew, as after `spanloom.plugins.refresh`."""
        for cache in (self._values, self._loaded, self._failures, self._warned):
            cache.clear()

    def unknown(self, name: str) -> UnknownNameError:
        """The error for a name that nobody offers: near names, or the package that has it."""
        disabled = [entry.dist for entry in current().entries(self.group, name)]
        if disabled:
            return UnknownNameError(
                f"'{name}' in registry '{self.name}' is provided by '{disabled[0]}', which "
                "SPANLOOM_PLUGINS (or --no-plugins) disables"
            )
        if absent := self._absent(name):
            return UnknownNameError(f"There is no '{name}' in registry '{self.name}': {absent}")
        names = (name, *(self._our_names(name) if self._our_names is not None else ()))
        dist = next(filter(None, map(providers(self.name).get, names)), None)
        if dist is not None:
            return UnknownNameError(
                f"There is no '{name}' in registry '{self.name}': it is provided by '{dist}', "
                f"which isn't installed: pip install {dist}"
            )
        dialect = providers("dialects").get(name.partition(".")[0])
        if dialect is not None and not self._knows_dialect(name):
            return UnknownNameError(
                f"There is no '{name}' in registry '{self.name}': such names are translated by "
                f"'{dialect}', which isn't installed: pip install {dialect}"
            )
        first = name.partition(".")[0]
        from_there = (
            f" Names that start with '{first}.' belong to a package '{first}', which isn't "
            "installed."
            if first != name and not _version(first) and not self._suggestions(name)
            else ""
        )
        return UnknownNameError(
            f"There is no '{name}' in registry '{self.name}'.{self._suggestions(name)}{from_there} "
            "If your own code registers it, pass that file with --code; 'spanloom plugins list "
            f"--group {self.name}' shows all names."
        )

    def disputed(self, name: str, dist: str) -> bool:
        """Whether ``dist`` offers a name which isn't its own, and which others offer, too."""
        dists = [offer.dist for offer in self._offers(name)]
        owner = home(self.group, name) or "thinc"
        return len(dists) > 1 and not _same(dist, owner) and any(_same(dist, d) for d in dists)

    def recorded_supplier(self, name: str) -> str:
        """Who supplied a name when the pipeline that is being loaded was saved, or nothing."""
        return recorded_supplier(f"{self.name}/{name}") or ""

    # -- inside

    def _absent(self, name: str) -> str:
        """What to install, where the pipeline that is being loaded says who supplied a name."""
        dist, _, known = self.recorded_supplier(name).partition(" ")
        if dist == CODE:
            return (
                "the pipeline was saved with its author's own code, which registers it: pass that "
                "file with --code, or import it before loading"
            )
        if not dist:
            return ""
        there = _version(dist)
        if there:
            return (
                f"the pipeline was saved with {dist} {known}, but the installed {dist} {there} "
                f'doesn\'t provide it: pip install "{dist}=={known}"'
            )
        return f"the pipeline needs {dist} {known}, which isn't installed: pip install {dist}"

    def _knows_dialect(self, name: str) -> bool:
        entries = current().entries(f"{PREFIX}dialects", name.partition(".")[0])
        return any(map(enabled, entries))

    def _own(self, name: str) -> Any:
        return catalogue.REGISTRY.get((*self.namespace, name), _MISSING)

    def _own_names(self) -> list[str]:
        space = tuple(self.namespace)
        return [key[-1] for key in catalogue.REGISTRY if key[:-1] == space]

    def _owner(self, value: Any) -> str:
        """Who registered a value through a decorator."""
        return CODE

    def _ours(self, name: str) -> str | None:
        """Our name for a name of another library that a dialect knows."""
        names = self._our_names(name) if self._our_names is not None else ()
        return next((ours for ours in names if ours in self), None)

    def _entries(self, name: str) -> list[Entry]:
        return [entry for entry in current().entries(self.group, name) if enabled(entry)]

    def _find(self, name: str) -> Any:
        offers = self._offers(name)
        if not offers:
            if ours := self._ours(name):
                return self.get(ours)
            raise self.unknown(name)
        if len(offers) == 1:
            value = self._load(offers[0])
            self._keep(name, value, offers[0])
            return value
        # What several offer isn't kept under the name alone: the choice may differ next time.
        return self._load(self._choose(name, offers))

    def _offers(self, name: str) -> list[Offer]:
        offers = [Offer(entry) for entry in self._entries(name)]
        own = self._own(name)
        if own is not _MISSING:
            # A decorated function that is also the target of an entry point is one and the same.
            offers = [offer for offer in offers if offer.target != place(own)]
            offers.append(Offer(None, own, self._owner(own)))
        return offers

    def _keep(self, name: str, value: Any, offer: Offer) -> None:
        self._values[name] = value

    def _choose(self, name: str, offers: Sequence[Offer]) -> Offer:
        key = f"{self.name}/{name}"
        wanted = preferred(key)
        chosen = [offer for offer in offers if wanted and _same(offer.dist, wanted)]
        if len(chosen) == 1:
            return chosen[0]
        owner = home(self.group, name) or "thinc"
        owned = [offer for offer in offers if _same(offer.dist, owner)]
        if len(owned) == 1 and not wanted:
            self._warn(name, owned[0], offers)
            return owned[0]
        who = " and ".join(map(str, offers))
        hint = f"'{wanted}' is preferred but doesn't provide it. " if wanted and not chosen else ""
        cure = f'[plugins] prefer = {{"{key}": "{offers[0].dist}"}}'
        raise NameClashError(
            f"'{name}' in registry '{self.name}' is provided by {who}. {hint}Uninstall or rename "
            f"one, or choose in the config: {cure}"
        )

    def _warn(self, name: str, taken: Offer, offers: Sequence[Offer]) -> None:
        """Tell once of each who offers a name that belongs to another."""
        for offer in offers:
            if offer is not taken and (name, offer.dist) not in self._warned:
                self._warned.add((name, offer.dist))
                warnings.warn(
                    f"'{name}' in registry '{self.name}' is a name of {taken.dist}: what {offer} "
                    "offers under it is ignored. Rename that, or choose it in a config: "
                    f'[plugins] prefer = {{"{self.name}/{name}": "{offer.dist}"}}',
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _load(self, offer: Offer) -> Any:
        if offer.entry is None:
            return offer.value
        key = (offer.entry.name, f"{offer.entry.dist}={offer.entry.target}")
        if key in self._failures:
            failure = self._failures[key]
            raise PluginError(str(failure), failure)
        if key not in self._loaded:
            try:
                self._loaded[key] = load_entry(offer.entry)
            except PluginError as error:
                if error.failure is not None:
                    self._failures[key] = error.failure
                raise
        return self._loaded[key]

    def _suggestions(self, name: str) -> str:
        known = providers(self.name)
        near = get_close_matches(name, {*self.names(), *known}, n=3, cutoff=0.6)
        if not near:
            return ""
        told = [f"'{n}'" if n in self else f"'{n}' (pip install {known[n]})" for n in near]
        return f" Did you mean {' or '.join(told)}?"


class ThincRegistry(Registry):
    """One of thinc's own registries, seen from here.

    What thinc registers is known once thinc is imported, so asking for a name imports it. A
    function registered here is registered with thinc, too.
    """

    def __init__(self, name: str, our_names: OurNames | None = None) -> None:
        super().__init__(name, our_names)
        self.namespace = ("thinc", name)
        self.group = f"thinc_{name}"

    def _own(self, name: str) -> Any:
        import_module("thinc.api")
        return super()._own(name)

    def _own_names(self) -> list[str]:
        import_module("thinc.api")
        return super()._own_names()

    def _owner(self, value: Any) -> str:
        return "thinc" if place(value).startswith("thinc.") else CODE

    def _keep(self, name: str, value: Any, offer: Offer) -> None:
        # thinc's decorators may replace a function behind our back: those aren't kept.
        if offer.entry is not None:
            super()._keep(name, value, offer)


def _version(dist: str) -> str:
    """The version of a distribution that is installed; empty where there is none."""
    try:
        return version(dist)
    except (PackageNotFoundError, ValueError):
        return ""


def _same(dist: str, other: str) -> bool:
    return normalize(dist) == normalize(other)
