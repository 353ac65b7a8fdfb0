"""``spanloom plugins list|show|why``: what is installed.

Only metadata is read, and no plugin is loaded. Thinc's own names aren't in its metadata: where one
of its registries is asked about, thinc is imported.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from spanloom.errors import UnknownNameError
from spanloom.plugins.index import current, enabled, home, normalize
from spanloom.plugins.offers import place
from spanloom.plugins.registries import registry
from spanloom.plugins.registry import Registry
from spanloom.plugins.sources import source_file

from ..describe import Description, Offer, describe, registry_of

__all__ = ["list_command", "show_command", "why_command"]

_JSON = click.Option(["--json", "as_json"], is_flag=True, help="Write JSON.")


def _print(table: Table) -> None:
    # A pipe has no width of its own; names must not be cut there.
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False).print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _dump(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _list(as_json: bool, group: str | None) -> None:
    """List the installed distributions, or with --group the names of one registry."""
    found = describe(current())
    if group is not None:
        group = registry_of(group)
        found = _limit(found, registry[group])
    if as_json:
        _dump([_summary(each) for each in found])
    elif group is None:
        _print(_overview(found))
    else:
        _print(_names(found))


def _limit(found: list[Description], chosen: Registry) -> list[Description]:
    for each in found:
        each.offers = [offer for offer in each.offers if offer.registry == chosen.name]
    found = [each for each in found if each.offers]
    listed = {offer.name for each in found for offer in each.offers}
    registered = [name for name in chosen.names() if name not in listed]
    if registered:
        thinc = Description("thinc", version("thinc"), "")
        thinc.offers = [Offer(chosen.name, name, place(chosen.get(name))) for name in registered]
        found.append(thinc)
    return found


def _summary(each: Description) -> dict[str, Any]:
    return {
        "dist": each.dist,
        "version": each.version,
        "state": each.state,
        "reason": each.reason,
        "hooks": each.hooks,
        "names": each.names(),
    }


def _overview(found: list[Description]) -> Table:
    table = _table("Distribution", "Version", "State", "Offers")
    for each in found:
        counts = [f"{len(names)} {registry}" for registry, names in each.names().items()]
        state = f"{each.state}: {each.reason}" if each.reason else each.state
        hooks = ["hooks"] if each.hooks else []
        table.add_row(each.dist, each.version, state, ", ".join([*counts, *hooks]))
    return table


def _names(found: list[Description]) -> Table:
    table = _table("Name", "Distribution", "Version", "Target", "Clash")
    rows = [
        (offer.name, each.dist, each.version, offer.target, ", ".join(offer.rivals))
        for each in found
        for offer in each.offers
    ]
    for row in sorted(rows):
        table.add_row(*row)
    return table


def _show(dist: str, as_json: bool) -> None:
    """Show what one distribution offers, and whether something is against using it."""
    found = describe(current())
    chosen = [each for each in found if normalize(each.dist) == normalize(dist)]
    if not chosen:
        names = ", ".join(each.dist for each in found) or "none"
        raise UnknownNameError(
            f"No installed distribution '{dist}' offers anything; these do: {names}"
        )
    each = chosen[0]
    if as_json:
        _dump(asdict(each))
        return
    click.echo(f"{each.dist} {each.version}" + (f": {each.summary}" if each.summary else ""))
    click.echo(f"State: {each.state}" + (f" ({each.reason})" if each.reason else ""))
    click.echo(f"Hook module: {each.hooks or 'none'}")
    table = _table("Registry", "Name", "Target", "Clash")
    for offer in each.offers:
        table.add_row(offer.registry, offer.name, offer.target, ", ".join(offer.rivals))
    if each.offers:
        click.echo()
        _print(table)


def _why(registry_name: str, name: str, as_json: bool) -> None:
    """Tell where NAME of registry REGISTRY comes from."""
    chosen = registry[registry_name]
    entries = current().entries(chosen.group, name)
    sources: list[dict[str, Any]] = [
        {
            "dist": entry.dist,
            "version": entry.version,
            "target": entry.target,
            "file": None if (path := source_file(entry)) is None else str(path),
            "enabled": enabled(entry),
        }
        for entry in entries
    ]
    if not sources and name not in chosen:
        raise chosen.unknown(name)
    if not sources:
        sources = [_registered(registry_name, name)]
    taking = [source for source in sources if source["enabled"]]
    cure = f'[plugins] prefer = {{"{registry_name}/{name}": "{sources[0]["dist"]}"}}'
    owner = home(chosen.group, name)
    clash = len(taking) > 1 and owner is None
    if as_json:
        _dump({"registry": registry_name, "name": name, "clash": clash, "sources": sources})
        return
    table = _table("Distribution", "Version", "Target", "File")
    for source in sources:
        off = "" if source["enabled"] else " (disabled)"
        table.add_row(
            source["dist"] + off, source["version"], source["target"], source["file"] or "?"
        )
    _print(table)
    if len(taking) > 1 and owner is not None:
        click.echo(f"\nIt belongs to {owner}: what others offer under it is ignored.")
    if clash:
        click.echo(f"\nClash: using it is an error until one is chosen in the config:\n  {cure}")


def _registered(registry_name: str, name: str) -> dict[str, Any]:
    """Where a name comes from that thinc itself registered when it was imported."""
    found = registry.get(registry_name, name)
    module = sys.modules.get(found.__module__)
    return {
        "dist": "thinc",
        "version": version("thinc"),
        "target": place(found),
        "file": getattr(module, "__file__", None),
        "enabled": True,
    }


list_command = click.Command(
    "list",
    callback=_list,
    help=_list.__doc__,
    params=[
        _JSON,
        click.Option(["--group"], metavar="REGISTRY", help="Only the names of one registry."),
    ],
)
"""``spanloom plugins list``"""

show_command = click.Command(
    "show", callback=_show, help=_show.__doc__, params=[click.Argument(["dist"]), _JSON]
)
"""``spanloom plugins show DIST``"""

why_command = click.Command(
    "why",
    callback=_why,
    help=_why.__doc__,
    params=[click.Argument(["registry_name"], metavar="REGISTRY"), click.Argument(["name"]), _JSON],
)
"""``spanloom plugins why REGISTRY NAME``"""
