"""``spanloom plugins doctor``: what is wrong with the installed plugins, from their metadata.

Nothing here runs a plugin's code; `deep` has the checks that do, in processes of their own.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from spanloom.plugins.hooks import GROUP
from spanloom.plugins.index import Entry, Index, normalize
from spanloom.plugins.registries import registry
from spanloom.plugins.sources import source_file
from spanloom.plugins.tables import Report

from .describe import Description, describe, registry_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["TYPED_NAMES", "examine", "project_folder", "stale_entry_points", "well_named"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_]*)+\.v[1-9][0-9]*")

#: Registries whose names users type, so that they may be bare words.
TYPED_NAMES = {
    "converters",
    "dialects",
    "factories",
    "languages",
    "lemmatizer_rules",
    "models",
    "engines",
    "renderers",
    "syntax_iterators",
    "writers",
}
_BARE_NAME = re.compile(r"[A-Za-z][\w.-]*")


def examine(index: Index) -> Report:
    """Look at all that is installed: who offers what, whether it fits, and what is missing."""
    report = Report()
    entries = index.all_entries()
    for found in describe(index):
        report.owner = found.dist
        own = [each for each in entries if each.dist == found.dist]
        before = len(report.findings)
        _state(report, found)
        _doubled(report, found.dist)
        _names(report, own)
        _groups(report, own)
        _files(report, own)
        _requirements(report, own[0])
        stale = stale_entry_points(own[0].owner.distribution)
        if stale:
            folder = project_folder(own[0].owner.distribution)
            report.warning(stale, f"pip install --no-deps -e {folder}")
        if len(report.findings) == before:
            report.ok(f"{len(found.offers)} names" + (", hooks" if found.hooks else ""))
        _extras(report, own[0])
    report.owner = ""
    return report


def well_named(registry: str, name: str) -> bool:
    """Whether a name is ``<distribution>.<Thing>.v<N>``, or a bare word in a registry whose names
    users type."""
    if registry in TYPED_NAMES and _BARE_NAME.fullmatch(name):
        return True
    return bool(_NAME.fullmatch(name))


def _state(report: Report, found: Description) -> None:
    if found.state == "incompatible":
        report.error(found.reason, f'pip install --upgrade "{found.dist}" spanloom')
    elif found.state == "outgrown":
        report.warning(f"{found.reason}; it is used anyway", f"pip install -U {found.dist}")
    elif found.state == "clash":
        for offer in found.offers:
            if offer.rivals and offer.owner:
                report.warning(
                    f"{offer.registry}/{offer.name} belongs to {offer.owner}: what "
                    f"{found.dist} offers is ignored",
                    "its author must rename it",
                )
            elif offer.rivals:
                key = f"{offer.registry}/{offer.name}"
                report.warning(
                    f"{key} is offered by {', '.join(offer.rivals)}, too: using it is an error",
                    f'uninstall one, or in the config: [plugins] prefer = {{"{key}": '
                    f'"{found.dist}"}}',
                )
    elif found.state == "disabled":
        report.ok(found.reason)


def _doubled(report: Report, dist: str) -> None:
    there = [
        str(each.locate_file(""))
        for each in distributions(name=dist)
        if normalize(each.metadata["Name"] or "") == normalize(dist)
    ]
    if len(there) > 1:
        report.warning(
            f"its metadata is there {len(there)} times: {', '.join(there)}",
            f"pip uninstall {dist}, until pip says that it isn't installed; then install it again",
        )


def _names(report: Report, entries: Iterable[Entry]) -> None:
    for entry in entries:
        registry = registry_of(entry.group)
        if entry.group == GROUP or not entry.group.startswith("spanloom_"):
            continue
        if not well_named(registry, entry.name):
            report.warning(
                f"the name '{entry.name}' in {registry} has no version",
                "its author should call it <distribution>.<Thing>.v1",
            )


def _groups(report: Report, entries: Iterable[Entry]) -> None:
    known = [registry[name].group for name in registry.kinds()] + [GROUP]
    for group in sorted({entry.group for entry in entries} - {*known}):
        near = get_close_matches(group, known, n=1)
        report.error(
            f"no registry has the entry-point group '{group}': nobody finds what it offers there",
            f"its author should call it '{near[0]}'" if near else "its author must rename it",
        )


def _files(report: Report, entries: Iterable[Entry]) -> None:
    missing: dict[str, Entry] = {}
    for entry in entries:
        if entry.group != "spanloom_models" and source_file(entry) is None:
            missing.setdefault(entry.module, entry)
    for module, entry in missing.items():
        report.error(
            f"'{entry.name}' points at {entry.target}, and there is no module {module}",
            f'pip install --force-reinstall "{entry.dist}"',
        )


def _requirements(report: Report, entry: Entry) -> None:
    for wanted in _parsed(entry):
        if normalize(wanted.name) == "spanloom":
            continue  # `_state` tells of that
        if "extra" in str(wanted.marker or "") or (wanted.marker and not wanted.marker.evaluate()):
            continue
        state = _unmet(wanted)
        if state:
            report.error(
                f"it needs {_plain(wanted)}, and {state}", f'pip install "{_plain(wanted)}"'
            )


def _extras(report: Report, entry: Entry) -> None:
    """Tell which extras aren't installed; that is nothing wrong."""
    extras: dict[str, list[str]] = {}
    for wanted in _parsed(entry):
        for name in re.findall(r"extra\s*==\s*['\"]([^'\"]+)", str(wanted.marker or "")):
            absent = extras.setdefault(name, [])
            if _unmet(wanted):
                absent.append(wanted.name)
    for name, absent in sorted(extras.items()):
        if absent:
            report.ok(
                f"without its extra [{name}] ({', '.join(absent)})",
                f'pip install "{entry.dist}[{name}]"',
            )


