"""``spanloom plugins doctor`` and ``plugins environment``: faults are found, with a cure each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spanloom.cli import cli
from spanloom.plugins import Report, current
from spanloom_devkit.deep import load_everything
from spanloom_devkit.doctor import stale_entry_points

FakeDist = Callable[..., Path]
HOOKS = "from spanloom.plugins import hookimpl\nSPANLOOM_API = 1\n"
THING = {"spanloom_misc": {"loom-weave.Thing.v1": "loom_things:thing"}}
MODULES = {"loom_things": "def thing(): ...\n"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", "doctor", *arguments])


def told(dist: str) -> list[tuple[str, str, str]]:
    """Level, message and fix of what is said about a distribution."""
    found = json.loads(run("--json").output)
    return [(f["level"], f["message"], f["fix"]) for f in found if f["owner"] == dist]


@pytest.mark.lengthy
def test_all_is_well(fake_dist: FakeDist) -> None:
    fake_dist("loom-weave", points=THING, modules=MODULES, requires=("spanloom>=0.1",))
    assert told("loom-weave") == [("ok", "1 names", "")]
    result = run()
    assert result.exit_code == 0 and "0 errors" in result.output, result.output


def test_nothing_is_loaded(fake_dist: FakeDist) -> None:
    fake_dist("loom-weave", points=THING, modules={"loom_things": "raise SystemExit('loaded')\n"})
    assert run().exit_code == 0


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("parts", "level", "message", "fix"),
    [
        ({"requires": ("spanloom>=9",)}, "error", "it needs spanloom >=9", "--upgrade"),
        ({"requires": ("loom-absent>=2",)}, "error", "isn't installed", '"loom-absent>=2"'),
        ({"requires": ("numpy<1",)}, "error", "it needs numpy<1, and 2", '"numpy<1"'),
        ({"points": {"spanloom_misc": {"a.B.v1": "loom_gone:x"}}}, "error", "no module", "force"),
        ({"points": {"spanloom_misc": {"B": "loom_things:x"}}}, "warning", "no version", ".v1"),
        ({"requires": ('loom-gpu; extra == "gpu"',)}, "ok", "[gpu]", 'install "loom-weave[gpu]"'),
    ],
)
def test_faults_and_cures(
    fake_dist: FakeDist, parts: dict[str, object], level: str, message: str, fix: str
) -> None:
    fake_dist("loom-weave", **{"points": THING, "modules": MODULES, **parts})
    found = told("loom-weave")
    assert any(each[0] == level and message in each[1] and fix in each[2] for each in found), found
    assert run().exit_code == (2 if level == "error" else 0)
    assert run("--strict").exit_code == {"error": 2, "warning": 1, "ok": 0}[level]


def test_clashes_name_both_and_the_choice(fake_dist: FakeDist) -> None:
    fake_dist("loom-weave", points=THING, modules=MODULES)
    fake_dist("loom-other", points=THING)
    ((level, message, fix),) = [each for each in told("loom-weave") if "offered" in each[1]]
    assert level == "warning" and "loom-other" in message
    assert 'prefer = {"misc/loom-weave.Thing.v1": "loom-weave"}' in fix


def test_doubled_metadata(fake_dist: FakeDist) -> None:
    fake_dist("loom-weave", "1.0", points=THING, modules=MODULES)
    fake_dist("loom-weave", "1.1", points=THING)
    assert any("its metadata is there 2 times" in each[1] for each in told("loom-weave"))


def test_stale_editable_install(fake_dist: FakeDist, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        "[project]\nname = 'loom-weave'\n[project.entry-points.spanloom_misc]\n"
        "'loom-weave.New.v1' = 'loom_things:new'\n"
    )
    site = fake_dist("loom-weave", points=THING, modules=MODULES)
    said = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (site / "loom_weave-1.0.dist-info" / "direct_url.json").write_text(json.dumps(said))
    found = [each for each in told("loom-weave") if each[0] == "warning"]
    assert "new: loom-weave.New.v1; gone: loom-weave.Thing.v1" in found[0][1]
    assert found[0][2] == f"pip install --no-deps -e {project}"
    assert stale_entry_points(None) is None


@pytest.fixture
def only_weave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is looked at, which would take a while."""
    monkeypatch.setenv("SPANLOOM_PLUGINS", "loom-weave,spanloom-devkit")


def deep(**limits: float) -> list[tuple[str, str]]:
    report = Report()
    load_everything(current(), report, **limits)
    return [(f.level, f.message) for f in report.findings if f.owner.startswith("loom")]


