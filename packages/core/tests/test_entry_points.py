"""Core's own names: each loads, spaCy's are the same objects as ours, and none ever goes away.

After adding a name, install core again and write the list anew; a released name must stay::

    pip install --no-deps -e packages/core
    python packages/core/tests/test_entry_points.py
"""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
FROZEN = FOLDER / "frozen_names.json"
PROJECT = FOLDER.parent / "pyproject.toml"
UPDATE = "see the head of test_entry_points.py for how to update"
PREFIX = "spanloom_"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_]*)+\.v[1-9][0-9]*")
#: Registries whose names users type, so they may be bare words.
BARE = {"factories", "languages", "converters", "plugins"}
#: Names of spaCy's that aren't the same function as ours: they keep the arguments of their version.
THEIRS_ALONE = {
    "spacy.ConsoleLogger.v1",
    "spacy.ConsoleLogger.v2",
    "spacy.ConsoleLogger.v3",
    "spacy.zh.ChineseTokenizer",
}


def installed() -> dict[str, dict[str, str]]:
    """Registry -> name -> target, as core's installed metadata has it."""
    found: dict[str, dict[str, str]] = {}
    for point in distribution("spanloom").entry_points:
        if point.group.startswith(PREFIX):
            found.setdefault(point.group.removeprefix(PREFIX), {})[point.name] = point.value
    return found


def entries() -> list[tuple[str, str, str]]:
    return [
        (group, name, target)
        for group, names in installed().items()
        for name, target in names.items()
    ]


def names() -> dict[str, list[str]]:
    return {group: sorted(found) for group, found in sorted(installed().items())}


@pytest.mark.skipif(not PROJECT.exists(), reason="the source of the package isn't here")
def test_installed_metadata_is_up_to_date() -> None:
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    written = {
        group.removeprefix(PREFIX): points
        for group, points in project["entry-points"].items()
        if points and group.startswith(PREFIX)
    }
    assert installed() == written, (
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
        from spanloom import registry

        assert callable(value)
        assert registry.get(group, name) is value


def test_names_are_well_formed() -> None:
    odd = [
        name
        for group, name, _ in entries()
        if group not in BARE and name not in THEIRS_ALONE and not NAME.fullmatch(name)
    ]
    assert odd == []


def test_names_of_spacy_are_ours_too() -> None:
    for found in installed().values():
        for name, target in found.items():
            if name.startswith("spacy.") and name not in THEIRS_ALONE:
                assert found.get(name.replace("spacy.", "spanloom.", 1)) == target, name


def test_no_name_is_both_here_and_elsewhere() -> None:
    from spanloom.plugins.known import KNOWN

    found = installed()
    assert not [n for group, known in KNOWN.items() for n in known if n in found.get(group, {})]


def test_names_are_frozen() -> None:
    frozen = json.loads(FROZEN.read_text("utf-8"))
    now = names()
    gone = {g: sorted({*frozen[g]} - {*now.get(g, [])}) for g in frozen}
    assert not any(gone.values()), f"configs that use these break: {gone}"
    new = {g: sorted({*now[g]} - {*frozen.get(g, [])}) for g in now}
    assert not any(new.values()), f"not in frozen_names.json: {new}; {UPDATE}"


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(names(), indent=2) + "\n", "utf-8")
