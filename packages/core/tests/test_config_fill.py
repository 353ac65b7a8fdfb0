"""Filling, resolving, and making new configs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from spanloom import Pipeline, registry
from spanloom.cli.main import cli
from spanloom.config import (
    Config,
    check_config,
    default_config,
    fill_block,
    fill_config,
    find_problems,
    init_config,
    parse_config,
    resolve_block,
    resolve_section,
)
from spanloom.errors import ConfigError
from spanloom.plugins import refresh
from spanloom.plugins.factory import NewConfig, component_defaults, factory_info

NAMES = ["tagger", "morphologizer", "senter", "sentencizer"]


def test_defaults_of_sections_factories_and_functions_are_written_down() -> None:
    config = parse_config(
        '[nlp]\nlang = "en"\npipeline = ["tagger"]\n'
        '[components.tagger]\nfactory = "tagger"\n'
        '[components.tagger.model]\n@architectures = "spanloom.Tagger.v2"\n'
        '[components.tagger.model.tok2vec]\n@architectures = "spanloom.HashEmbedCNN.v2"\n'
        "width = 32\n"
        "[training]\nmax_steps = 5\n"
    )
    filled = fill_config(config)
    model = filled["components"]["tagger"]["model"]
    assert model["@architectures"] == "spanloom.Tagger.v2"
    assert model["tok2vec"]["width"] == 32
    assert model["tok2vec"]["window_size"] == 1
    assert filled["components"]["tagger"]["overwrite"] is False
    assert filled["training"]["max_steps"] == 5
    assert filled["training"]["optimizer"]["learn_rate"] == 0.001
    assert filled["training"]["score_weights"] == {"tag_acc": 1.0}
    assert filled["corpora"]["train"]["path"] == "${paths.train}"
    assert config["training"] == {"max_steps": 5}


def test_score_weights_add_up_to_one_and_components_count_the_same() -> None:
    names = ["tagger", "morphologizer", "sentencizer", "senter"]
    blocks = {name: {"factory": name} for name in names}
    for count in (1, 2):
        config = Config({"nlp": {"lang": "en", "pipeline": names[:count]}, "components": blocks})
        weights = fill_config(config)["training"]["score_weights"]
        assert sum(value for value in weights.values() if value) == pytest.approx(1.0)
    assert weights["tag_acc"] == weights["pos_acc"] + weights["morph_acc"] == 0.5
    config["nlp"]["pipeline"] = names
    weights = fill_config(config)["training"]["score_weights"]
    assert weights["sents_f"] == 0.5 and weights["tag_acc"] == 0.25


def test_a_block_of_another_function_takes_nothing_from_the_default_one() -> None:
    config = parse_config(
        '[training.batcher]\n@batchers = "spanloom.batch_by_sequence.v1"\nsize = 4\n'
    )
    batcher = fill_config(config)["training"]["batcher"]
    expected = {"@batchers": "spanloom.batch_by_sequence.v1", "size": 4, "get_length": None}
    assert batcher == expected


settings = st.fixed_dictionaries(
    {},
    optional={
        "paths": st.fixed_dictionaries(
            {}, optional={"train": st.none() | st.text("ab/", max_size=4)}
        ),
        "training": st.fixed_dictionaries(
            {},
            optional={
                "max_steps": st.integers(0, 9),
                "frozen_components": st.just(["senter"]),
                "score_weights": st.dictionaries(
                    st.sampled_from(["tag_acc", "x"]), st.floats(0, 1)
                ),
                "seed": st.just("${system.seed}"),
                "batcher": st.just({"@batchers": "spanloom.batch_by_padded.v1", "size": 10}),
            },
        ),
        "nlp": st.fixed_dictionaries({"pipeline": st.lists(st.sampled_from(NAMES), unique=True)}),
        "variables": st.dictionaries(st.text("abc", min_size=1), st.integers()),
    },
)


@pytest.mark.lengthy
@given(settings)
def test_filling_twice_changes_nothing_and_keeps_what_was_given(data: dict[str, Any]) -> None:
    names = data.get("nlp", {}).get("pipeline", [])
    data["components"] = {name: {"factory": name} for name in {*names, "senter"}}
    config = Config(data, is_interpolated=False)
    once = fill_config(config)
    assert fill_config(once) == once
    assert list(fill_config(once)) == list(once)
    assert parse_config(once.to_str(interpolate=False)) == once
    for section, values in data.items():
        for key, value in values.items():
            if isinstance(value, dict):
                assert value.items() <= once[section][key].items()
            else:
                assert once[section][key] == value


def test_every_core_default_is_in_the_default_config() -> None:
    default = default_config()
    check_config(default)
    filled = fill_config(default)
    for section in ("paths", "system", "nlp", "training", "initialize"):
        assert set(filled[section]) == set(default[section])


@pytest.mark.parametrize("optimize", ["efficiency", "accuracy"])
def test_new_config_shares_one_layer_and_is_complete(optimize: str) -> None:
    config = init_config("sw", NAMES, optimize=optimize)
    assert config["nlp"]["pipeline"] == ["tok2vec", *NAMES]
    for name in NAMES[:3]:
        listener = config["components"][name]["model"]["tok2vec"]
        assert listener["@architectures"] == "spanloom.Tok2VecListener.v1"
        assert listener["width"] == "${components.tok2vec.model.encode.width}"
    assert "model" not in config["components"]["sentencizer"]
    config["paths"].update(train="a", dev="b")
    check_config(config, complete=True)
    assert fill_config(config) == config
    assert parse_config(config.to_str(interpolate=False)) == config


def test_accuracy_is_wider_than_efficiency() -> None:
    widths = [
        init_config("en", ["tagger"], optimize=name)["components"]["tok2vec"]["model"]["encode"]
        for name in ("efficiency", "accuracy")
    ]
    assert widths[0]["width"] < widths[1]["width"] and widths[0]["depth"] < widths[1]["depth"]


def test_a_pipeline_without_models_has_no_shared_layer() -> None:
    assert init_config("en", ["sentencizer"])["nlp"]["pipeline"] == ["sentencizer"]


@pytest.fixture
def encoders() -> Iterator[None]:
    """A third party's encoder, and one that doesn't say who listens to it."""
    from spanloom.components.tok2vec import make_tok2vec

    def narrow(config: dict[str, Any], asked: NewConfig) -> None:
        block = config["components"][asked.encoder]
        block["model"]["width"] = 24 if asked.optimize == "efficiency" else 48
        config["training"]["dropout"] = 0.0

    listener = {
        "@architectures": "spanloom.Tok2VecListener.v1",
        "width": "${components.test_encoder.model.width}",
        "upstream": "test_encoder",
    }
    model = dict(factory_info(make_tok2vec).defaults)
    for name, more in {
        "test_encoder": {"listener": listener, "init_config": narrow},
        "test_silent_encoder": {},
    }.items():

        @registry.factories(name)
        @component_defaults(model, **more)
        def make(nlp: Any, name: str, model: Any) -> Any:
            return make_tok2vec(nlp, name, model)

    yield
    for name in ("test_encoder", "test_silent_encoder"):
        registry.factories.remove(name)


def test_heads_listen_to_the_encoder_that_the_pipeline_names(encoders: None) -> None:
    config = init_config("en", ["sentencizer", "tagger", "test_encoder"])
    assert config["nlp"]["pipeline"] == ["test_encoder", "sentencizer", "tagger"]
    assert config["components"]["tagger"]["model"]["tok2vec"]["upstream"] == "test_encoder"
    assert config["components"]["test_encoder"]["model"]["width"] == 24
    assert config["training"]["dropout"] == 0.0
    assert fill_config(config) == config
    nlp = Pipeline.from_config(config)
    assert nlp.get_pipe("test_encoder").width == 24
    sections = init_config("en", ["test_encoder", "tagger"], optimize="accuracy")
    assert sections["components"]["test_encoder"]["model"]["width"] == 48


def test_an_encoder_that_nothing_can_listen_to_is_told(encoders: None) -> None:
    result = CliRunner().invoke(
        cli, ["init", "config", "-", "--pipeline", "test_silent_encoder,tagger,sentencizer"]
    )
    assert result.exit_code == 0, result.output
    assert (
        "No component uses 'test_silent_encoder', since it assigns nothing and declares no listener"
        in result.stderr
    )
    told = CliRunner().invoke(cli, ["init", "config", "-", "--pipeline", "test_encoder,tagger"])
    assert told.stderr == "" and "test_encoder" in told.stdout


def test_components_annotate_what_later_ones_require() -> None:
    @registry.factories("test_needs_sentences")
    @component_defaults(requires=["doc.sents"])
    def make(nlp: Any, name: str) -> Any:
        return lambda doc: doc

    try:
        config = init_config("en", ["tagger", "sentencizer", "test_needs_sentences"])
        assert config["training"]["annotating_components"] == ["sentencizer"]
        before = init_config("en", ["test_needs_sentences", "sentencizer"])
        assert before["training"]["annotating_components"] == []
    finally:
        registry.factories.remove("test_needs_sentences")


def test_components_of_packages_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPANLOOM_PLUGINS", "spanloom")
    refresh()
    try:
        for options, name in (({"transformer": "x"}, "transformers"), ({}, "tasks")):
            with pytest.raises(ConfigError, match=f"spanloom-{name}"):
                init_config("en", ["tagger", "ner"] if not options else ["tagger"], **options)
    finally:
        monkeypatch.undo()
        refresh()


def test_unknown_components_and_goals_of_new_configs() -> None:
    with pytest.raises(ConfigError, match="did you mean 'tagger'"):
        init_config("en", ["taggr"])
    with pytest.raises(ConfigError, match="did you mean 'accuracy'"):
        init_config("en", ["tagger"], optimize="acuracy")


class Inner:
    """What an inner block returns."""


@pytest.fixture
def functions() -> Iterator[None]:
    @registry.misc("test_fill.inner.v1")
    def inner(fail: bool = False) -> Inner:
        if fail:
            raise ZeroDivisionError("by zero")
        return Inner()

    @registry.misc("test_fill.outer.v1")
    def outer(
        it: Inner, n: int | None = None, many: tuple[int, ...] = ()
    ) -> tuple[Inner, int | None]:
        return it, n

    @registry.misc("test_fill.text.v1")
    def text() -> str:
        return "text"

    @registry.misc("test_fill.total.v1")
    def total(*parts: int) -> int:
        return sum(parts)

    yield
    for name in ("inner", "outer", "text", "total"):
        registry.misc.remove(f"test_fill.{name}.v1")


def test_blocks_are_resolved_from_the_inside_out(functions: None) -> None:
    block = {"@misc": "test_fill.outer.v1", "it": {"@misc": "test_fill.inner.v1"}, "n": 3}
    it, n = resolve_block(block)
    assert isinstance(it, Inner) and n == 3
    assert fill_block(block)["it"] == {"@misc": "test_fill.inner.v1", "fail": False}
    parts = {"@misc": "test_fill.total.v1", "*": {"a": 1, "b": 2}}
    assert resolve_block({"x": [1], "y": parts}) == {"x": [1], "y": 3}


def test_a_call_that_fails_names_path_line_function_and_cause(functions: None) -> None:
    config = parse_config('[variables.it]\n@misc = "test_fill.inner.v1"\nfail = true\n')
    with pytest.raises(ConfigError) as caught:
        resolve_section(config, "variables.it")
    problem = caught.value.problems[0]
    assert (problem.path, problem.line) == ("variables.it", 1)
    assert "test_fill.inner.v1" in problem.message and "by zero" in problem.message


def test_what_an_inner_block_returns_is_checked(functions: None) -> None:
    block = {"@misc": "test_fill.outer.v1", "it": {"@misc": "test_fill.text.v1"}}
    with pytest.raises(ConfigError, match="'it' must be Inner, but its block returned a str"):
        resolve_block(block)


def test_a_section_that_is_not_there(functions: None) -> None:
    with pytest.raises(ConfigError, match=r"training\.x: isn't in the config"):
        resolve_section(default_config(), "training.x")


class Schema:
    """Stands for a schema of confection; see the fixture."""


@pytest.fixture
def section(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plugin that owns the section [weaving]."""
    from confection import Schema

    from spanloom.plugins import ConfigSection, manager

    class Weaving(Schema):
        threads: int = 3
        colour: str

    module = sys.modules[__name__]
    monkeypatch.setattr(module, "Schema", Weaving)
    owned = ConfigSection("weaving", f"{__name__}:Schema", {"threads": 3, "pattern": None})
    monkeypatch.setitem(manager().sections, "weaving", owned)
    monkeypatch.setitem(sys.modules, __name__, module)
    return