@pytest.mark.lengthy
@pytest.mark.usefixtures("only_weave")
def test_plugins_that_crash_leave_or_hang(fake_dist: FakeDist) -> None:
    points = {"spanloom_misc": {f"loom-weave.{k}.v1": f"loom_{k}:x" for k in "abcde"}}
    sources = {
        "loom_a": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
        "loom_b": "import os\nprint('{noise')\nos._exit(7)\n",
        "loom_c": "raise SystemExit(3)\n",
        "loom_d": "x = 1\n",
        "loom_e": "import time\ntime.sleep(60)\n",
    }
    fake_dist("loom-weave", points=points, modules=sources)
    found = deep(limit=3.0)
    errors = [message for level, message in found if level == "error"]
    assert len(errors) == 4, found
    assert "loom-weave.a.v1: loading it ended Python (exit code -11)" in errors[0]
    assert "exit code 7" in errors[1] and "SystemExit: 3" in errors[2]
    assert "loom-weave.e.v1: loading it took more than 3 s" in errors[3]
    assert found[-1] == ("ok", "loaded 1 of 5 entries")


BUSY = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: ...\n"


@pytest.mark.lengthy
def test_hook_modules_that_everybody_waits_for(
    fake_dist: FakeDist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANLOOM_PLUGINS", "loom-weave,loom-slow")
    points = {"spanloom_plugins": {"loom-weave": "loom_hooks"}}
    fake_dist("loom-weave", points=points, modules={"loom_hooks": f"import numpy\n{HOOKS}"})
    fake_dist(
        "loom-slow",
        points={"spanloom_plugins": {"loom-slow": "loom_slow"}},
        modules={"loom_slow": f"{BUSY}{HOOKS}"},
    )
    found = deep()
    assert any("imports numpy" in message for _, message in found), found
    assert any("ms of CPU" in message for _, message in found), found


@pytest.mark.lengthy
@pytest.mark.usefixtures("only_weave")
def test_environment_computes_and_asks_plugins(fake_dist: FakeDist) -> None:
    hooks = (
        f"{HOOKS}@hookimpl\ndef check_environment(report):\n"
        "    report.warning('no loom here', 'buy one')\n"
    )
    points = {"spanloom_plugins": {"loom-weave": "loom_hooks"}}
    fake_dist("loom-weave", points=points, modules={"loom_hooks": hooks})
    result = CliRunner().invoke(cli, ["plugins", "environment", "--json"])
    facts = json.loads(result.output)
    messages = {(each["owner"], each["message"]): each for each in facts["checks"]}
    assert messages["loom-weave", "no loom here"]["fix"] == "buy one"
    assert any("multiplied 256x256" in message for _, message in messages)
    assert facts["distributions"]["loom-weave"] == "1.0, ok" and facts["packages"]["numpy"]
    shown = CliRunner().invoke(cli, ["plugins", "environment"])
    assert "no loom here" in shown.output and "0 errors, 1 warnings" in shown.output
    assert run("--deep").exit_code == 0


def test_an_unknown_group_is_told(fake_dist: FakeDist) -> None:
    points = {"spanloom_compnents": {"loom-weave.Thing.v1": "loom_things:thing"}}
    fake_dist("loom-weave", points=points, modules=MODULES, requires=("spanloom>=0.1",))
    result = CliRunner().invoke(cli, ["plugins", "doctor"])
    assert result.exit_code == 2 and "'spanloom_compnents': nobody finds" in result.output


def test_a_version_that_does_not_fit_has_one_cause_and_one_cure(fake_dist: FakeDist) -> None:
    fake_dist("loom-weave", points=THING, modules=MODULES, requires=("spanloom>=50",))
    result = CliRunner().invoke(cli, ["plugins", "doctor", "--json"])
    mine = [each for each in json.loads(result.output) if each["owner"] == "loom-weave"]
    assert [each["level"] for each in mine] == ["error"] and "upgrade" in mine[0]["fix"]


def test_a_plugin_for_earlier_versions_is_worth_a_warning(fake_dist: FakeDist) -> None:
    fake_dist("loom-weave", points=THING, modules=MODULES, requires=("spanloom<0.0.2",))
    result = CliRunner().invoke(cli, ["plugins", "doctor", "--json"])
    mine = [each for each in json.loads(result.output) if each["owner"] == "loom-weave"]
    assert [each["level"] for each in mine] == ["warning"] and "used anyway" in mine[0]["message"]


@pytest.mark.lengthy
@pytest.mark.usefixtures("only_weave")
def test_what_is_declared_is_looked_at(fake_dist: FakeDist) -> None:
    hooks = (
        "from spanloom.plugins import ConfigSection, hookimpl\n"
        "SPANLOOM_API = 1\n"
        "@hookimpl\n"
        "def register_commands(commands):\n"
        "    commands.add('zzz', target='bad.nope:cmd', help='Not there.')\n"
        "    commands.add('train', target='loom_things:thing', help='Taken.')\n"
        "@hookimpl\n"
        "def config_sections():\n"
        "    return [ConfigSection('mine', schema='loom_things:nothing')]\n"
    )
    points = {"spanloom_plugins": {"loom-weave": "loom_weave_plugin"}}
    modules = {**MODULES, "loom_weave_plugin": hooks}
    fake_dist("loom-weave", points=points, modules=modules, requires=("spanloom>=0.1",))
    report = Report()
    load_everything(current(), report)
    told = [each.message for each in report.findings if each.level == "error"]
    for part in (
        "command 'zzz' points at bad.nope:cmd",
        "command 'train' belongs",
        "[mine] points",
    ):
        assert any(part in each for each in told), part


@pytest.mark.lengthy
@pytest.mark.usefixtures("only_weave")
@pytest.mark.parametrize(
    ("hooks", "message"),
    [
        (HOOKS.replace("= 1", "= '1'"), "states SPANLOOM_API = '1', where an int is due"),
        (HOOKS.replace("= 1", "= 9"), "written for API 9"),
        (f"{HOOKS}@hookimpl\ndef before_tarin(): ...\n", "before_tarin"),
        (
            f"{HOOKS}from spanloom.plugins import ConfigSection\n@hookimpl\n"
            "def config_sections():\n    return [ConfigSection('training')]\n",
            "config section [training] is core's",
        ),
        (f"{HOOKS}raise KeyboardInterrupt\n", "spanloom_plugins/loom-weave"),
        ("import loom_absent\n", "loom_absent"),
    ],
)
def test_deep_finds_what_help_leaves_out_and_says_it_once(
    fake_dist: FakeDist, hooks: str, message: str
) -> None:
    points = {**THING, "spanloom_plugins": {"loom-weave": "loom_weave_plugin"}}
    modules = {**MODULES, "loom_weave_plugin": hooks}
    fake_dist("loom-weave", points=points, modules=modules, requires=("spanloom>=0.1",))
    report = Report()
    load_everything(current(), report)
    mine = [each for each in report.findings if each.level == "error"]
    assert len(mine) == 1, mine
    assert message in mine[0].message or "ended" in mine[0].message, mine


@pytest.mark.lengthy
@pytest.mark.usefixtures("only_weave")
def test_deep_tells_once_of_a_version_that_does_not_fit(fake_dist: FakeDist) -> None:
    points = {**THING, "spanloom_plugins": {"loom-weave": "loom_weave_plugin"}}
    modules = {**MODULES, "loom_weave_plugin": HOOKS}
    fake_dist("loom-weave", points=points, modules=modules, requires=("spanloom>=50",))
    found = json.loads(run("--deep", "--json").output)
    mine = [each for each in found if each["owner"] == "loom-weave"]
    assert [each["level"] for each in mine] == ["error"] and "--upgrade" in mine[0]["fix"]


@pytest.mark.lengthy
@pytest.mark.usefixtures("only_weave")
def test_deep_tells_of_a_hook_module_that_changes_python(fake_dist: FakeDist) -> None:
    source = f"{HOOKS}import sys\nsys.setrecursionlimit(4321)\nsys.stdout = sys.stderr\n"
    points = {"spanloom_plugins": {"loom-weave": "loom_weave_plugin"}}
    fake_dist("loom-weave", points=points, modules={"loom_weave_plugin": source})
    report = Report()
    load_everything(current(), report)
    mine = [each.message for each in report.findings if each.level == "warning"]
    assert any("changes sys.stdout, the recursion limit" in each for each in mine), mine


def test_an_interrupt_while_a_plugin_is_imported_names_it(
    fake_dist: FakeDist, fresh_python: Callable[..., Any]
) -> None:
    points = {"spanloom_plugins": {"loom-weave": "loom_weave_plugin"}}
    site = fake_dist(
        "loom-weave", points=points, modules={"loom_weave_plugin": "raise KeyboardInterrupt\n"}
    )
    done = fresh_python(["-m", "spanloom", "--help"], site)
    assert "interrupted while loom-weave 1.0 was imported (loom_weave_plugin)" in done.stderr
