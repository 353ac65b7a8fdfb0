"""``spanloom plugins new``: what it writes is whole. ``nox -s template`` installs it and trains."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from spanloom import registry
from spanloom.cli import cli
from spanloom.errors import PluginError
from spanloom_devkit.cli.new import new_command
from spanloom_devkit.doctor import well_named
from spanloom_devkit.new import KINDS, write_plugin


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_project(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "loom-weave"
    result = CliRunner().invoke(cli, ["plugins", "new", str(folder), "--kind", kind])
    assert result.exit_code == 0 and "pytest --spanloom-conformance=loom-weave" in result.output
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "loom-weave" and "spanloom>=0.1" in project["dependencies"]
    assert (folder / "src" / "loom_weave" / "py.typed").is_file()
    assert project["authors"] and project["urls"] and "spanloom-devkit" in str(project)
    workflows = folder / ".github" / "workflows"
    for name in ("tests.yml", "publish.yml"):
        assert "--spanloom-conformance=loom-weave" in (workflows / name).read_text()
    assert (folder / "LICENSE").is_file() and (folder / "CHANGELOG.md").is_file()
    for path in folder.rglob("*"):
        if path.is_file():
            assert not re.search(r"\$(?!\{\{)", path.read_text()), path
        if path.suffix == ".py":
            ast.parse(path.read_text())
    for group, names in project["entry-points"].items():
        for name, target in names.items():
            module, _, attribute = target.partition(":")
            source = folder / "src" / f"{module.replace('.', '/')}.py"
            defined = {getattr(node, "name", "") for node in ast.parse(source.read_text()).body}
            assert not attribute or attribute in defined
            kind_of = group.removeprefix("spanloom_")
            assert kind_of == "plugins" or (
                kind_of in registry.kinds() and well_named(kind_of, name)
            )


def test_the_command_offers_every_kind() -> None:
    [kind] = [each for each in new_command.params if each.name == "kind"]
    assert {*kind.type.choices} == {*KINDS}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "code"), [("loom-tlh", "tlh"), ("loom-klingon", "qaa")])
def test_the_code_of_a_language(tmp_path: Path, name: str, code: str) -> None:
    write_plugin(tmp_path / name, "language")
    project = tomllib.loads((tmp_path / name / "pyproject.toml").read_text())["project"]
    assert [*project["entry-points"]["spanloom_languages"]] == [code]


def test_a_language_that_is_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="'en' in languages"):
        write_plugin(tmp_path / "loom-en", "language")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "loom").mkdir()
    assert write_plugin(tmp_path / "loom", "reader").dist == "loom"
    with pytest.raises(PluginError, match="isn't empty"):
        write_plugin(tmp_path / "loom", "reader")


@pytest.mark.parametrize("name", ["spanloom-mine", "9lives", "a/b", "Lo om", "spanloom"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(PluginError, match="can't be the name of a plugin"):
        write_plugin(tmp_path / "new", "component", name)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["tagger", "pytest", "json", "my-tagger"])
def test_a_name_that_is_taken_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PluginError, match="already exists"):
        write_plugin(tmp_path / "fresh", "component", name)
    assert not (tmp_path / "fresh").exists()