def test_sections_of_plugins_are_checked_and_filled(section: None) -> None:
    config = parse_config('[weaving]\nthreads = "4"\npatern = 1\n')
    found = {problem.path: str(problem) for problem in find_problems(config)}
    assert set(found) == {"weaving.threads", "weaving.patern", "weaving.colour"}
    assert "remove the quotes" in found["weaving.threads"]
    assert "did you mean 'pattern'" in found["weaving.patern"]
    right = parse_config('[weaving]\ncolour = "red"\n')
    assert find_problems(right) == []
    assert fill_config(right)["weaving"] == {"threads": 3, "pattern": None, "colour": "red"}
    assert "weaving" not in fill_config(default_config())
    assert "weaving" in fill_config(default_config(), sections=("weaving",))
    assert "weaving" in init_config("en", ["tagger"], sections=("weaving",))


def test_a_section_that_nobody_owns_is_not_added() -> None:
    with pytest.raises(ConfigError, match="pretrainin: isn't a section"):
        fill_config(default_config(), sections=("pretrainin",))


def test_batches_for_a_gpu_are_larger() -> None:
    cpu, gpu = (init_config("en", ["tagger"], gpu=gpu) for gpu in (False, True))
    assert gpu["training"]["batcher"]["size"]["stop"] > cpu["training"]["batcher"]["size"]["stop"]
    assert gpu["nlp"]["batch_size"] > cpu["nlp"]["batch_size"]
    assert fill_config(gpu) == gpu
