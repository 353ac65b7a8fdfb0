"""The command line: lazy, neat in its errors, and ``spanloom plugins`` which loads nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spanloom import __version__
from spanloom.cli import cli

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]
LOUD = "import sys\nprint('LOADED', __name__)\n"
COMMAND = (
    "import click\n"
    "from spanloom.errors import DataError\n"
    "@click.command(context_settings={'ignore_unknown_options': True, 'allow_extra_args': True})\n"
    "@click.argument('what')\n"
    "@click.pass_context\n"
    "def weave(ctx, what):\n"
    "    'Weave WHAT.'\n"
    "    if what == 'bad': raise DataError('line one: fix it')\n"
    "    if what == 'bug': raise ZeroDivisionError\n"
    "    print(what, ctx.args)\n"
    "thing = 3\n"
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def weaver(fake_dist: FakeDist) -> None:
    hooks = (
        "from spanloom.plugins import hookimpl\n"
        "SPANLOOM_API = 1\n"
        "@hookimpl\n"
        "def register_commands(commands):\n"
        "    commands.group('weave', help='All about cloth.')\n"
        "    commands.add('weave cloth', target='loom_cli:weave', help='Weave cloth.')\n"
        "    commands.add('weave thing', target='loom_cli:thing', help='Not a command.')\n"
        "    commands.add('weave none', target='loom_cli:none', help='Not there.')\n"
        "    commands.add('weave gpu', target='loom_gpu:weave', help='Needs more.')\n"
        "    commands.add('train', target='loom_cli:weave', help='Taken already.')\n"
    )
    fake_dist(
        "loom-weave",
        "1.2",
        points={"spanloom_plugins": {"loom-weave": "loom_weave_plugin"}},
        modules={"loom_weave_plugin": hooks, "loom_cli": COMMAND, "loom_gpu": "import heavylib"},
        requires=('heavylib; extra == "gpu"',),
    )


# -- the shell


def test_version() -> None:
    result = run("--version")
    assert result.exit_code == 0 and result.output.startswith(f"spanloom {__version__} (Python 3.")


def test_help_imports_no_command(weaver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "spanloom.cli.train", raising=False)
    for arguments in (["--help"], ["weave", "--help"]):
        result = run(*arguments)
        assert result.exit_code == 0, result.output
    assert "Weave cloth." in result.output and "All about cloth." in run("--help").output
    assert "loom_cli" not in sys.modules and "spanloom.cli.train" not in sys.modules


@pytest.mark.parametrize("arguments", [["--help"], ["init", "--help"], ["plugins", "list"]])
def test_shell_is_light(fresh_python: FreshPython, arguments: list[str]) -> None:
    code = (
        "import sys, click\n"
        "from spanloom.cli import cli\n"
        f"cli.main({arguments!r}, standalone_mode=False)\n"
        "print('HEAVY', sorted({'thinc', 'torch', 'numpy', 'confection'} & set(sys.modules)))"
    )
    done = fresh_python(code)
    assert done.stdout.strip().endswith("HEAVY []"), done.stdout + done.stderr


def test_a_command_of_a_package_that_is_not_here_names_it(fresh_python: FreshPython) -> None:
    done = fresh_python(["-m", "spanloom", "convert", "a.iob", "b.loom"], SPANLOOM_PLUGINS="none")
    assert done.returncode == 2 and "pip install spanloom-formats" in done.stderr


def test_python_m_is_the_same(fresh_python: FreshPython) -> None:
    done = fresh_python(["-m", "spanloom", "plugins", "list", "--json"])
    assert json.loads(done.stdout)[0]["dist"] == "spanloom"
    assert fresh_python(["-m", "spanloom", "nonsense"]).returncode == 2


def test_command_runs_with_what_it_does_not_know(weaver: None) -> None:
    result = run("weave", "cloth", "silk", "--training.dropout", "0.2", "--x.y=3")
    assert result.output == "silk ['--training.dropout', '0.2', '--x.y=3']\n"
    assert "Weave WHAT." in run("weave", "cloth", "--help").output


def test_our_errors_are_one_block(weaver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("weave", "cloth", "bad")
    assert result.exit_code == 1
    assert result.stderr == "Error: line one: fix it\n" and result.stdout == ""
    assert isinstance(run("weave", "cloth", "bug").exception, ZeroDivisionError)
    monkeypatch.setenv("SPANLOOM_DEBUG", "1")
    assert type(run("weave", "cloth", "bad").exception).__name__ == "DataError"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            "thing",
            "command 'weave thing' of loom-weave (loom_cli:thing) isn't a click.Command but int",
        ),
        ("none", "AttributeError"),
        ("gpu", 'pip install "loom-weave[gpu]"'),
    ],
)
def test_commands_that_cannot_be_loaded(weaver: None, command: str, message: str) -> None:
    result = run("weave", command, "x")
    assert result.exit_code == 1 and message in result.stderr
    assert "loom-weave" in result.stderr and "Traceback" not in result.stderr


def test_two_owners_of_a_command(weaver: None) -> None:
    result = run("train", "config.cfg")
    assert result.exit_code == 1
    assert "spanloom (spanloom.cli.train:train_command) and loom-weave" in result.stderr
    assert "loom-weave" not in run("--no-plugins", "train", "--help").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "Did you mean 'train'?"),
        (["plugins", "lst"], "no command 'plugins lst'. Did you mean 'list'?"),
        (["zzz"], "no command 'zzz'"),
        (["pretrain", "x.cfg"], "pip install spanloom-pretrain"),
        (["init", "vectors"], "pip install spanloom-vectors"),
    ],
)
def test_unknown_commands(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANLOOM_PLUGINS", "none")
    result = run(*arguments)
    assert result.exit_code == 2 and message in result.stderr


def test_broken_plugins_are_told_of_where_commands_are_looked_for(
    fake_dist: FakeDist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANLOOM_PLUGINS", "spanloom-pretrain")
    points = {"spanloom_plugins": {"spanloom-pretrain": "loom_broken_plugin"}}
    fake_dist("spanloom-pretrain", points=points, modules={"loom_broken_plugin": "1 / 0"})
    for arguments in (["pretrain", "x.cfg"], ["zzz"]):
        result = run(*arguments)
        assert result.exit_code == 2 and "ZeroDivisionError" in result.stderr
        assert "pip install" not in result.stderr
    text = run("--help").output
    assert "Plugins that can't be used" in text and "ZeroDivisionError" in text
    assert run("plugins", "list").exit_code == 0


def test_no_plugins_leaves_the_process_as_it_was(
    weaver: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPANLOOM_PLUGINS", raising=False)
    result = run("--no-plugins", "plugins", "list", "--json")
    states = {each["dist"]: each["state"] for each in json.loads(result.stdout)}
    assert states["loom-weave"] == "disabled" and states["spanloom"] == "ok"
    states = {
        each["dist"]: each["state"] for each in json.loads(run("plugins", "list", "--json").stdout)
    }
    assert states["loom-weave"] == "ok"


def test_without_metadata_the_shell_says_so(tmp_path: Path, fresh_python: FreshPython) -> None:
    info = tmp_path / "hollow" / "spanloom-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spanloom\nVersion: 0.1.0\n")
    done = fresh_python(["-m", "spanloom", "train"], site=info.parent, SPANLOOM_PLUGINS="none")
    assert done.returncode == 2 and "metadata isn't installed" in done.stderr


# -- spanloom plugins


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
    from spanloom.plugins import refresh

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
