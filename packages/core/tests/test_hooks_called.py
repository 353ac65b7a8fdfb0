"""Moments at which core asks plugins: while it checks a config, and for a device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spanloom import Pipeline
from spanloom.config import Config, check_config, fill_config, find_problems, load_config
from spanloom.errors import ConfigError, PluginError
from spanloom.pipeline.devices import use_device
from spanloom.plugins import Report

HEAD = "from spanloom.plugins import ConfigSection, Device, hookimpl\nSPANLOOM_API = 1\nSEEN = []\n"
Install = Callable[[str], Any]


@pytest.fixture
def plugin(fake_dist: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a plugin whose hook module ends in this source; returns the module when it is used
    first."""

    def install(source: str) -> Any:
        import importlib

        monkeypatch.setenv("SPANLOOM_PLUGINS", "loom-x")
        points = {"spanloom_plugins": {"loom-x": "loom_x_plugin"}}
        modules = {"loom_x_plugin": f"{HEAD}@hookimpl\n{source}\n"}
        fake_dist("loom-x", "1.0", points=points, modules=modules)
        return importlib.import_module("loom_x_plugin")

    return install


CHECK = """
def check_config(config, report):
    SEEN.append(config["training"]["max_steps"])
    report.ok("looked")
    report.warning("many steps", "fewer")
    if config["training"]["max_steps"] > 100:
        report.error("too many steps", "at most 100")
"""


def config(max_steps: int) -> Config:
    return Config({"nlp": {"lang": "en"}, "training": {"max_steps": max_steps}})


def test_plugins_find_problems_of_a_config(plugin: Install) -> None:
    module = plugin(CHECK)
    with pytest.warns(UserWarning, match=r"many steps \(fewer\) \[loom-x\]"):
        [problem] = find_problems(config(200))
    assert str(problem) == "(loom-x): too many steps (at most 100)"
    report = Report()
    check_config(config(100), report=report)
    assert [(each.level, each.owner) for each in report.findings] == [
        ("ok", "loom-x"),
        ("warning", "loom-x"),
    ]
    assert module.SEEN == [200, 100]  # once per check


def test_plugins_are_not_asked_where_something_else_is_wrong_or_nothing_is_trained(
    plugin: Install,
) -> None:
    module = plugin(CHECK)
    wrong = config(200)
    wrong["training"]["max_stepps"] = 1
    assert [each.path for each in find_problems(wrong)] == ["training.max_stepps"]
    Pipeline.from_config(config(200))
    assert module.SEEN == []


def test_a_plugin_that_fails_is_a_problem_of_the_check(plugin: Install) -> None:
    plugin("def check_config(config, report): raise ValueError('oh no')")
    with pytest.raises(ConfigError, match=r"\(loom-x\): hook check_config: .*oh no"):
        check_config(config(1))


def test_plugins_add_to_the_report_of_a_check(plugin: Install, tmp_path: Path) -> None:
    plugin(CHECK)
    path = tmp_path / "c.cfg"
    path.write_text(config(5).to_str())
    report = Report()
    assert not find_problems(load_config(path), report=report)
    found = {(each.level, each.message) for each in report.findings}
    assert {("ok", "looked"), ("warning", "many steps")} <= found
    path.write_text(config(500).to_str())
    (problem,) = find_problems(load_config(path))
    assert problem.message == "too many steps"


SECTIONS = """
def config_sections():
    return [
        ConfigSection("early", defaults={"x": 1}, phase="load"),
        ConfigSection("middle", defaults={"x": 1}, required=True),
        ConfigSection("late", defaults={"x": 1}, phase="command"),
    ]
"""


def test_sections_are_checked_when_they_are_needed(plugin: Install) -> None:
    plugin(SECTIONS)
    whole = {"nlp": {"lang": "en"}, **{name: {"y": 2} for name in ("early", "middle", "late")}}

    def wrong(phase: Any) -> list[str]:
        return [each.path for each in find_problems(whole, phase=phase)]

    assert wrong("load") == ["early.y"]
    assert wrong("train") == ["early.y", "middle.y"]
    assert wrong("command") == ["early.y", "middle.y", "late.y"]
    with pytest.raises(ConfigError, match="early.y"):
        Pipeline.from_config(whole)
    del whole["early"]
    assert Pipeline.from_config(whole).lang == "en"


def test_required_sections_are_filled_in(plugin: Install) -> None:
    plugin(SECTIONS)
    filled = fill_config({"nlp": {"lang": "en"}})
    assert filled["middle"] == {"x": 1} and "early" not in filled and "late" not in filled


def test_a_plugin_chooses_the_device(plugin: Install) -> None:
    module = plugin(
        "def select_device(request):\n"
        "    SEEN.append(request)\n"
        "    return Device('numpy', None, 'the GPU is busy')"
    )
    device = use_device("gpu", 3)
    assert (device.ops, device.reason) == ("numpy", "the GPU is busy")
    assert [(each.kind, each.gpu_id) for each in module.SEEN] == [("gpu", 3)]


def test_a_device_that_nobody_knows_is_named(plugin: Install) -> None:
    plugin("def select_device(request): return Device('abacus')")
    with pytest.raises(PluginError, match="abacus"):
        use_device()


def test_without_an_answer_thinc_decides(plugin: Install) -> None:
    plugin("def select_device(request): return None")
    assert use_device("cpu").ops == "numpy"
    assert use_device("auto").ops in ("numpy", "cupy", "mps")
