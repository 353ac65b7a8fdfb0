"""No installed plugin takes names of core hostage, and saved pipelines know who supplied theirs."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import spanloom
from spanloom import registry
from spanloom.config import find_problems, load_config
from spanloom.errors import SpanloomError, UnknownNameError
from spanloom.plugins import Manager, current, refresh
from spanloom.plugins.tables import Command, CommandTable

from .support import run

FakeDist = Callable[..., Path]
THIEF = "def make(nlp, name: str):\n    return lambda doc: doc\nclass Own:\n    pass\n"
WEAVER = (
    "class Weaver:\n"
    "    def __call__(self, doc):\n"
    "        doc.user_data['who'] = __name__\n"
    "        return doc\n"
    "def make(nlp, name: str):\n"
    "    return Weaver()\n"
)
KLINGON = (
    "from spanloom.lang import LanguageDefaults\n"
    "class Klingon(LanguageDefaults):\n"
    "    code = 'tlh'\n"
)
HOOKS = "from spanloom.plugins import hookimpl, ConfigSection, Renamed\nSPANLOOM_API = 1\n"


def weaver(fake_dist: FakeDist, dist: str, version: str = "1.0") -> None:
    """Install a distribution that offers the component ``weaver``."""
    module = dist.replace("-", "_")
    points = {"spanloom_factories": {"weaver": f"{module}:make"}}
    fake_dist(dist, version, points=points, modules={module: WEAVER})


def uninstall(site: Path, dist: str) -> None:
    """Take a distribution of `fake_dist` away again."""
    for info in site.glob(f"{dist.replace('-', '_')}-*.dist-info"):
        (info / "entry_points.txt").unlink()
        (info / "METADATA").unlink()
        info.rmdir()
    refresh()


# -- names of core


@pytest.fixture
def thief(fake_dist: FakeDist) -> None:
    points = {
        "spanloom_factories": {"tagger": "loom_thief:make"},
        "spanloom_languages": {"en": "loom_thief:Own"},
        "spanloom_writers": {"loom": "loom_thief:make"},
        "thinc_optimizers": {"Adam.v1": "loom_thief:make"},
    }
    fake_dist("loom-thief", points=points, modules={"loom_thief": THIEF})


def test_names_of_core_are_reserved(thief: None) -> None:
    with pytest.warns(RuntimeWarning, match="'en' in registry .*spanloom: .*loom-thief"):
        nlp = spanloom.blank("en")
    with pytest.warns(RuntimeWarning, match="'tagger' .*loom-thief .*is ignored.*prefer = "):
        nlp.add_pipe("tagger")
    assert "loom_thief" not in sys.modules
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.add_pipe("tagger", name="again")  # it is told once
    assert registry.supplier("factories", "tagger").startswith("spanloom ")


@pytest.mark.filterwarnings("ignore:.*loom-thief")
def test_names_of_other_kinds_are_reserved_too(thief: None) -> None:
    assert registry.get("writers", "loom").__module__.startswith("spanloom.tokens.")
    assert registry.get("optimizers", "Adam.v1").__module__.startswith("thinc.")


@pytest.mark.filterwarnings("ignore:.*loom-thief")
def test_a_config_may_choose_the_other(thief: None) -> None:
    with registry.prefer({"factories/tagger": "loom-thief"}):
        assert registry.get("factories", "tagger").__module__ == "loom_thief"
    assert registry.get("factories", "tagger").__module__.startswith("spanloom.")


def test_a_decorator_takes_no_name_of_core_either() -> None:
    registry.factories("sentencizer", func=lambda nlp, name: None)
    try:
        with pytest.warns(RuntimeWarning, match="'sentencizer' .*code \\(a decorator"):
            assert spanloom.blank("xx").add_pipe("sentencizer") is not None
    finally:
        registry.factories.remove("sentencizer")
        registry.factories.forget()


def test_a_section_of_core_is_nobody_elses(fake_dist: FakeDist) -> None:
    hooks = f"{HOOKS}@hookimpl\ndef config_sections():\n    return [ConfigSection('training')]\n"
    points = {"spanloom_plugins": {"loom-thief": "loom_thief_plugin"}}
    fake_dist("loom-thief", points=points, modules={"loom_thief_plugin": hooks})
    [failure] = Manager(current(), only=("loom-thief",)).failures
    assert "[training] is core's" in str(failure)


def test_commands_of_our_other_packages_are_theirs() -> None:
    table = CommandTable()
    for name, owner in (("plugins list", "spanloom-devkit"), ("plugins list", "aa"), ("x", "aa")):
        table.commands.setdefault(name, []).append(Command(name, "m:c", "", owner))
    [out] = table.without_intruders({"plugins list": "spanloom-devkit"})
    assert (out.owner, out.name) == ("aa", "plugins list")
    assert [each.owner for each in table.commands["plugins list"]] == ["spanloom-devkit"]


# -- who supplied what


def test_the_supplier_that_was_recorded_is_taken(fake_dist: FakeDist, tmp_path: Path) -> None:
    weaver(fake_dist, "loom-bb")
    nlp = spanloom.blank("en")
    nlp.add_pipe("weaver")
    nlp.to_disk(tmp_path / "p")
    weaver(fake_dist, "loom-aa")
    again = spanloom.load(tmp_path / "p")
    assert again("Cloth").user_data["who"] == "loom_bb"
    again.to_disk(tmp_path / "q")
    assert spanloom.load(tmp_path / "q")("Cloth").user_data["who"] == "loom_bb"


def test_an_absent_plugin_is_named_from_the_saved_pipeline(
    fake_dist: FakeDist, site: Path, tmp_path: Path
) -> None:
    weaver(fake_dist, "loom-bb", "0.3")
    nlp = spanloom.blank("en")
    nlp.add_pipe("weaver")
    nlp.to_disk(tmp_path / "p")
    uninstall(site, "loom-bb")
    with pytest.raises(SpanloomError, match="needs loom-bb 0.3, .*pip install loom-bb"):
        spanloom.load(tmp_path / "p")
    fake_dist("loom-bb", "0.4", points={"spanloom_misc": {"loom-bb.X.v1": "loom_bb:make"}})
    with pytest.raises(SpanloomError, match='installed loom-bb 0.4 .*"loom-bb==0.3"'):
        spanloom.load(tmp_path / "p")


def test_a_component_of_the_authors_own_code_is_told_as_such(tmp_path: Path) -> None:
    spanloom.Pipeline.component("my_own")(lambda doc: doc)
    nlp = spanloom.blank("en")
    nlp.add_pipe("my_own")
    nlp.to_disk(tmp_path / "p")
    registry.factories.remove("my_own")
    with pytest.raises(SpanloomError, match="its author's own code"):
        spanloom.load(tmp_path / "p")


def test_a_bare_config_names_the_package_of_the_names_first_part() -> None:
    with pytest.raises(UnknownNameError, match="belong to a package 'loom-tiny', which isn't"):
        registry.get("architectures", "loom-tiny.X.v1")


def test_the_language_of_a_plugin_is_a_supplier(
    fake_dist: FakeDist, site: Path, tmp_path: Path
) -> None:
    points = {"spanloom_languages": {"tlh": "loom_klingon:Klingon"}}
    fake_dist("loom-klingon", "0.1.0", points=points, modules={"loom_klingon": KLINGON})
    nlp = spanloom.blank("tlh")
    nlp.to_disk(tmp_path / "p")
    data = nlp.to_bytes()
    meta = spanloom.pipeline.saving.saved_meta(tmp_path / "p")
    assert meta["suppliers"]["languages/tlh"] == "loom-klingon 0.1.0"
    uninstall(site, "loom-klingon")
    for load in (
        lambda: spanloom.load(tmp_path / "p"),
        lambda: spanloom.load(tmp_path / "p", vocab=spanloom.Vocab("tlh")),
        lambda: spanloom.blank("tlh").from_disk(tmp_path / "p"),
        lambda: spanloom.blank("tlh").from_bytes(data),
    ):
        with pytest.raises(SpanloomError, match="'tlh' .*needs loom-klingon 0.1.0"):
            load()
    assert spanloom.blank("tlh").lang == "tlh"  # a new pipeline gets neutral rules


# -- versions


@pytest.mark.parametrize("bound", ["<0.0.2", "<=0.0.1", "==0.0.1", "~=0.0.1", ">=0.0.1,<0.0.2"])
def test_a_plugin_for_earlier_versions_is_used_with_a_warning(
    fake_dist: FakeDist, bound: str
) -> None:
    points = {"spanloom_factories": {"weaver": "loom_bb:make", "two": "loom_bb:make"}}
    requires = (f"spanloom{bound}",)
    fake_dist("loom-bb", points=points, modules={"loom_bb": WEAVER}, requires=requires)
    with pytest.warns(
        RuntimeWarning, match="loom-bb 1.0 was made for an earlier version of Spanloom"
    ):
        assert registry.get("factories", "weaver")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert registry.get("factories", "two")


@pytest.mark.parametrize(("stated", "fits"), [("(1, 2)", 1), ("(0, 1)", 1), ("(2, 3)", 0)])
def test_a_plugin_states_a_range_of_apis(fake_dist: FakeDist, stated: str, fits: int) -> None:
    points = {"spanloom_plugins": {"loom-bb": "loom_bb_plugin"}}
    fake_dist("loom-bb", points=points, modules={"loom_bb_plugin": f"SPANLOOM_API = {stated}"})
    found = Manager(current(), only=("loom-bb",))
    assert len(found.plugins) == fits
    assert fits or "written for API 2 to 3, and this Spanloom has API 1" in str(found.failures[0])


@pytest.mark.parametrize("stated", ["'1'", "1.0", "True", "(1,)", "(1, '2')"])
def test_an_api_of_another_type_is_told_as_such(fake_dist: FakeDist, stated: str) -> None:
    points = {"spanloom_plugins": {"loom-bb": "loom_bb_plugin"}}
    fake_dist("loom-bb", points=points, modules={"loom_bb_plugin": f"SPANLOOM_API = {stated}"})
    [failure] = Manager(current(), only=("loom-bb",)).failures
    assert f"SPANLOOM_API = {stated}, where an int is due" in str(failure)


# -- renamed names


def renaming(fake_dist: FakeDist, old_works: bool) -> None:
    hooks = (
        f"{HOOKS}@hookimpl\ndef legacy_names():\n"
        "    return {('factories', 'old_thing'): Renamed('fresh_thing', until='2.0'),\n"
        "            ('factories', 'tagger'): Renamed('fresh_thing')}\n"
    )
    names = {"fresh_thing": "loom_bb:make"} | ({"old_thing": "loom_bb:make"} if old_works else {})
    points = {"spanloom_plugins": {"loom-bb": "loom_bb_plugin"}, "spanloom_factories": names}
    fake_dist("loom-bb", points=points, modules={"loom_bb": WEAVER, "loom_bb_plugin": hooks})


def test_a_renamed_name_warns_while_it_works(fake_dist: FakeDist) -> None:
    renaming(fake_dist, old_works=True)
    nlp = spanloom.blank("en")
    with pytest.warns(
        DeprecationWarning, match="'old_thing' .*renamed to 'fresh_thing'.*release 2.0"
    ):
        nlp.add_pipe("old_thing")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.add_pipe("old_thing", name="again")
        nlp.add_pipe("tagger")  # a plugin renames no name of core's


def test_a_renamed_name_that_is_gone_is_told(fake_dist: FakeDist) -> None:
    renaming(fake_dist, old_works=False)
    with pytest.raises(UnknownNameError, match="use 'fresh_thing'"):
        spanloom.blank("en").add_pipe("old_thing")


# -- the environment


def test_plugins_are_left_out_by_name(fake_dist: FakeDist, monkeypatch: pytest.MonkeyPatch) -> None:
    for dist in ("loom-aa", "loom-bb"):
        module = dist.replace("-", "_")
        points = {"spanloom_misc": {f"{dist}.X.v1": f"{module}:make"}}
        fake_dist(dist, points=points, modules={module: WEAVER})
    monkeypatch.setenv("SPANLOOM_PLUGINS", "-Loom_AA")
    assert "loom-aa.X.v1" not in registry.misc and "loom-bb.X.v1" in registry.misc
    monkeypatch.setenv("SPANLOOM_PLUGINS", "loom-ab")
    with pytest.warns(RuntimeWarning, match="names 'loom-ab'.*did you mean"):
        assert "loom-bb.X.v1" not in registry.misc


def test_a_module_that_prints_spoils_no_output(fake_dist: FakeDist) -> None:
    hooks = f"{HOOKS}print('HELLO')\n@hookimpl\ndef config_sections():\n    print('HELLO')\n"
    points = {
        "spanloom_plugins": {"loom-loud": "loom_loud_plugin"},
        "spanloom_factories": {"weaver": "loom_loud:make"},
    }
    modules = {"loom_loud_plugin": hooks, "loom_loud": f"print('HELLO')\n{WEAVER}"}
    fake_dist("loom-loud", points=points, modules=modules)
    result = run("init", "config", "-", "--pipeline", "weaver,tagger")
    assert "HELLO" not in result.stdout and result.stdout.startswith("[paths]")
    assert "HELLO" in result.stderr


def test_who_is_slow_is_named_while_everybody_waits(
    fake_dist: FakeDist, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("spanloom.plugins.hooks.SLOW", 0.05)
    hooks = f"{HOOKS}import time\ntime.sleep(0.3)\n"
    points = {"spanloom_plugins": {"loom-slow": "loom_slow_plugin"}}
    fake_dist("loom-slow", points=points, modules={"loom_slow_plugin": hooks})
    assert len(Manager(current(), only=("spanloom", "loom-slow")).plugins) == 2
    said = capsys.readouterr().err
    assert "waiting for loom-slow 1.0" in said and "waiting for spanloom" not in said


@pytest.mark.lengthy
def test_a_required_section_is_filled_in_for_everybody(
    fake_dist: FakeDist, tmp_path: Path, data: dict[str, str]
) -> None:
    run("init", "config", tmp_path / "c.cfg", "--pipeline", "tagger")
    hooks = (
        f"{HOOKS}@hookimpl\ndef config_sections():\n"
        "    return [ConfigSection('mine', defaults={'a': 1}, required=True)]\n"
    )
    points = {"spanloom_plugins": {"loom-bb": "loom_bb_plugin"}}
    fake_dist("loom-bb", points=points, modules={"loom_bb_plugin": hooks})
    paths = [part for key, value in data.items() for part in (f"--{key}", value)]
    assert find_problems(load_config(tmp_path / "c.cfg", data)) == []
    steps = ["--training.max_steps", "1", "-q"]
    run("train", tmp_path / "c.cfg", "-o", tmp_path / "m", *paths, *steps)
    assert spanloom.load(tmp_path / "m" / "model-last").config["mine"] == {"a": 1}
    with pytest.raises(SpanloomError, match="'b'"):
        spanloom.train(tmp_path / "c.cfg", overrides={**data, "mine.b": 2})


def test_decorator_on_the_target_itself_is_no_clash(fake_dist: FakeDist) -> None:
    source = (
        "from spanloom import registry\n"
        "@registry.misc('loom-both.X.v1')\n"
        "def thing() -> int:\n"
        "    return 1\n"
    )
    points = {"spanloom_misc": {"loom-both.X.v1": "loom_both:thing"}}
    fake_dist("loom-both", points=points, modules={"loom_both": source})
    assert registry.get("misc", "loom-both.X.v1")() == 1
    refresh()  # what was found before isn't at hand any more: now there are two offers
    assert registry.get("misc", "loom-both.X.v1")() == 1
    registry.misc.remove("loom-both.X.v1")
