"""What is installed, as plain data for ``spanloom plugins``. Reads metadata, imports nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from spanloom.plugins.failures import compatibility, outgrown
from spanloom.plugins.hooks import GROUP
from spanloom.plugins.index import PREFIX, Entry, Index, enabled, home, normalize

__all__ = ["Description", "Offer", "describe", "registry_of"]

State = Literal["ok", "clash", "outgrown", "incompatible", "disabled"]


@dataclass(frozen=True)
class Offer:
    """A name in a registry, what it points at, and the other distributions that offer it.

    ``owner`` is the one whom the name belongs to, where that is another."""

    registry: str
    name: str
    target: str
    rivals: tuple[str, ...] = ()
    owner: str = ""


@dataclass
class Description:
    """A distribution and all that it offers.

    ``state`` is ``ok`` (nothing is known against it; it wasn't loaded), ``clash``, ``outgrown``
    (made for an earlier Spanloom, and used), ``incompatible`` or ``disabled``, and ``reason`` says
    why it isn't ok. ``hooks`` is its hook module, if it has one.
    """

    dist: str
    version: str
    summary: str
    state: State = "ok"
    reason: str = ""
    hooks: str | None = None
    offers: list[Offer] = field(default_factory=list)

    def names(self) -> dict[str, list[str]]:
        """Registry -> names."""
        found: dict[str, list[str]] = {}
        for offer in self.offers:
            found.setdefault(offer.registry, []).append(offer.name)
        return found


def registry_of(group: str) -> str:
    """Name of the registry that an entry-point group belongs to."""
    return group.removeprefix(PREFIX).removeprefix("thinc_")


def describe(index: Index) -> list[Description]:
    """All distributions that offer something, core first and then by name."""
    owned: dict[str, list[Entry]] = {}
    for entry in index.all_entries():
        owned.setdefault(entry.dist, []).append(entry)
    order = sorted(owned, key=lambda dist: (normalize(dist) != "spanloom", normalize(dist)))
    return [_description(index, owned[dist]) for dist in order]


def _description(index: Index, entries: list[Entry]) -> Description:
    owner = entries[0].owner
    found = Description(owner.name, owner.version, owner.summary)
    for entry in entries:
        if entry.group == GROUP:
            found.hooks = entry.target
            continue
        rivals = tuple(
            other.dist
            for other in index.entries(entry.group, entry.name)
            if other.dist != entry.dist and enabled(other)
        )
        belongs = home(entry.group, entry.name) if rivals else None
        if belongs == normalize(entry.dist):
            rivals, belongs = (), None  # the offers of others are ignored
        offer = Offer(registry_of(entry.group), entry.name, entry.target, rivals, belongs or "")
        found.offers.append(offer)
    found.state, found.reason = _state(entries[0], found.offers)
    return found


def _state(entry: Entry, offers: Iterable[Offer]) -> tuple[State, str]:
    if not enabled(entry):
        return "disabled", "SPANLOOM_PLUGINS leaves it out"
    reason = compatibility(entry)
    if reason:
        return "incompatible", reason
    clashes = [f"{offer.registry}/{offer.name}" for offer in offers if offer.rivals]
    if clashes:
        more = f" and {len(clashes) - 1} more" if len(clashes) > 1 else ""
        return "clash", f"{clashes[0]}{more} offered by others, too; using it needs a choice"
    late = outgrown(entry)
    return ("outgrown", late) if late else ("ok", "")
