"""What is published fits together: one version, one licence, extras that name what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import spanloom

ROOT = Path(__file__).resolve().parent.parent
PROJECTS: dict[str, dict[str, Any]] = {
    path.parent.name: tomllib.loads(path.read_text("utf-8"))["project"]
    for path in sorted(ROOT.glob("packages/*/pyproject.toml"))
}
PLUGINS = [project["name"] for project in PROJECTS.values() if project["name"] != "spanloom"]
each_folder = pytest.mark.parametrize("folder", PROJECTS)


def version_of(folder: str) -> str:
    """The version that the package's source states, which its metadata takes."""
    (path,) = ROOT.glob(f"packages/{folder}/src/*/__init__.py")
    found = re.search(r'^__version__ = "([^"]+)"$', path.read_text("utf-8"), re.MULTILINE)
    assert found is not None, f"{path} states no __version__"
    return found[1]


@each_folder
def test_one_version(folder: str) -> None:
    assert version_of(folder) == spanloom.__version__
    assert PROJECTS[folder]["dynamic"] == ["version"]


@each_folder
def test_siblings_are_within_their_ranges(folder: str) -> None:
    project = PROJECTS[folder]
    extras = project.get("optional-dependencies", {}).values()
    lines = [*project["dependencies"], *(line for lines in extras for line in lines)]
    ours = [each for each in map(Requirement, lines) if each.name.startswith("spanloom-")]
    ours += [each for each in map(Requirement, project["dependencies"]) if each.name == "spanloom"]
    for each in ours:
        assert each.specifier.contains(spanloom.__version__), each
        release = Version(spanloom.__version__).release
        # Hooks may change with the minor version before 1.0, so siblings stay within one.
        assert not each.specifier.contains(f"{release[0]}.{release[1] + 1}.0"), each


@each_folder
def test_metadata_is_whole(folder: str) -> None:
    project = PROJECTS[folder]
    assert project["license"] == "MIT" and project["requires-python"] == ">=3.11"
    assert project["description"] and project["keywords"]
    assert "Typing :: Typed" in project["classifiers"]
    assert len(project["classifiers"]) == len(set(project["classifiers"]))
    for name in ("README.md", "LICENSE", "CHANGELOG.md"):
        assert (ROOT / "packages" / folder / name).is_file(), name
    same = (ROOT / "LICENSE").read_text("utf-8")
    assert (ROOT / "packages" / folder / "LICENSE").read_text("utf-8") == same


@each_folder
def test_metadata_with_the_readme_can_be_written_as_text(folder: str) -> None:
    """Python's ``importlib.metadata`` makes a header of it, where a line may not look like one."""
    text = (ROOT / "packages" / folder / "README.md").read_text("utf-8")
    assert re.findall(r"^[^ \t\n]+:.*", text, re.MULTILINE) == []


@each_folder
def test_changelog_has_the_version(folder: str) -> None:
    text = (ROOT / "packages" / folder / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## {re.escape(spanloom.__version__)}\b", text, re.MULTILINE)


def test_extras_of_core() -> None:
    """``spanloom[all]`` brings every plugin there is, and each has an extra of its own."""
    extras = PROJECTS["core"]["optional-dependencies"]
    for name in PLUGINS:
        lines = extras[name.removeprefix("spanloom-")]
        assert [Requirement(line).name for line in lines] == [name]
    (standard,) = map(Requirement, extras["standard"])
    (whole,) = map(Requirement, extras["all"])
    named = (whole.extras - {"standard"}) | standard.extras
    assert {f"spanloom-{extra}" for extra in named} == set(PLUGINS)
    assert extras["cuda12x"] == PROJECTS["transformers-plugin"]["optional-dependencies"]["cuda12x"]


@each_folder
def test_nobody_publishes_paths(folder: str) -> None:
    project = PROJECTS[folder]
    extras = project.get("optional-dependencies", {}).values()
    lines = [*project["dependencies"], *(line for lines in extras for line in lines)]
    assert not [line for line in lines if "@" in line or "file:" in line]
    for name in project.get("entry-points", {}).get("spanloom_plugins", {}):
        assert name == project["name"]


def test_citation_has_the_version() -> None:
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    assert re.search(rf"^version: {re.escape(spanloom.__version__)}$", text, re.MULTILINE)
