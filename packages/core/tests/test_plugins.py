"""Hooks: plugins are asked one by one, what one does wrong is contained, and core comes first."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spanloom
from spanloom import registry
from spanloom.errors import MissingFileError, PluginError
from spanloom.plugins import Manager, Report, current, import_code, manager
from spanloom.plugins.tables import CommandTable, ConfigSection, ExtensionTable

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]
HEAD = "from spanloom.plugins import hookimpl\nSPANLOOM_API = 1\nSEEN = []\n"


@pytest.fixture
def hook_dist(fake_dist: FakeDist, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """``hook_dist(name, source)`` installs a plugin whose hook module has this source.

    Plugins that happen to be installed where the tests run are left out.
    """
    installed: list[str] = []

    def install(name: str, source: str, **more: Any) -> str:
        installed.append(name)
        monkeypatch.setenv("SPANLOOM_PLUGINS", ",".join(installed))
        module = f"{name.replace('-', '_')}_plugin"
        points = {"spanloom_plugins": {name: module}}
        fake_dist(name, "1.5", points=points, modules={module: source}, **more)
        return module

    return install


def hook(*sources: str) -> str:
    return HEAD + "".join(f"@hookimpl\n{source}\n" for source in sources)


def adding(name: str, target: str, help: str) -> str:
    add = f"commands.add({name!r}, target='loom_cli:{target}', help={help!r})"
    return f"def register_commands(commands): {add}"


def names(found: Manager) -> list[str]:
    return [plugin.dist for plugin in found.plugins]


# -- taking part


def test_core_is_first_and_comes_by_the_same_door(hook_dist: Callable[..., Any]) -> None:
    hook_dist("loom-b", HEAD)
    hook_dist("a-loom", HEAD)
    found = manager()
    assert names(found)[0] == "spanloom"
    assert names(found).index("a-loom") < names(found).index("loom-b")
    assert found.plugins[0].entry.target == "spanloom._plugin"
    assert "train" in found.commands.commands


def test_a_plugin_needs_no_hooks(fake_dist: FakeDist) -> None:
    points = {"spanloom_factories": {"loom_thing": "loom_bare:make"}}
    fake_dist("loom-bare", points=points, modules={"loom_bare": "def make(nlp, name): ..."})
    assert "loom-bare" not in names(manager())
    assert registry.has("factories", "loom_thing")


@pytest.mark.parametrize(
    ("source", "stage", "message"),
    [
        ("raise RuntimeError('no luck')", "import", "RuntimeError: no luck"),
        ("import sys; sys.exit(2)", "import", "SystemExit: 2"),
        ("import heavylib", "import", "No module named 'heavylib'"),
        ("", "compat", "states no SPANLOOM_API, and this Spanloom has API 1"),
        ("SPANLOOM_API = 7", "compat", "is written for API 7, and this Spanloom has API 1"),
        (hook("def after_stpe(ctx): ..."), "validate", "after_stpe"),
        (hook("def after_step(context): ..."), "validate", "context"),
        (hook("def register_commands(commands): 1 / 0"), "call", "ZeroDivisionError"),
        (hook("def config_sections(): return ['x']"), "call", "'str'"),
        (
            hook("def register_commands(commands): commands.add('X', target='a:b', help='')"),
            "call",
            "command 'X'",
        ),
    ],
)
def test_broken_plugins_are_contained(
    hook_dist: Callable[..., Any], source: str, stage: str, message: str
) -> None:
    hook_dist("loom-bad", source)
    hook_dist("loom-good", hook("def pipeline_created(nlp): SEEN.append(nlp)"))
    found = manager()
    assert "loom-bad" not in names(found) and "loom-good" in names(found)
    [failure] = [each for each in found.failures if each.dist == "loom-bad"]
    assert failure.stage == stage and message in str(failure) and "loom-bad 1.5" in str(failure)
    found.observe("pipeline_created", nlp="pipe")
    assert sys.modules["loom_good_plugin"].SEEN == ["pipe"]


def test_target_that_is_not_a_module(fake_dist: FakeDist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANLOOM_PLUGINS", "loom-odd")
    points = {"spanloom_plugins": {"loom-odd": "loom_odd:thing"}}
    fake_dist("loom-odd", points=points, modules={"loom_odd": "thing = 3"})
    [failure] = manager().failures
    assert failure.dist == "loom-odd" and "isn't a hook module but int" in str(failure)


def test_incompatible_plugin_is_not_imported(hook_dist: Callable[..., Any]) -> None:
    module = hook_dist("loom-late", HEAD, requires=("spanloom>=77",))
    [failure] = manager().failures
    assert failure.stage == "compat" and "needs spanloom >=77" in str(failure)
    assert module not in sys.modules


@pytest.mark.parametrize(("setting", "expected"), [("none", []), ("loom_a", ["loom-a"])])
def test_selection_by_environment(
    hook_dist: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    expected: list[str],
) -> None:
    hook_dist("loom-a", HEAD)
    hook_dist("loom-b", "raise RuntimeError")
    monkeypatch.setenv("SPANLOOM_PLUGINS", setting)
    found = manager()
    assert names(found) == ["spanloom", *expected]
    assert not found.failures
    assert "loom_b_plugin" not in sys.modules


# -- when it is imported


def test_a_load_imports_no_hook_module_that_it_does_not_ask(
    hook_dist: Callable[..., Any], tmp_path: Path
) -> None:
    hook_dist("loom-cli", hook(adding("weave", "weave", "Weave."), "def check_config(config): ..."))
    hook_dist("loom-train", hook("def after_step(ctx): ..."))
    section = "from spanloom.plugins import ConfigSection\n    return [ConfigSection('weaving')]"
    hook_dist("loom-section", hook(f"def config_sections():\n    {section}"))
    hook_dist("loom-nlp", hook("def pipeline_created(nlp): SEEN.append(nlp)"))
    hook_dist("loom-load", hook("def after_load(nlp): SEEN.append(nlp)"))
    spanloom.blank("en").to_disk(tmp_path / "saved")
    there = {name for name in sys.modules if name.startswith("loom_")}
    assert there == {"loom_nlp_plugin"}
    nlp = spanloom.load(tmp_path / "saved")
    there = {name for name in sys.modules if name.startswith("loom_")}
    assert there == {"loom_nlp_plugin", "loom_load_plugin"}
    assert [nlp] == sys.modules["loom_load_plugin"].SEEN
    assert "weave" in manager().commands.commands and "loom_cli_plugin" in sys.modules
    spanloom.blank("en", config={"weaving": {"threads": 3}})
    assert "weaving" in manager().sections and "loom_train_plugin" not in sys.modules
    assert names(manager())[1:] == [
        "loom-cli",
        "loom-load",
        "loom-nlp",
        "loom-section",
        "loom-train",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "globals()['after_' + 'step'] = hookimpl(lambda ctx: SEEN.append(ctx))",
        "from loom_inner import *",
        "seen = hookimpl(specname='after_step')(lambda ctx: SEEN.append(ctx))",
        "from loom_inner import after_step",
    ],
)
def test_a_hook_is_found_however_it_is_defined(hook_dist: Callable[..., Any], source: str) -> None:
    hook_dist("loom-z", HEAD)
    inner = f"{HEAD}@hookimpl\ndef after_step(ctx): SEEN.append(ctx)\n"
    Path(sys.path[0], "loom_inner.py").write_text(inner)
    module = hook_dist("loom-odd", f"{HEAD}{source}\n")
    manager().observe("after_step", ctx="run", step=1)
    assert sys.modules[module].SEEN == ["run"] or sys.modules["loom_inner"].SEEN == ["run"]


def test_who_is_refused_does_not_hang_on_what_is_asked_first(hook_dist: Callable[..., Any]) -> None:
    declared = "def declare_extensions(declare): declare.doc('x_data')"
    hook_dist("loom-b", hook(declared, "def pipeline_created(nlp): ..."))
    hook_dist("loom-a", hook(declared))
    manager().observe("pipeline_created", nlp=None)
    assert manager().extensions.extensions["doc", "x_data"].owner == "loom-a"
    assert names(manager()) == ["spanloom", "loom-a"]


# -- declarations


def test_declarations_carry_their_owner(hook_dist: Callable[..., Any]) -> None:
    source = "from spanloom.plugins import ConfigSection, Renamed\n" + hook(
        adding("weave cloth", "weave", "Weave."),
        "def config_sections():\n"
        "    return [ConfigSection('weaving', defaults={'threads': 3}, phase='command')]",
        "def declare_extensions(declare):\n"
        "    declare.doc('loom_data', doc='What was woven.')\n"
        "    declare.token('loom_data')",
        "def legacy_names():\n"
        "    return {('architectures', 'loom.Old.v1'): Renamed('loom.New.v1', until='0.4')}",
    )
    hook_dist("loom-all", source)
    found = manager()
    [command] = found.commands.commands["weave cloth"]
    assert (command.owner, command.target) == ("loom-all", "loom_cli:weave")
    section = found.sections["weaving"]
    assert (section.owner, section.defaults, section.phase) == (
        "loom-all",
        {"threads": 3},
        "command",
    )
    extension = found.extensions.extensions["doc", "loom_data"]
    assert (extension.owner, extension.doc) == ("loom-all", "What was woven.")
    assert ("token", "loom_data") in found.extensions.extensions
    assert found.renamed["architectures", "loom.Old.v1"].name == "loom.New.v1"


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ("def declare_extensions(declare): declare.doc('x_data')", "doc._.x_data is declared by"),
        (
            "def config_sections():\n"
            "    from spanloom.plugins import ConfigSection\n"
            "    return [ConfigSection('weaving')]",
            "[weaving] is owned by",
        ),
    ],
)
def test_clashing_declarations_name_both_owners(
    hook_dist: Callable[..., Any], declaration: str, message: str
) -> None:
    hook_dist("loom-b", hook(declaration))
    hook_dist("loom-a", hook(declaration))
    found = manager()
    assert names(found) == ["spanloom", "loom-a"]
    [failure] = found.failures
    assert f"{message} loom-a and by loom-b" in str(failure)


def test_a_failing_plugin_declares_nothing(hook_dist: Callable[..., Any]) -> None:
    bad = "def declare_extensions(declare): declare.doc('not an identifier')"
    hook_dist("loom-half", hook(adding("half", "half", "Half."), bad))
    found = manager()
    assert "half" not in found.commands.commands
    assert "loom-half" not in names(found)


def test_tables_refuse_malformed_names() -> None:
    with pytest.raises(PluginError, match="isn't 'module:attribute'"):
        CommandTable().add("weave", target="no_colon", help="")
    with pytest.raises(PluginError, match="config section 'Weaving'"):
        ConfigSection("Weaving")
    with pytest.raises(PluginError, match="schema 'x'"):
        ConfigSection("weaving", schema="x")
    with pytest.raises(PluginError, match="custom attribute '_x'"):
        ExtensionTable("me").doc("_x")


# -- moments


def test_observers_go_on_and_warn_once(
    hook_dist: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hook_dist("a-bad", hook("def after_step(step): raise ValueError(step)"))
    hook_dist("b-good", hook("def after_step(ctx, step): SEEN.append((ctx, step))"))
    found = manager()
    with pytest.warns(RuntimeWarning, match=r"hook after_step: .*a-bad 1\.5.*ValueError: 1"):
        found.observe("after_step", ctx="run", step=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.observe("after_step", ctx="run", step=2)
    assert sys.modules["b_good_plugin"].SEEN == [("run", 1), ("run", 2)]
    assert [failure.name for failure in found.failures] == ["after_step", "after_step"]
    monkeypatch.setenv("SPANLOOM_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="a-bad"):
        found.observe("after_step", ctx="run", step=3)


def test_saving_hooks_must_not_fail(hook_dist: Callable[..., Any], tmp_path: Path) -> None:
    hook_dist("a-good", hook("def before_save(manifest): manifest['a-good'] = {'n': 1}"))
    manifest: dict[str, Any] = {}
    manager().demand("before_save", nlp=None, path=tmp_path, manifest=manifest)
    assert manifest == {"a-good": {"n": 1}}
    hook_dist("b-bad", hook("def before_save(nlp, path): raise OSError('disk')"))
    with pytest.raises(PluginError, match=r"hook before_save: .*b-bad 1\.5.*OSError: disk"):
        manager().demand("before_save", nlp=None, path=tmp_path, manifest=manifest)


def test_first_answer_wins(hook_dist: Callable[..., Any]) -> None:
    hook_dist("a-bad", hook("def open_resource(uri): raise ValueError"))
    hook_dist("b-none", hook("def open_resource(uri): return None"))
    hook_dist("c-yes", hook("def open_resource(uri, kind): return (uri, kind)"))
    hook_dist("d-late", hook("def open_resource(uri): SEEN.append(uri)"))
    found = manager()
    assert found.first("open_resource", uri="vectors://x", kind="vectors") == (
        "vectors://x",
        "vectors",
    )
    assert sys.modules["d_late_plugin"].SEEN == []
    assert [failure.dist for failure in found.failures] == ["a-bad"]
    assert found.first("select_device", request=None) is None


def test_reports_name_who_found_what(hook_dist: Callable[..., Any]) -> None:
    hook_dist("a-bad", hook("def check_environment(report): raise ValueError('oh')"))
    hook_dist("b-good", hook("def check_environment(report): report.warning('slow', 'buy more')"))
    report = manager().report("check_environment", Report())
    bad, good = (each for each in report.findings if each.owner != "spanloom")
    assert (bad.owner, bad.level) == ("a-bad", "error")
    assert (good.owner, good.level) == ("b-good", "warning")
    assert "oh" in bad.message and good.fix == "buy more"


def test_misnamed_moment_is_an_error() -> None:
    with pytest.raises(AttributeError):
        manager().observe("after_stpe")


def test_tracing(hook_dist: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    hook_dist("loom-a", hook("def pipeline_created(nlp): ..."))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPANLOOM_TRACE_PLUGINS", "1")
        manager().observe("pipeline_created", nlp=None)
    traced = capsys.readouterr().err
    assert "load spanloom_plugins loom-a" in traced
    assert "hook pipeline_created of loom-a" in traced


def test_a_manager_may_be_limited(hook_dist: Callable[..., Any]) -> None:
    hook_dist("loom-a", "raise RuntimeError")
    found = Manager(current(), only=("spanloom",))
    assert names(found) == ["spanloom"] and not found.failures


def test_hook_modules_stay_light(fresh_python: FreshPython) -> None:
    heavy = {"thinc", "torch", "numpy", "confection", "rich"}
    shown = f"print(sorted({heavy} & set(sys.modules)))"
    done = fresh_python(f"import sys; from spanloom.plugins import manager; manager(); {shown}")
    assert done.stdout.strip() == "[]", done.stderr


# -- --code


def code_file(folder: Path, text: str) -> Path:
    path = folder / "my_code.py"
    path.write_text(text, "utf-8")
    return path


def test_import_code_registers(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("WIDTH = 7")
    text = (
        "from beside import WIDTH\n"
        "from spanloom import registry\n"
        "@registry.misc('my_code.Thing.v1')\n"
        "def thing(width: int = WIDTH): return width\n"
    )
    path = code_file(tmp_path, text)
    try:
        module = import_code(path)
        assert registry.resolve({"x": {"@misc": "my_code.Thing.v1"}}) == {"x": 7}
        assert str(tmp_path) not in sys.path
        again = import_code(str(path))
        assert again is not module and again.__name__ == module.__name__
        assert registry.misc.get("my_code.Thing.v1") is again.thing
    finally:
        registry.misc.remove("my_code.Thing.v1")
        sys.modules.pop("beside")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = x / 0\n", r"my_code\.py, line 2: ZeroDivisionError"),
        ("x = (\n\ny = = 3\n", r"my_code\.py, line \d: SyntaxError"),
        ("def f():\n    raise KeyError('k')\n\n\nf()\n", r"my_code\.py, line 2: KeyError: 'k'"),
        ("import json\njson.loads('{')\n", r"my_code\.py, line 2: JSONDecodeError"),
        ("import no_such_module\n", r"my_code\.py, line 1: ModuleNotFoundError"),
        ("import sys\nsys.exit(4)\n", r"my_code\.py, line 2: SystemExit"),
    ],
)
def test_import_code_names_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    before = set(sys.modules)
    with pytest.raises(PluginError, match=message):
        import_code(code_file(tmp_path, text))
    assert not any(name.startswith("spanloom_code") for name in set(sys.modules) - before)


def test_import_code_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="There is no file .*nothing.py"):
        import_code(tmp_path / "nothing.py")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(PluginError, match="isn't a Python file"):
        import_code(tmp_path / "notes.txt")
