"""Graphs of components: producers, consumers, what is on and off, and what is frozen."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import spanloom
from spanloom import Doc, Example, Pipeline, registry
from spanloom.cli import cli
from spanloom.config import Config
from spanloom.errors import PipelineError
from spanloom.tokens.storage.docfile import write_docs
from spanloom.training import train

from .support import encoder

WORDS = ["the", "cat", "sat", "."]
TAGS = ["D", "N", "V", "."]


def tagger(upstream: str = "*", width: int | None = None, **more: Any) -> dict[str, Any]:
    block = {"@architectures": "spanloom.Tok2VecListener.v1", "width": width, "upstream": upstream}
    return {"@architectures": "spanloom.Tagger.v2", "tok2vec": {**block, **more}}


def component(factory: str, model: dict[str, Any]) -> dict[str, Any]:
    return {"factory": factory, "model": model}


#: Two encoders of different widths, each with two heads.
COMPONENTS = {
    "narrow": component("tok2vec", encoder(8)),
    "wide": component("tok2vec", encoder(12)),
    "n1": component("tagger", tagger("narrow", 8)),
    "w1": component("tagger", tagger("wide", 12)),
    "n2": component("tagger", tagger("narrow")),
    "w2": component("tagger", tagger("wide")),
}


def config(names: Any = tuple(COMPONENTS), **nlp: Any) -> Config:
    components = {name: COMPONENTS[name] for name in names}
    return Config({"nlp": {"lang": "en", "pipeline": list(names), **nlp}, "components": components})


def examples(nlp: Pipeline) -> list[Example]:
    reference = Doc(nlp.vocab, words=WORDS, tags=TAGS)
    return [Example(Doc(nlp.vocab, words=WORDS), reference)] * 2


def built(**nlp: Any) -> Pipeline:
    made = Pipeline.from_config(config(**nlp))
    data = examples(made)
    made.initialize(lambda: data)
    return made


def weights(nlp: Pipeline) -> dict[str, bytes]:
    return {name: each.to_bytes() for name, each in nlp.components}


def ran(nlp: Pipeline, act: Callable[[], Any]) -> list[str]:
    """The encoders that run during ``act``."""
    seen = []
    for name in ("narrow", "wide"):
        each = nlp.get_pipe(name)
        forward = each.model._func

        def watched(
            *args: Any, name: str = name, forward: Callable[..., Any] = forward, **kwargs: Any
        ) -> Any:
            seen.append(name)
            return forward(*args, **kwargs)

        each.model._func = watched
    act()
    return sorted(set(seen))


# -- two encoders


def test_each_encoder_feeds_and_learns_from_its_own_heads() -> None:
    nlp = built()
    before = weights(nlp)
    nlp.update(examples(nlp), sgd=nlp.create_optimizer(), exclude=["n1", "n2"])
    changed = {name for name, each in weights(nlp).items() if each != before[name]}
    assert changed == {"wide", "w1", "w2"}
    summary = nlp.analyze_pipes()["summary"]
    assert summary["narrow"]["consumers"] == ["n1", "n2"]
    assert summary["w2"]["producers"] == ["wide"]


def test_a_wildcard_takes_the_nearest_and_is_gone_then(tmp_path: Path) -> None:
    nlp = Pipeline("en")
    nlp.add_pipe("tok2vec", name="narrow", config={"model": encoder(8)})
    nlp.add_pipe("tagger", name="one", config={"model": tagger()})
    nlp.add_pipe("tok2vec", name="wide", config={"model": encoder(12)})
    nlp.add_pipe("tagger", name="two", config={"model": tagger()})
    data = examples(nlp)
    nlp.initialize(lambda: data)
    found = {name: nlp.config["components"][name]["model"]["tok2vec"] for name in ("one", "two")}
    assert {name: each["upstream"] for name, each in found.items()} == {
        "one": "narrow",
        "two": "wide",
    }
    nlp.rename_pipe("narrow", "thin")
    nlp.to_disk(tmp_path / "saved")
    again = spanloom.load(tmp_path / "saved")
    assert again.config["components"]["one"]["model"]["tok2vec"]["upstream"] == "thin"
    assert [t.tag_ for t in again("the cat")] == [t.tag_ for t in nlp("the cat")]


def test_a_width_that_does_not_fit_names_both_ends_and_widths() -> None:
    nlp = built()
    with pytest.raises(PipelineError, match="'n1' listens to 'narrow'.*width 8.*gives width 12"):
        nlp.replace_pipe("narrow", "tok2vec", config={"model": encoder(12)})
        nlp("the cat")


def test_loading_weights_of_another_width_names_both_ends(tmp_path: Path) -> None:
    from spanloom.errors import SerializationError

    nlp = built()
    nlp.to_disk(tmp_path / "saved")
    other = Pipeline("en")
    other.add_pipe("tok2vec", name="narrow", config={"model": encoder(16)})
    other.add_pipe("tagger", name="n2", config={"model": tagger("narrow")})
    other.assemble()
    with pytest.raises(SerializationError, match="'n2'.*from 16 to 8.*'narrow'.*width 16"):
        other.get_pipe("n2").from_disk(tmp_path / "saved" / "n2")


def test_a_listener_of_another_kind_is_refused() -> None:
    from spanloom.layers import Link, make_listener

    @registry.architectures("tests.OddListener.v1")
    def odd(upstream: str = "*") -> Any:
        return make_listener("odd", lambda *_: None, Link(upstream, 1.0, "pictures"))

    nlp = Pipeline("en")
    nlp.add_pipe("tok2vec", config={"model": encoder(8)})
    block = {"@architectures": "tests.OddListener.v1", "upstream": "tok2vec"}
    nlp.add_pipe("tagger", config={"model": {**tagger(), "tok2vec": block}})
    with pytest.raises(
        PipelineError, match="'tagger'.*takes 'pictures'.*'tok2vec'.*gives 'tokens'"
    ):
        nlp.assemble()


@registry.factories("test_other_model")
class OtherModel:
    """A component whose model isn't thinc's, and which takes no further attributes."""

    __slots__ = ("model",)

    def __init__(self, nlp: Pipeline, name: str) -> None:
        self.model = {"cat": "N"}

    def __call__(self, doc: Doc) -> Doc:
        return doc


def test_models_of_another_kind_have_no_listeners() -> None:
    nlp = built()
    nlp.add_pipe("test_other_model")
    assert nlp.analyze_pipes()["summary"]["test_other_model"]["producers"] == []
    assert nlp.update(examples(nlp))["n1"] > 0
    other = spanloom.blank("en")
    other.add_pipe("test_other_model", source=nlp)
    assert other("the cat").text == "the cat"


# -- on and off


@pytest.mark.parametrize("off", [["narrow"], ["w2", "narrow"], ["narrow", "n1"]])
def test_disabling_an_encoder_under_an_active_head_raises_at_once(off: list[str]) -> None:
    nlp = built()
    with pytest.raises(PipelineError, match="'narrow' is disabled, but .*n2 listen"):
        with nlp.select_pipes(disable=off):
            raise AssertionError("entered")
    assert nlp.disabled == []
    with pytest.raises(PipelineError, match="'narrow' is disabled"):
        nlp("the cat", disable=off)
    with pytest.raises(PipelineError, match="'narrow' is disabled"):
        list(nlp.pipe(["the cat"], disable=off))
    with pytest.raises(PipelineError, match="'narrow' is disabled"):
        Pipeline.from_config(config(), disable=off)
    assert all(token.tag_ for token in nlp("the cat"))


def test_disabling_the_heads_skips_the_work_of_their_encoder() -> None:
    nlp = built()
    with nlp.select_pipes(disable=["n1", "n2"]) as off:
        assert off == ["n1", "n2"]
        assert ran(nlp, lambda: nlp("the cat")) == ["wide"]
        assert nlp.update(examples(nlp)).keys() == {"w1", "w2"}
    assert nlp.disabled == []


def test_an_encoder_can_be_disabled_with_its_heads() -> None:
    nlp = built()
    for order in permutations(["narrow", "n1", "n2"]):
        with nlp.select_pipes(disable=order):
            assert nlp.pipe_names == ["wide", "w1", "w2"]
    for order in permutations(["narrow", "n1", "n2"]):
        for name in order:
            nlp.disable_pipe(name)
        assert all(token.tag_ for token in nlp("the cat"))
        for name in order:
            nlp.enable_pipe(name)


def test_enabling_a_head_enables_what_it_listens_to() -> None:
    nlp = built()
    with nlp.select_pipes(enable="w1") as off:
        assert set(off) == {"narrow", "n1", "n2", "w2"}
        assert ran(nlp, lambda: nlp("the cat")) == ["wide"]
    with pytest.raises(PipelineError, match="w1 can't be both disabled and enabled"):
        with nlp.select_pipes(enable=["w1", "n1"], disable=["w1"]):
            pass
    with pytest.raises(PipelineError, match="no component 'w3'"):
        with nlp.select_pipes(enable="w3"):
            pass


@pytest.mark.parametrize("disabled", [[], ["w1"], ["w1", "wide", "w2"], ["n1", "n2", "narrow"]])
@pytest.mark.parametrize(
    ("disable", "enable", "expected"),
    [
        (["n1"], [], None),
        ([], ["w1"], {"wide", "w1"}),
        ([], ["w1", "n1"], {"wide", "w1", "narrow", "n1"}),
        (["n2"], ["w1"], {"wide", "w1"}),
        ([], [], None),
    ],
)
def test_what_is_asked_for_goes_before_what_the_config_says(
    disabled: list[str], disable: list[str], enable: list[str], expected: set[str] | None
) -> None:
    nlp = Pipeline.from_config(config(disabled=disabled), disable=disable, enable=enable)
    wanted = expected if expected is not None else set(COMPONENTS) - {*disabled, *disable}
    assert set(nlp.pipe_names) == wanted
    assert set(nlp.component_names) == set(COMPONENTS)


@pytest.mark.lengthy
def test_disabled_components_stay_so_after_saving(tmp_path: Path) -> None:
    nlp = built(disabled=["w1"])
    nlp.to_disk(tmp_path / "saved")
    assert spanloom.load(tmp_path / "saved").disabled == ["w1"]
    assert spanloom.load(tmp_path / "saved", enable=["w1"]).pipe_names == ["wide", "w1"]
    left = spanloom.load(tmp_path / "saved", exclude=["w1", "w2", "wide"])
    assert left.component_names == ["narrow", "n1", "n2"]
    with pytest.raises(
        PipelineError, match="'w1' listens to 'wide', which isn't an encoder earlier"
    ):
        spanloom.load(tmp_path / "saved", exclude=["wide"])


@pytest.mark.parametrize("argument", ["disable", "enable", "exclude"])
def test_names_that_are_not_there_are_told(argument: str) -> None:
    with pytest.raises(
        PipelineError,
        match=f"{argument}: this pipeline has no component 'wid'.*did you mean 'wide'",
    ):
        Pipeline.from_config(config(), **{argument: ["wid"]})


# -- frozen


def write_corpus(folder: Path) -> str:
    nlp = spanloom.blank("en")
    path = folder / "data.loom"
    write_docs(path, [Doc(nlp.vocab, words=WORDS, tags=TAGS) for _ in range(4)])
    return str(path)


def training_config(base: Path, data: str, frozen: list[str], **blocks: Any) -> Config:
    names = ["narrow", "n1", "n2"]
    components = {name: {"source": str(base), **blocks.get(name, {})} for name in names}
    return Config(
        {
            "paths": {"train": data, "dev": data},
            "nlp": {"lang": "en", "pipeline": names},
            "components": components,
            "training": {
                "max_steps": 3,
                "eval_frequency": 3,
                "frozen_components": frozen,
                "score_weights": {"tag_acc": 1.0},
            },
        }
    )


@pytest.fixture
def base(tmp_path: Path) -> Path:
    built().to_disk(tmp_path / "base")
    return tmp_path / "base"


def outputs(nlp: Pipeline, name: str) -> np.ndarray:
    component = nlp.get_pipe(name)
    batch = component.ready([nlp.make_doc("the cat sat on a mat.")])
    return np.asarray(component.model.predict(batch)[0])


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("frozen", "blocks"),
    [
        (["narrow", "n1"], {}),
        (["n1"], {"n1": {"replace_listeners": ["model.tok2vec"]}}),
        (["narrow", "n1"], {"n2": {"replace_listeners": ["model.tok2vec"]}}),
        (["n1", "n2"], {}),
    ],
)
def test_what_is_frozen_predicts_the_same_after_training(
    base: Path, tmp_path: Path, frozen: list[str], blocks: Any
) -> None:
    source = spanloom.load(base)
    whole = training_config(base, write_corpus(tmp_path), frozen, **blocks)
    nlp = train(whole, quiet=True).nlp
    np.testing.assert_array_equal(outputs(nlp, "n1"), outputs(source, "n1"))
    assert ("n2" in frozen) == np.array_equal(outputs(nlp, "n2"), outputs(source, "n2"))


@pytest.mark.lengthy
def test_training_that_would_change_what_a_frozen_head_predicts_is_refused(
    base: Path, tmp_path: Path
) -> None:
    whole = training_config(base, write_corpus(tmp_path), ["n1"])
    message = (
        r"'n1' is frozen, but it listens to 'narrow', and 'narrow' will learn from n2"
        r".*Freeze 'narrow' too.*replace_listeners = \[\"model.tok2vec\"\]"
    )
    with pytest.raises(PipelineError, match=message):
        train(whole, quiet=True)


@pytest.mark.lengthy
def test_a_head_that_sends_no_gradient_harms_no_frozen_one(base: Path, tmp_path: Path) -> None:
    data = write_corpus(tmp_path)
    whole = training_config(base, data, ["n1"])
    whole["components"]["n2"] = component("tagger", tagger("narrow", grad_factor=0.0))
    source = spanloom.load(base)
    nlp = train(whole, quiet=True).nlp
    np.testing.assert_array_equal(outputs(nlp, "n1"), outputs(source, "n1"))


def test_frozen_before_in_the_same_process(tmp_path: Path) -> None:
    """What an encoder learned before must not move it on once nobody teaches it."""
    nlp = built()
    nlp.update(examples(nlp), sgd=nlp.create_optimizer())
    before = weights(nlp)
    optimizer = nlp.create_optimizer()
    nlp.update(examples(nlp), exclude=["n1", "n2"])
    nlp.finish_update(optimizer, exclude=["n1", "n2"])
    assert weights(nlp)["narrow"] == before["narrow"]
    assert weights(nlp)["wide"] != before["wide"]


# -- analyze


@registry.factories("test_needs")
@spanloom.plugins.factory.component_defaults(requires=["token.tag", "doc.mood"], retokenizes=True)
def make_needs(nlp: Pipeline, name: str) -> Callable[[Doc], Doc]:
    return lambda doc: doc


def test_analysis_tells_who_sets_and_needs_what() -> None:
    nlp = built()
    nlp.add_pipe("test_needs", name="needs", first=True)
    nlp.add_pipe("test_needs", name="later")
    found = nlp.analyze_pipes()
    assert found["problems"]["needs"] == ["token.tag", "doc.mood"]
    assert found["problems"]["later"] == ["doc.mood"]
    assert found["attrs"]["token.tag"]["requires"] == ["needs", "later"]
    assert found["attrs"]["token.tag"]["assigns"] == ["n1", "w1", "n2", "w2"]
    assert found["summary"]["later"]["retokenizes"] is True
    assert found["summary"]["n1"]["scores"] == ["tag_acc"]
    assert nlp.analyze_pipes(keys=["assigns"])["summary"]["n1"] == {"assigns": ["token.tag"]}
    with pytest.raises(PipelineError, match="can't tell 'asigns': choose of assigns"):
        nlp.analyze_pipes(keys=["asigns"])


def test_pretty_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    nlp = built(disabled=["w1", "w2"])
    nlp.add_pipe("test_needs", name="needs")
    nlp.analyze_pipes(pretty=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == [
        *["#", "component", "factory", "width", "assigns", "requires", "scores"],
        *["retokenizes", "listens", "to", "feeds"],
    ]
    assert "narrow" in lines[1] and "n1, n2" in lines[1] and " 8 " in lines[1]
    assert "wide (idle)" in lines[2] and "w1 (disabled)" in lines[4]
    assert lines[-1] == "'needs' requires doc.mood, which nothing before it sets."


def test_info_shows_the_graph(base: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["info", *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    assert "n1, n2" in run(str(base), "--graph")
    assert "n1, n2" in run(str(base / "config.cfg"), "--graph")
    found = json.loads(run(str(base), "--graph", "--json"))
    assert found["summary"]["wide"]["consumers"] == ["w1", "w2"]


@pytest.mark.skipif("graph" in registry.renderers, reason="spanloom-display is here")
def test_drawing_without_the_package_says_what_to_install(base: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["info", str(base), "--graph", str(tmp_path / "graph.svg")])
    assert result.exit_code == 1 and "pip install spanloom-display" in result.output
