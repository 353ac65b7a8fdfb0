"""The command line: lazy, and neat in its errors."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spanloom import __version__
from spanloom.cli import cli

from .support import config_for

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]
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


@pytest.mark.parametrize("arguments", [["--help"], ["init", "--help"]])
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


@pytest.mark.lengthy
def test_pretrained_weights_need_the_package_that_reads_them(
    fresh_python: FreshPython, data: dict[str, str], tmp_path: Path
) -> None:
    config_for(data).to_disk(tmp_path / "c.cfg")
    told = ["-m", "spanloom", "train", str(tmp_path / "c.cfg"), "--initialize.init_tok2vec", "w"]
    done = fresh_python(told, SPANLOOM_PLUGINS="none")
    assert done.returncode == 1 and "spanloom-pretrain" in done.stderr


def test_python_m_is_the_same(fresh_python: FreshPython) -> None:
    done = fresh_python(["-m", "spanloom", "--version"])
    assert done.stdout == run("--version").output
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


def test_commands_of_core_are_reserved(weaver: None) -> None:
    with pytest.warns(RuntimeWarning, match="Command 'train' of loom-weave .* is ignored"):
        assert run("--help").exit_code == 0
    result = run("train", "--help")
    assert result.exit_code == 0 and "Weave" not in result.output
    assert "Weave cloth." in run("weave", "--help").output


def test_a_command_that_would_hide_those_of_core_is_left_out(fake_dist: FakeDist) -> None:
    hooks = (
        "from spanloom.plugins import hookimpl\n"
        "SPANLOOM_API = 1\n"
        "@hookimpl\n"
        "def register_commands(commands):\n"
        "    commands.add('init', target='loom_cli:weave', help='Hides init config.')\n"
        "    commands.add('train fast', target='loom_cli:weave', help='Is hidden by train.')\n"
    )
    points = {"spanloom_plugins": {"loom-hide": "loom_hide_plugin"}}
    fake_dist("loom-hide", points=points, modules={"loom_hide_plugin": hooks, "loom_cli": COMMAND})
    with pytest.warns(RuntimeWarning, match="'(init|train fast)' of loom-hide"):
        run("--help")
    assert "Write a config" in run("init", "--help").output
    assert run("train", "--help").exit_code == 0


def test_two_owners_of_a_command(fake_dist: FakeDist) -> None:
    for dist in ("loom-aa", "loom-bb"):
        module = f"{dist.replace('-', '_')}_plugin"
        hooks = (
            "from spanloom.plugins import hookimpl\n"
            "SPANLOOM_API = 1\n"
            "@hookimpl\n"
            "def register_commands(commands):\n"
            f"    commands.add('weave', target='{module}:weave', help='Weave.')\n"
        )
        points = {"spanloom_plugins": {dist: module}}
        fake_dist(dist, points=points, modules={module: hooks})
    result = run("weave", "cloth")
    assert result.exit_code == 1
    assert "loom-aa (loom_aa_plugin:weave) and loom-bb (loom_bb_plugin:weave)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "Did you mean 'train'?"),
        (["init", "confg"], "no command 'init confg'. Did you mean 'config'"),
        (["zzz"], "no command 'zzz'"),
        (["apply", "m", "a.txt", "b.loom"], "pip install spanloom-formats"),
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
    assert run("info").exit_code == 0


def test_no_plugins_leaves_the_process_as_it_was(
    weaver: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPANLOOM_PLUGINS", raising=False)
    assert "All about cloth." not in run("--no-plugins", "--help").output
    assert "All about cloth." in run("--help").output


def test_without_metadata_the_shell_says_so(tmp_path: Path, fresh_python: FreshPython) -> None:
    info = tmp_path / "hollow" / "spanloom-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: spanloom\nVersion: 0.1.0\n")
    done = fresh_python(["-m", "spanloom", "train"], site=info.parent, SPANLOOM_PLUGINS="none")
    assert done.returncode == 2 and "metadata of Spanloom isn't installed" in done.stderr


@pytest.mark.lengthy
def test_a_slow_plugin_keeps_nobody_from_our_commands(
    fake_dist: FakeDist, fresh_python: FreshPython
) -> None:
    points = {"spanloom_plugins": {"loom-slow": "loom_slow_plugin"}}
    site = fake_dist(
        "loom-slow", points=points, modules={"loom_slow_plugin": "import time\ntime.sleep(2)"}
    )
    for arguments in (["train", "--help"], ["init", "config", "--help"], ["info"]):
        done = fresh_python(["-m", "spanloom", *arguments], site=site)
        assert done.returncode == 0 and "waiting for loom-slow" not in done.stderr


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("spanloom in", "plain,info"),
        ("spanloom train --out", "plain,--output"),
        ("spanloom init config --pipeline tagger,sent", "plain,tagger,senter"),
    ],
)
def test_a_shell_completes_commands_and_options(words: str, found: str) -> None:
    given = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    env = {**os.environ, **given, "_SPANLOOM_COMPLETE": "bash_complete"}
    code = "from spanloom.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False
    )
    assert found in done.stdout.split()
