"""``spanloom plugins list``, ``show`` and ``why``: what is installed, without loading any of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spanloom.cli import cli
from spanloom.plugins import Index, refresh
from spanloom_devkit.describe import describe

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]
LOUD = "import sys\nprint('LOADED', __name__)\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def several(fake_dist: FakeDist) -> None:
    group = "spanloom_architectures"
    for dist in ("loom-aa", "loom-bb"):
        module = dist.replace("-", "_")
        fake_dist(
            dist,
            "2.0",
            points={
                group: {"shared.Name.v1": f"{module}.sub:f", f"{dist}.Own.v1": f"{module}.sub:f"},
                "spanloom_plugins": {dist: f"{module}._plugin"},
            },
            modules={f"{module}.{name}": LOUD for name in ("__init__", "sub", "_plugin")},
        )
    fake_dist(
        "loom-late",
        points={"spanloom_factories": {"loom_late": "loom_late:make"}},
        modules={"loom_late": LOUD},
        requires=("spanloom>=50",),
    )


def loaded() -> list[str]:
    return [name for name in sys.modules if name.startswith("loom_")]


def test_list(several: None) -> None:
    result = run("plugins", "list", "--json")
    found: dict[str, Any] = {each["dist"]: each for each in json.loads(result.stdout)}
    assert next(iter(found)) == "spanloom"
    assert found["loom-aa"]["state"] == found["loom-bb"]["state"] == "clash"
    assert found["loom-aa"]["hooks"] == "loom_aa._plugin"
    assert found["loom-aa"]["names"] == {"architectures": ["loom-aa.Own.v1", "shared.Name.v1"]}
    assert found["loom-late"]["state"] == "incompatible"
    assert "needs spanloom >=50" in found["loom-late"]["reason"]
    text = run("plugins", "list").stdout
    assert "loom-aa" in text and "2 architectures, hooks" in text
    assert loaded() == []


def test_list_of_one_registry(several: None) -> None:
    found = json.loads(run("plugins", "list", "--json", "--group", "factories").stdout)
    dists = {each["dist"] for each in found}
    assert "loom-late" in dists and "loom-aa" not in dists
    text = run("plugins", "list", "--group", "spanloom_architectures").stdout
    assert "shared.Name.v1" in text and "loom_bb.sub:f" in text
    assert loaded() == []
    result = run("plugins", "list", "--group", "architecture")
    assert result.exit_code == 1 and "Did you mean 'architectures'?" in result.stderr


def test_list_of_a_registry_of_thinc() -> None:
    [thinc] = json.loads(run("plugins", "list", "--json", "--group", "optimizers").stdout)
    assert thinc["dist"] == "thinc" and "Adam.v1" in thinc["names"]["optimizers"]


def test_show(several: None) -> None:
    text = run("plugins", "show", "LOOM_AA").stdout
    assert text.startswith("loom-aa 2.0: loom-aa\nState: clash (")
    assert "loom_aa._plugin" in text and "loom-bb" in text
    found = json.loads(run("plugins", "show", "loom-aa", "--json").stdout)
    offers = {offer["name"]: offer for offer in found["offers"]}
    assert offers["shared.Name.v1"]["rivals"] == ["loom-bb"]
    assert loaded() == []
    result = run("plugins", "show", "loom-zz")
    assert result.exit_code == 1 and "these do: spanloom, loom-aa, loom-bb" in result.stderr


def test_unreadable_metadata_hides_nobody_else(several: None, site: Path) -> None:
    (site / "loom_aa-2.0.dist-info" / "METADATA").write_bytes(b"Name: \xff\xfe")
    (site / "loom_bb-2.0.dist-info" / "METADATA").unlink()
    refresh()
    found = {each["dist"] for each in json.loads(run("plugins", "list", "--json").stdout)}
    assert {"spanloom", "loom-late", "(unknown distribution)"} <= found


def test_why(several: None, site: Path) -> None:
    found = json.loads(run("plugins", "why", "architectures", "loom-bb.Own.v1", "--json").stdout)
    [source] = found["sources"]
    assert found["clash"] is False
    assert (source["dist"], source["version"], source["target"]) == (
        "loom-bb",
        "2.0",
        "loom_bb.sub:f",
    )
    assert source["file"] == str(site / "loom_bb" / "sub.py")
    text = run("plugins", "why", "architectures", "shared.Name.v1").stdout
    assert '[plugins] prefer = {"architectures/shared.Name.v1": "loom-aa"}' in text
    assert loaded() == []
    result = run("plugins", "why", "architectures", "loom-bb.Own.v2")
    assert result.exit_code == 1 and "Did you mean 'loom-bb.Own.v1'" in result.stderr


def test_why_of_core_and_of_thinc() -> None:
    found = json.loads(run("plugins", "why", "factories", "tagger", "--json").stdout)
    assert found["sources"][0]["dist"] == "spanloom"
    found = json.loads(run("plugins", "why", "layers", "reduce_mean.v1", "--json").stdout)
    assert found["sources"][0]["target"] == "thinc.layers.reduce_mean:reduce_mean"


@pytest.mark.lengthy
def test_listing_runs_no_code_of_plugins(
    several: None, site: Path, fresh_python: FreshPython
) -> None:
    for arguments in (["list"], ["show", "loom-aa"], ["why", "architectures", "shared.Name.v1"]):
        code = (
            "import sys\n"
            "opened = []\n"
            "def audit(event, args):\n"
            "    if event == 'import' and args[0].startswith('loom_'): opened.append(args[0])\n"
            "sys.addaudithook(audit)\n"
            "from spanloom.cli import cli\n"
            f"cli.main(['plugins', *{arguments!r}], standalone_mode=False)\n"
            "print('IMPORTED', opened)"
        )
        done = fresh_python(code, site=site)
        assert done.stdout.strip().endswith("IMPORTED []"), done.stdout + done.stderr
        assert "LOADED" not in done.stdout


def test_shell_is_light(fresh_python: FreshPython) -> None:
    code = (
        "import sys, click\n"
        "from spanloom.cli import cli\n"
        "cli.main(['plugins', 'list'], standalone_mode=False)\n"
        "print('HEAVY', sorted({'thinc', 'torch', 'numpy', 'confection'} & set(sys.modules)))"
    )
    done = fresh_python(code)
    assert done.stdout.strip().endswith("HEAVY []"), done.stdout + done.stderr


@pytest.mark.lengthy
def test_python_m_is_the_same(fresh_python: FreshPython) -> None:
    done = fresh_python(["-m", "spanloom", "plugins", "list", "--json"])
    assert json.loads(done.stdout)[0]["dist"] == "spanloom"


def test_an_unknown_command_is_told_near_ones() -> None:
    result = run("plugins", "lst")
    assert result.exit_code == 2
    assert "There is no command 'plugins lst'. Did you mean 'list'?" in result.stderr


def test_plugins_that_are_left_out_are_shown_as_such(
    several: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def states() -> dict[str, str]:
        found = json.loads(run("plugins", "list", "--json").stdout)
        return {each["dist"]: each["state"] for each in found}

    monkeypatch.setenv("SPANLOOM_PLUGINS", "spanloom-devkit")
    assert states()["loom-aa"] == "disabled" and states()["spanloom"] == "ok"
    monkeypatch.delenv("SPANLOOM_PLUGINS")
    assert states()["loom-aa"] == "clash"


# -- hundreds of distributions


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least time of three that a piece of work takes."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)


@pytest.mark.lengthy
def test_listing_imports_none_and_is_quick(crowd: list[str]) -> None:
    def read_all() -> int:
        return sum(len(each.entry_points) for each in distributions() if each.metadata["Name"])

    found = describe(Index())
    assert set(crowd) <= {each.dist for each in found}
    assert loaded() == []
    once, listing = cpu_seconds(read_all), cpu_seconds(lambda: describe(Index()))
    assert listing < 8 * once, f"{listing:.3f} s of CPU, and {once:.3f} s to read all metadata once"
