"""The names of our packages: each loads, none is in two packages, and none ever goes away; and the
names of spaCy's that released configs use mean ours.

After adding a name, install its package again and write the list anew; a released name must stay::

    pip install --no-deps -e packages/core
    python tests/test_entry_points.py
"""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from spanloom import registry

ROOT = Path(__file__).resolve().parent.parent
FROZEN = ROOT / "tests" / "data" / "frozen_names.json"
#: Registry -> name of spaCy's -> ours, as far as they were entry points once.
SPACY = json.loads((ROOT / "tests" / "data" / "spacy_names.json").read_text("utf-8"))
PROJECTS = {
    project["name"]: project
    for path in sorted(ROOT.glob("packages/*/pyproject.toml"))
    for project in [tomllib.loads(path.read_text("utf-8"))["project"]]
}
UPDATE = "see the head of test_entry_points.py for how to update"
PREFIX = "spanloom_"
THINC = "thinc_"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_]*)+\.v[1-9][0-9]*")
#: Registries whose names users type, so they may be bare words.
BARE = {
    "converters",
    "dialects",
    "engines",
    "factories",
    "languages",
    "lemmatizer_rules",
    "plugins",
    "renderers",
    "syntax_iterators",
    "writers",
}


def installed(dist: str) -> dict[str, dict[str, str]]:
    """Registry -> name -> target, as the installed metadata of a distribution has it."""
    found: dict[str, dict[str, str]] = {}
    for point in distribution(dist).entry_points:
        if point.group.startswith((PREFIX, THINC)):
            found.setdefault(kind_of(point.group), {})[point.name] = point.value
    return found


def kind_of(group: str) -> str:
    """The registry of a group of entry points."""
    return group.removeprefix(PREFIX).removeprefix(THINC)


def present() -> list[str]:
    """Our distributions that are installed: those that need torch may not be."""
    found = []
    for dist in PROJECTS:
        try:
            distribution(dist)
        except PackageNotFoundError:
            continue
        found.append(dist)
    return found


def entries() -> list[tuple[str, str, str]]:
    return [
        (group, name, target)
        for dist in present()
        for group, names in installed(dist).items()
        for name, target in names.items()
    ]


def names(dist: str) -> dict[str, list[str]]:
    return {group: sorted(found) for group, found in sorted(installed(dist).items())}


@pytest.mark.parametrize("dist", present())
def test_installed_metadata_is_up_to_date(dist: str) -> None:
    written = {
        kind_of(group): points
        for group, points in PROJECTS[dist].get("entry-points", {}).items()
        if points and group.startswith((PREFIX, THINC))
    }
    assert installed(dist) == written, (
        "pyproject.toml has changed: pip install --no-deps -e the package"
    )


@pytest.mark.parametrize(("group", "name", "target"), entries())
def test_every_target_exists(group: str, name: str, target: str) -> None:
    module, _, attribute = target.partition(":")
    value = importlib.import_module(module)
    for part in filter(None, attribute.split(".")):
        value = getattr(value, part)
    if group == "plugins":
        assert value.SPANLOOM_API == 1
    else:
        assert callable(value) or group == "dialects"
        assert registry.get(group, name) is value


def test_names_are_well_formed() -> None:
    odd = [name for group, name, _ in entries() if group not in BARE and not NAME.fullmatch(name)]
    assert odd == []


def test_no_name_is_in_two_packages() -> None:
    found = [(group, name) for group, name, _ in entries()]
    assert sorted(found) == sorted(set(found))


@pytest.mark.parametrize("dist", present())
def test_names_are_frozen(dist: str) -> None:
    frozen = json.loads(FROZEN.read_text("utf-8")).get(dist, {})
    now = names(dist)
    gone = {g: sorted({*frozen[g]} - {*now.get(g, [])}) for g in frozen}
    assert not any(gone.values()), f"configs that use these break: {gone}"
    new = {g: sorted({*now[g]} - {*frozen.get(g, [])}) for g in now}
    assert not any(new.values()), f"not in frozen_names.json: {new}; {UPDATE}"


@pytest.mark.parametrize(
    ("group", "name", "ours"),
    [(group, *pair) for group, found in SPACY.items() for pair in found.items()],
)
def test_a_name_of_spacys_means_ours(group: str, name: str, ours: str) -> None:
    if not registry.has(group, ours):
        pytest.skip("the package that has it isn't installed here")
    assert registry.has(group, name)
    assert registry.get(group, name) is registry.get(group, ours)


if __name__ == "__main__":
    frozen = json.loads(FROZEN.read_text("utf-8")) if FROZEN.exists() else {}
    frozen |= {dist: names(dist) for dist in present()}
    FROZEN.write_text(json.dumps(frozen, indent=1) + "\n", "utf-8")
