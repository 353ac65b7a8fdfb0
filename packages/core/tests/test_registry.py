"""The registries: lazy lookup, clashes, failures that name their cause, and names not there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spanloom import registry
from spanloom.errors import ConfigError, NameClashError, PluginError, UnknownNameError
from spanloom.plugins import refresh

FakeDist = Callable[..., Path]
FreshPython = Callable[..., subprocess.CompletedProcess[str]]
ARCHITECTURES = "spanloom_architectures"
THING = "def thing(width: int = 3, *, name: str = 'x'):\n    return ('thing', width, name)\n"


@pytest.fixture
def decorated() -> Iterator[Callable[[str, str], None]]:
    """Registers names through decorators and takes them back afterwards."""
    taken: list[tuple[str, str]] = []

    def note(group: str, name: str) -> None:
        taken.append((group, name))

    yield note
    for group, name in taken:
        registry[group].remove(name)


def thing(width: int = 3) -> tuple[str, int]:
    return ("thing", width)


def other(width: int = 3) -> tuple[str, int]:
    return ("other", width)


# -- decorators


def test_decorator_registers_and_returns_the_function(decorated: Callable[..., None]) -> None:
    assert registry.architectures("my.Thing.v1")(thing) is thing
    decorated("architectures", "my.Thing.v1")
    assert registry.architectures.get("my.Thing.v1") is thing
    assert registry.get("architectures", "my.Thing.v1") is thing
    assert registry.has("architectures", "my.Thing.v1")
    assert not registry.has("readers", "my.Thing.v1")
    assert "my.Thing.v1" in registry.names("architectures")
    assert registry.architectures.find("my.Thing.v1")["file"] == __file__
    assert registry.find("architectures", "my.Thing.v1")["module"] == __name__


def test_same_function_may_register_again_and_another_may_not(
    decorated: Callable[..., None],
) -> None:
    registry.misc("my.Thing.v1", thing)
    decorated("misc", "my.Thing.v1")
    registry.misc("my.Thing.v1", func=thing)
    with pytest.raises(
        NameClashError, match=r"test_registry:thing.*test_registry:other.*overwrite"
    ):
        registry.misc("my.Thing.v1", other)
    assert registry.misc.get("my.Thing.v1") is thing
    registry.misc("my.Thing.v1", overwrite=True)(other)
    assert registry.misc.get("my.Thing.v1") is other


def test_false_values_are_values(decorated: Callable[..., None]) -> None:
    registry.misc("my.empty", ())
    decorated("misc", "my.empty")
    assert registry.misc.get("my.empty") == ()
    assert "my.empty" in registry.misc


def test_removing_what_no_decorator_registered_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="No decorator registered 'my.Never.v1'"):
        registry.misc.remove("my.Never.v1")


# -- configs


def test_resolve_and_fill(decorated: Callable[..., None]) -> None:
    registry.architectures("my.Thing.v1", thing)
    decorated("architectures", "my.Thing.v1")
    config = {"model": {"@architectures": "my.Thing.v1"}}
    assert registry.fill(config) == {"model": {"@architectures": "my.Thing.v1", "width": 3}}
    assert registry.fill(registry.fill(config)) == registry.fill(config)
    assert registry.resolve(config) == {"model": ("thing", 3)}
    nested = {"a": {"@architectures": "my.Thing.v1", "width": 5}, "plain": {"x": [1, 2]}}
    assert registry.resolve(nested) == {"a": ("thing", 5), "plain": {"x": [1, 2]}}


def test_wrong_arguments_are_a_config_error_with_path(decorated: Callable[..., None]) -> None:
    registry.architectures("my.Thing.v1", thing)
    decorated("architectures", "my.Thing.v1")
    config = {"model": {"@architectures": "my.Thing.v1", "wdth": 5, "width": True}}
    with pytest.raises(ConfigError) as caught:
        registry.resolve(config)
    assert {problem.path for problem in caught.value.problems} == {"model.wdth", "model.width"}
    assert "my.Thing.v1" in str(caught.value)


def test_unknown_name_in_a_config_is_raised_at_resolve() -> None:
    config = {"model": {"@architectures": "nobody.Has.v1"}}
    assert registry.fill(config) == config
    with pytest.raises(UnknownNameError, match=r"nobody\.Has\.v1"):
        registry.resolve(config)


# -- laziness


def test_importing_the_registry_is_light(fresh_python: FreshPython) -> None:
    code = (
        "import sys\n"
        "bare = set(sys.modules)\n"
        "import spanloom\n"
        "first = set(sys.modules)\n"
        "from spanloom import registry\n"
        "registry.names('architectures'); registry.has('factories', 'tagger')\n"
        "slow = {'importlib.abc', 'importlib.resources', 'inspect', 'dataclasses', 'pathlib'}\n"
        "heavy = {'thinc', 'torch', 'numpy', 'confection', 'catalogue', 'click', 'rich'}\n"
        "print(sorted((heavy | slow) & first - bare), sorted(heavy & set(sys.modules)))"
    )
    done = fresh_python(code)
    assert done.stdout.split("\n")[0] == "[] ['catalogue']", done.stderr


def test_one_name_imports_one_module(fake_dist: FakeDist) -> None:
    fake_dist(
        "loom-two",
        points={
            ARCHITECTURES: {"loom-two.A.v1": "loom_two_a:thing", "loom-two.B.v1": "loom_two_b"}
        },
        modules={"loom_two_a": THING, "loom_two_b": "raise RuntimeError('never asked for')"},
    )
    assert "loom-two.B.v1" in registry.architectures
    assert {"loom-two.A.v1", "loom-two.B.v1"} <= set(registry.names("architectures"))
    assert registry.has("architectures", "loom-two.B.v1")
    assert not {"loom_two_a", "loom_two_b"} & set(sys.modules)
    assert registry.architectures.get("loom-two.A.v1")(4) == ("thing", 4, "x")
    assert "loom_two_a" in sys.modules and "loom_two_b" not in sys.modules
    assert registry.resolve({"m": {"@architectures": "loom-two.A.v1"}}) == {"m": ("thing", 3, "x")}


def test_repeated_get_is_quick(fake_dist: FakeDist) -> None:
    fake_dist(
        "loom-quick",
        points={ARCHITECTURES: {"loom-quick.A.v1": "loom_quick:thing"}},
        modules={"loom_quick": THING},
    )
    registry.architectures.get("loom-quick.A.v1")
    best = min(timeit.repeat(lambda: registry.architectures.get("loom-quick.A.v1"), number=10_000))
    assert best / 10_000 < 5e-6  # about 0.15 us when nothing else runs


def test_refresh_sees_what_was_installed_meanwhile(fake_dist: FakeDist, site: Path) -> None:
    assert not registry.has("architectures", "loom-new.A.v1")
    fake_dist(
        "loom-new",
        points={ARCHITECTURES: {"loom-new.A.v1": "loom_new:thing"}},
        modules={"loom_new": THING},
    )
    assert registry.architectures.get("loom-new.A.v1")() == ("thing", 3, "x")
    for path in site.glob("loom_new-*/*"):
        path.unlink()
    refresh()
    assert not registry.has("architectures", "loom-new.A.v1")


# -- clashes


@pytest.fixture
def clash(fake_dist: FakeDist) -> str:
    name = "shared.Name.v1"
    for dist in ("loom-bb", "loom-aa"):
        module = dist.replace("-", "_")
        points = {ARCHITECTURES: dict.fromkeys((name, f"{dist}.Own.v1"), f"{module}:who")}
        source = f"def who():\n    return '{dist}'\n"
        fake_dist(dist, "2.1", points=points, modules={module: source})
    return name


def test_clash_is_neutral_until_used(clash: str) -> None:
    assert registry.has("architectures", clash)
    assert registry.architectures.get("loom-aa.Own.v1")() == "loom-aa"
    with pytest.raises(NameClashError) as caught:
        registry.architectures.get(clash)
    message = str(caught.value)
    for part in ("loom-aa 2.1 (loom_aa:who)", "loom-bb 2.1 (loom_bb:who)", "[plugins] prefer = "):
        assert part in message
    assert '{"architectures/shared.Name.v1": "loom-aa"}' in message
    assert "loom_bb" not in sys.modules


def test_prefer_settles_a_clash_inside_its_block(clash: str) -> None:
    key = f"architectures/{clash}"
    with registry.prefer({key: "loom_BB"}):
        assert registry.architectures.get(clash)() == "loom-bb"
        with registry.prefer({key: "loom-aa"}):
            assert registry.resolve({"x": {"@architectures": clash}}) == {"x": "loom-aa"}
        assert registry.architectures.get(clash)() == "loom-bb"
    with pytest.raises(NameClashError):
        registry.architectures.get(clash)
    with (
        registry.prefer({key: "loom-cc"}),
        pytest.raises(NameClashError, match="'loom-cc' is pref"),
    ):
        registry.architectures.get(clash)


def test_decorator_does_not_replace_an_entry_point_silently(
    fake_dist: FakeDist, decorated: Callable[..., None]
) -> None:
    fake_dist(
        "loom-first",
        points={ARCHITECTURES: {"loom-first.A.v1": "loom_first:thing"}},
        modules={"loom_first": THING},
    )
    installed = registry.architectures.get("loom-first.A.v1")
    registry.architectures("loom-first.A.v1", thing)
    decorated("architectures", "loom-first.A.v1")
    with pytest.raises(NameClashError, match=r"loom-first 1\.0 .* and code \(a decorator, "):
        registry.architectures.get("loom-first.A.v1")
    with registry.prefer({"architectures/loom-first.A.v1": "code"}):
        assert registry.architectures.get("loom-first.A.v1") is thing
    with registry.prefer({"architectures/loom-first.A.v1": "loom-first"}):
        assert registry.architectures.get("loom-first.A.v1") is installed


def test_decorator_on_the_target_itself_is_no_clash(
    fake_dist: FakeDist, decorated: Callable[..., None]
) -> None:
    source = f"from spanloom import registry\n@registry.architectures('loom-both.A.v1')\n{THING}"
    fake_dist(
        "loom-both",
        points={ARCHITECTURES: {"loom-both.A.v1": "loom_both:thing"}},
        modules={"loom_both": source},
    )
    assert registry.architectures.get("loom-both.A.v1")() == ("thing", 3, "x")
    decorated("architectures", "loom-both.A.v1")
    refresh()  # or the answer comes from the cache
    assert registry.architectures.get("loom-both.A.v1")() == ("thing", 3, "x")


# -- failures


def broken(
    fake_dist: FakeDist, source: str, target: str = "loom_bad.inner:thing", **more: object
) -> str:
    fake_dist(
        "loom-bad",
        "3.2",
        points={ARCHITECTURES: {"loom-bad.A.v1": target, "loom-bad.Good.v1": "loom_good:thing"}},
        modules={"loom_bad.inner": source, "loom_bad.__init__": "", "loom_good": THING},
        **more,
    )
    with pytest.raises(PluginError) as caught:
        registry.architectures.get("loom-bad.A.v1")
    message = str(caught.value)
    assert "loom-bad 3.2" in message and target in message
    # A second get tells the same without importing again, and what isn't broken can be used.
    with pytest.raises(PluginError) as again:
        registry.architectures.get("loom-bad.A.v1")
    assert str(again.value) == message
    assert registry.architectures.get("loom-bad.Good.v1")() == ("thing", 3, "x")
    return message


def test_plugin_that_raises_on_import(fake_dist: FakeDist) -> None:
    assert "RuntimeError: no luck" in broken(fake_dist, "raise RuntimeError('no luck')")


def test_plugin_that_exits_on_import(fake_dist: FakeDist) -> None:
    assert "SystemExit: 3" in broken(fake_dist, "import sys; sys.exit(3)")


def test_plugin_without_its_target(fake_dist: FakeDist) -> None:
    message = broken(fake_dist, "", target="loom_bad.inner:nothing")
    assert "AttributeError" in message and "'nothing'" in message


def test_plugin_whose_own_module_is_absent(fake_dist: FakeDist) -> None:
    message = broken(fake_dist, "", target="loom_bad.outer:thing")
    assert 'pip install --force-reinstall "loom-bad"' in message


def test_missing_extra_names_the_cure(fake_dist: FakeDist) -> None:
    requires = ("spanloom>=0.1", 'heavylib-cuda12x>=2; extra == "gpu"', 'other; extra == "more"')
    message = broken(fake_dist, "import heavylib.sub", requires=requires)
    assert "No module named 'heavylib'" in message
    assert 'pip install "loom-bad[gpu]"' in message


def test_a_module_named_otherwise_than_what_brings_it(fake_dist: FakeDist) -> None:
    source = "raise ModuleNotFoundError('no', name='yaml.nodes')\n"
    message = broken(fake_dist, source, requires=('PyYAML>=6; extra == "more"',))
    assert 'pip install "loom-bad[more]"' in message


def test_missing_requirement_names_the_cure(fake_dist: FakeDist) -> None:
    requires = ("spanloom", "heavy_lib (>=2)")
    message = broken(fake_dist, "import heavy_lib", requires=requires)
    assert 'pip install "heavy_lib (>=2)"' in message


def test_missing_module_that_nobody_declares(fake_dist: FakeDist) -> None:
    message = broken(fake_dist, "import heavy_lib")
    assert "loom-bad doesn't declare what provides the module 'heavy_lib'" in message


def test_missing_module_behind_another_error(fake_dist: FakeDist) -> None:
    source = "try:\n import heavylib\nexcept ImportError as e:\n raise RuntimeError('sorry') from e"
    message = broken(fake_dist, source, requires=('heavylib; extra == "gpu"',))
    assert "RuntimeError: sorry" in message and 'pip install "loom-bad[gpu]"' in message


def test_incompatible_version_is_not_imported(fake_dist: FakeDist) -> None:
    fake_dist(
        "loom-late",
        "3.2",
        points={ARCHITECTURES: {"loom-late.A.v1": "loom_late:thing"}},
        modules={"loom_late": THING},
        requires=("spanloom>=77,<78",),
    )
    with pytest.raises(PluginError, match=r"loom-late 3\.2 .* needs spanloom .*>=77"):
        registry.architectures.get("loom-late.A.v1")
    assert "loom_late" not in sys.modules


def test_failure_record(fake_dist: FakeDist) -> None:
    broken(fake_dist, "import heavylib", requires=('heavylib; extra == "gpu"',))
    with pytest.raises(PluginError) as caught:
        registry.architectures.get("loom-bad.A.v1")
    record = caught.value.failure
    assert record is not None
    assert (record.dist, record.version, record.stage) == ("loom-bad", "3.2", "import")
    assert (record.group, record.name) == (ARCHITECTURES, "loom-bad.A.v1")
    assert record.missing_module == "heavylib" and record.error == "ModuleNotFoundError"
    assert "Traceback" in record.traceback and "Traceback" not in str(caught.value)


def test_disabled_distributions_are_left_out(
    fake_dist: FakeDist, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_dist(
        "loom-off",
        points={ARCHITECTURES: {"loom-off.A.v1": "loom_off:thing"}},
        modules={"loom_off": THING},
    )
    monkeypatch.setenv("SPANLOOM_PLUGINS", "none")
    assert "loom-off.A.v1" not in registry.names("architectures")
    assert not registry.has("architectures", "loom-off.A.v1")
    with pytest.raises(UnknownNameError, match="'loom-off', which SPANLOOM_PLUGINS"):
        registry.architectures.get("loom-off.A.v1")
    monkeypatch.setenv("SPANLOOM_PLUGINS", "something, Loom_Off")
    assert registry.architectures.get("loom-off.A.v1")() == ("thing", 3, "x")


# -- names that aren't there


def test_misspelt_name_suggests_without_importing(fake_dist: FakeDist) -> None:
    fake_dist(
        "loom-near",
        points={ARCHITECTURES: {"loom-near.Encoder.v1": "loom_near:thing"}},
        modules={"loom_near": "raise RuntimeError"},
    )
    registry.names("architectures")
    start = time.perf_counter()
    with pytest.raises(UnknownNameError, match=r"Did you mean 'loom-near\.Encoder\.v1'"):
        registry.architectures.get("loom-near.Encodr.v1")
    assert time.perf_counter() - start < 0.5  # a few ms when nothing else runs
    assert "loom_near" not in sys.modules


#: Distribution -> some names of its, each after its registry.
ELSEWHERE = {
    "spanloom-formats": ["converters conllu"],
    "spanloom-onnx": [
        "architectures spanloom.TransformerListener.v1",
        "factories token_splitter",
        "span_getters spanloom.strided_spans.v1",
        "annotation_setters spanloom.null_annotation_setter.v1",
    ],
    "spanloom-pretrain": [
        "architectures spanloom.PretrainVectors.v1",
        "readers spanloom.JsonlCorpus.v1",
    ],
    "spanloom-spacy": ["converters spacy"],
    "spanloom-tasks": [
        "factories ner",
        "architectures spanloom.TransitionBasedParser.v2",
        "scorers spanloom.textcat_scorer.v2",
    ],
    "spanloom-transformers": [
        "architectures spanloom.TransformerModel.v3",
        "factories transformer",
        "encoders spanloom.TextEncoder.v1",
    ],
    "spanloom-vectors": ["architectures spanloom.StaticVectors.v1"],
}


@pytest.mark.parametrize(
    ("group", "name", "dist"),
    [(*each.split(), dist) for dist, names in ELSEWHERE.items() for each in names],
)
def test_known_names_say_what_to_install(group: str, name: str, dist: str) -> None:
    if registry.has(group, name):
        pytest.skip(f"{dist} is installed here")
    with pytest.raises(UnknownNameError, match=f"provided by '{dist}'.*pip install {dist}"):
        registry.get(group, name)


@pytest.mark.parametrize(
    ("group", "name"),
    [("loggers", "spacy.ConsoleLogger.v3"), ("span_getters", "spacy-transformers.doc_spans.v1")],
)
def test_names_of_spacys_say_what_to_install(group: str, name: str) -> None:
    if registry.has("dialects", "spacy"):
        pytest.skip("spanloom-spacy is installed here")
    with pytest.raises(UnknownNameError, match=r"translated by 'spanloom-spacy'.*pip install"):
        registry.get(group, name)


def test_unknown_registry_suggests() -> None:
    with pytest.raises(UnknownNameError, match=r"No registry 'architecture'.*'architectures'"):
        registry.get("architecture", "x")
    assert not registry.has("architecture", "x")


# -- thinc's own registries


@pytest.mark.lengthy
def test_thinc_registries_are_proxied(fresh_python: FreshPython) -> None:
    code = (
        "import sys\n"
        "from spanloom import registry\n"
        "before = 'thinc' in sys.modules\n"
        "layer = registry.layers.get('reduce_mean.v1')\n"
        "from thinc.api import reduce_mean, registry as thincs, with_array\n"
        "registry.layers('my.Layer.v1', with_array)\n"
        "print(before, layer is reduce_mean, thincs.layers.get('my.Layer.v1') is with_array,\n"
        "      'Adam.v1' in registry.optimizers, 'warmup_linear.v1' in registry.names('schedules'))"
    )
    done = fresh_python(code)
    assert done.stdout.strip() == "False True True True True", done.stderr


def test_what_thinc_registers_later_is_seen() -> None:
    import thinc.api

    def first() -> int:
        return 1

    def second() -> int:
        return 2

    try:
        thinc.api.registry.schedules("my.Schedule.v1")(first)
        assert registry.schedules.get("my.Schedule.v1") is first
        thinc.api.registry.schedules("my.Schedule.v1")(second)
        assert registry.schedules.get("my.Schedule.v1") is second
    finally:
        registry.schedules.remove("my.Schedule.v1")


def test_supplier(fake_dist: FakeDist, clash: str, decorated: Callable[..., None]) -> None:
    from importlib.metadata import version

    registry.schedules("my.Thing.v1", thing)
    decorated("schedules", "my.Thing.v1")
    assert registry.supplier("architectures", "loom-aa.Own.v1") == "loom-aa 2.1"
    assert registry.supplier("layers", "reduce_mean.v1") == f"thinc {version('thinc')}"
    assert registry.supplier("schedules", "my.Thing.v1") == "code"
    with pytest.raises(NameClashError):
        registry.supplier("architectures", clash)
    with registry.preferring({"plugins": {"prefer": {f"architectures/{clash}": "loom-bb"}}}):
        assert registry.supplier("architectures", clash) == "loom-bb 2.1"
    with pytest.raises(UnknownNameError):
        registry.supplier("architectures", "loom-zz.Own.v1")
    assert "loom_aa" not in sys.modules


# -- core by the same door


@pytest.mark.lengthy
def test_without_its_entry_points_core_offers_nothing(
    tmp_path: Path, fresh_python: FreshPython
) -> None:
    hollow = tmp_path / "hollow" / "spanloom-0.1.0.dist-info"
    hollow.mkdir(parents=True)
    (hollow / "METADATA").write_text("Metadata-Version: 2.1\nName: spanloom\nVersion: 0.1.0\n")
    code = (
        "import json\n"
        "from spanloom import registry\n"
        "from spanloom.plugins.index import current, PREFIX\n"
        "print(json.dumps([n for g in current().groups() if g.startswith(PREFIX)\n"
        "                  for n in current().names(g) if current().entries(g, n)[0].dist\n"
        "                  == 'spanloom']))\n"
    )
    assert len(json.loads(fresh_python(code).stdout)) > 5
    assert json.loads(fresh_python(code, site=hollow.parent).stdout) == []


# -- [plugins] prefer in a config


def test_a_config_settles_its_clashes(clash: str) -> None:
    from spanloom.config import check_config, fill_config, parse_config, resolve_section

    text = f'[training]\n[training.optimizer]\n@architectures = "{clash}"\n'
    plain = parse_config(text)
    with pytest.raises(NameClashError):
        resolve_section(plain, "training.optimizer")
    config = parse_config(
        f'{text}[plugins]\nprefer = {{"architectures/{clash}": "loom-bb"}}\n[nlp]\nlang = "en"\n'
    )
    assert resolve_section(config, "training.optimizer") == "loom-bb"
    filled = fill_config(config)
    assert parse_config(filled.to_str())["plugins"] == config["plugins"]
    assert resolve_section(filled, "training.optimizer") == "loom-bb"
    check_config(config)


def test_preferences_that_cannot_be_read() -> None:
    for bad in ("loom-aa", {"no-registry": "loom-aa"}, {"architectures/x.v1": 3}):
        with pytest.raises(ConfigError, match=r"plugins\.prefer: can't be read"):
            registry.preferring({"plugins": {"prefer": bad}})
    with registry.preferring({"plugins": {}}), registry.preferring({}):
        pass


def test_a_pipeline_prefers_as_its_config_says(fake_dist: FakeDist, tmp_path: Path) -> None:
    import spanloom
    from spanloom.config import parse_config

    for dist in ("loom-aa", "loom-bb"):
        module = dist.replace("-", "_")
        fake_dist(
            dist,
            points={"spanloom_factories": {"weaver": f"{module}:make"}},
            modules={module: f"def make(nlp, name):\n    return lambda doc: '{dist}'\n"},
        )
    text = (
        '[nlp]\nlang = "xx"\npipeline = ["w"]\n[components]\n[components.w]\nfactory = "weaver"\n'
    )
    with pytest.raises(ConfigError, match="provided by loom-aa 1.0.*and loom-bb 1.0"):
        spanloom.Pipeline.from_config(parse_config(text))
    text += '[plugins]\nprefer = {"factories/weaver": "loom-bb"}\n'
    nlp = spanloom.Pipeline.from_config(parse_config(text))
    assert nlp.get_pipe("w")(None) == "loom-bb"
    nlp.to_disk(tmp_path / "saved")
    meta = json.loads((tmp_path / "saved" / "meta.json").read_text())
    assert meta["suppliers"]["factories/weaver"] == "loom-bb 1.0"
    assert spanloom.load(tmp_path / "saved").get_pipe("w")(None) == "loom-bb"