def _parsed(entry: Entry) -> list[Requirement]:
    from packaging.requirements import InvalidRequirement, Requirement

    found = []
    for line in entry.owner.requires:
        try:
            found.append(Requirement(line))
        except InvalidRequirement:
            continue  # `describe` has told of it where it concerns us
    return found


def _plain(wanted: Requirement) -> str:
    return f"{wanted.name}{wanted.specifier}"


def _unmet(wanted: Requirement) -> str:
    """Why a requirement isn't met, or nothing."""
    try:
        there = version(wanted.name)
    except PackageNotFoundError:
        return "that isn't installed"
    return "" if wanted.specifier.contains(there, prereleases=True) else f"{there} is installed"


def project_folder(distribution: Distribution | None) -> Path | None:
    """The folder that an editable install comes from, or None."""
    text = None if distribution is None else distribution.read_text("direct_url.json")
    if not text:
        return None
    said = json.loads(text)
    if not said.get("dir_info", {}).get("editable"):
        return None
    folder = Path(url2pathname(urlsplit(said["url"]).path))
    return folder if folder.is_dir() else None


def stale_entry_points(distribution: Distribution | None) -> str | None:
    """How the entry points of an editable install differ from those in its pyproject.toml.

    Empty if they don't; None if it isn't an editable install with a ``[project]`` table.
    """
    folder = project_folder(distribution)
    if distribution is None or folder is None or not (folder / "pyproject.toml").is_file():
        return None
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf8")).get("project", {})
    written = {
        (group, name, target)
        for group, names in project.get("entry-points", {}).items()
        for name, target in names.items()
    }
    installed = {
        (point.group, point.name, point.value)
        for point in distribution.entry_points
        if point.group not in ("console_scripts", "gui_scripts")
    }
    told = []
    for what, names in (("new", written - installed), ("gone", installed - written)):
        if names:
            told.append(f"{what}: {', '.join(sorted(name for _, name, _ in names))}")
    return (
        f"pyproject.toml has other entry points than were installed ({'; '.join(told)})"
        if (told)
        else ""
    )
