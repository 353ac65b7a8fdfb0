"""Components from other pipelines, and components that get an encoder of their own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thinc.api import Model

import spanloom
from spanloom import Doc, Example, Pipeline
from spanloom.config import Config, fill_config, find_problems, parse_config
from spanloom.errors import ConfigError, PipelineError
from spanloom.layers import find_listeners

from .support import encoder

WIDTH = 8
WORDS = ["the", "cat", "sat", "on", "mats", "."]
TEXT = "the cat sat on mats. the mats sat."


def listener(upstream: str = "*", **more: Any) -> dict[str, Any]:
    block = {"@architectures": "spanloom.Tok2VecListener.v1", "width": WIDTH}
    return {**block, "upstream": upstream, **more}


def tagger(upstream: str = "*") -> dict[str, Any]:
    return {"@architectures": "spanloom.Tagger.v2", "tok2vec": listener(upstream)}


HEADS: dict[str, dict[str, Any]] = {
    name: tagger() for name in ("morphologizer", "senter", "tagger")
}


def examples(nlp: Pipeline) -> list[Example]:
    annotation: dict[str, Any] = {
        "tags": ["D", "N", "V", "P", "N", "."],
        "pos": ["DET", "NOUN", "VERB", "ADP", "NOUN", "PUNCT"],
        "morphs": ["", "Number=Sing", "Tense=Past", "", "Number=Plur", ""],
        "sent_starts": [True, False, False, False, False, False],
    }
    reference = Doc(nlp.vocab, words=WORDS, **annotation)
    return [Example(Doc(nlp.vocab, words=WORDS), reference)]


def trained(heads: Any = ("tagger",), steps: int = 4, seed: int = 0) -> Pipeline:
    """A pipeline of heads (of these factories, or of names with factories) that share an encoder,
    whose weights depend on ``seed``."""
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": encoder()})
    named = heads if isinstance(heads, dict) else {name: name for name in heads}
    for name, factory in named.items():
        nlp.add_pipe(factory, name=name, config={"model": HEADS[factory]})
    data = examples(nlp)
    sgd = nlp.initialize(lambda: data)
    rng = np.random.default_rng(seed)
    for node in nlp.get_pipe("tok2vec").model.walk():
        for param in node.param_names:
            shape = node.get_param(param).shape
            node.set_param(param, rng.normal(size=shape, scale=0.3).astype("f"))
    for _ in range(steps):
        nlp.update(data, sgd=sgd)
    return nlp


def annotation(doc: Doc) -> dict[str, Any]:
    return doc.to_json()


def same(one: Pipeline, other: Pipeline, *keys: str) -> bool:
    left, right = annotation(one(TEXT)), annotation(other(TEXT))
    return all(left[key] == right[key] for key in keys or left)


# -- replace_listeners


@pytest.mark.lengthy
@pytest.mark.parametrize("factory", sorted(HEADS))
def test_every_head_predicts_as_before_with_its_own_encoder(factory: str, tmp_path: Path) -> None:
    nlp = trained([factory])
    before = annotation(nlp(TEXT))
    nlp.replace_listeners("tok2vec", factory)
    assert annotation(nlp(TEXT)) == before
    assert not find_listeners(nlp.get_pipe(factory).model)
    nlp.to_disk(tmp_path / "saved")
    alone = spanloom.load(tmp_path / "saved", exclude=["tok2vec"])
    assert annotation(alone(TEXT)) == before
    again = Pipeline.from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert annotation(again(TEXT)) == before
    assert nlp.update(examples(nlp), sgd=nlp.create_optimizer())[factory] > 0


@pytest.mark.lengthy
@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_to_three_consumers(count: int, tmp_path: Path) -> None:
    names = ["tagger", "morphologizer", "senter"]
    nlp = trained(names)
    before = annotation(nlp(TEXT))
    for name in names[:count]:
        for _ in range(2):  # the second call finds nothing to do
            nlp.replace_listeners("tok2vec", name, ["model.tok2vec"])
    assert annotation(nlp(TEXT)) == before
    assert nlp.analyze_pipes()["summary"]["tok2vec"]["consumers"] == names[count:]
    nlp.to_disk(tmp_path / "saved")
    assert annotation(spanloom.load(tmp_path / "saved")(TEXT)) == before


def test_own_encoders_learn_alone() -> None:
    nlp = trained(["tagger", "morphologizer"])
    nlp.replace_listeners("tok2vec", "tagger")
    shared = nlp.get_pipe("tok2vec").to_bytes()
    own = nlp.get_pipe("tagger").model.get_ref("tok2vec")
    before = own.to_bytes()
    nlp.update(examples(nlp), sgd=nlp.create_optimizer(), exclude=["morphologizer"])
    assert own.to_bytes() != before
    assert nlp.get_pipe("tok2vec").to_bytes() == shared


def test_listeners_can_be_replaced_before_there_are_weights() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": encoder()})
    nlp.add_pipe("tagger", config={"model": tagger()})
    nlp.replace_listeners("tok2vec", "tagger")
    nlp.remove_pipe("tok2vec")
    data = examples(nlp)
    nlp.initialize(lambda: data)
    assert nlp.update(data)["tagger"] > 0


def test_only_the_named_encoder_is_replaced_in_a_chain() -> None:
    nlp = chained()
    before = annotation(nlp(TEXT))
    nlp.replace_listeners("upper", "tagger")
    assert annotation(nlp(TEXT)) == before
    summary = nlp.analyze_pipes()["summary"]
    assert summary["tagger"]["producers"] == ["tok2vec"]  # by way of its own copy of 'upper'
    nlp.replace_listeners("tok2vec", "tagger")
    assert annotation(nlp(TEXT)) == before
    assert nlp.analyze_pipes()["summary"]["tagger"]["producers"] == []
    again = Pipeline.from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert annotation(again(TEXT)) == before


def chained() -> Pipeline:
    """An encoder, an encoder that listens to it, and a head that listens to the second."""
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": encoder()})
    window = {
        "@architectures": "spanloom.MaxoutWindowEncoder.v2",
        "width": WIDTH,
        "depth": 1,
        "window_size": 1,
        "maxout_pieces": 2,
    }
    model = {"@architectures": "spanloom.Tok2Vec.v2", "embed": listener(), "encode": window}
    nlp.add_pipe("tok2vec", name="upper", config={"model": model})
    nlp.add_pipe("tagger", config={"model": tagger("upper")})
    data = examples(nlp)
    sgd = nlp.initialize(lambda: data)
    for _ in range(4):
        nlp.update(data, sgd=sgd)
    return nlp


def test_a_model_that_only_listens_becomes_a_copy() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": encoder()})
    nlp.add_pipe("tok2vec", name="same", config={"model": listener()})
    nlp.add_pipe("tagger", config={"model": tagger("same")})
    data = examples(nlp)
    nlp.initialize(lambda: data)
    before = annotation(nlp(TEXT))
    nlp.replace_listeners("tok2vec", "same")
    nlp.remove_pipe("tok2vec")
    assert annotation(nlp(TEXT)) == before
    assert nlp.update(data, sgd=nlp.create_optimizer())["tagger"] > 0


def test_two_listeners_of_one_component_are_replaced_together(tmp_path: Path) -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": encoder()})
    both = {"@architectures": "tests.Both.v1", "first": listener(), "second": listener()}
    nlp.add_pipe("tagger", config={"model": {**tagger(), "tok2vec": both}})
    data = examples(nlp)
    nlp.initialize(lambda: data)
    before = annotation(nlp(TEXT))
    with pytest.raises(PipelineError, match="at model.tok2vec.second as well"):
        nlp.replace_listeners("tok2vec", "tagger", ["model.tok2vec.first"])
    nlp.replace_listeners("tok2vec", "tagger", ["model.tok2vec.first", "model.tok2vec.second"])
    assert annotation(nlp(TEXT)) == before
    nlp.to_disk(tmp_path / "saved")
    assert annotation(spanloom.load(tmp_path / "saved", exclude=["tok2vec"])(TEXT)) == before


@spanloom.registry.architectures("tests.Both.v1")
def both(first: Model[Any, Any], second: Model[Any, Any]) -> Model[Any, Any]:
    """The sum of two layers of token vectors."""

    def forward(model: Model[Any, Any], docs: Any, is_train: bool) -> Any:
        (one, back_one), (two, back_two) = (layer(docs, is_train) for layer in model.layers)

        def backprop(gradient: Any) -> Any:
            back_one(gradient)
            return back_two(gradient)

        return [a + b for a, b in zip(one, two)], backprop

    def init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
        for layer in model.layers:
            layer.initialize(X=X)

    return Model("both", forward, init=init, layers=[first, second], dims={"nO": WIDTH})


def test_what_can_t_be_replaced_is_named() -> None:
    nlp = trained(["tagger", "morphologizer"])
    with pytest.raises(PipelineError, match="no listener at 'model.tok2vek'.*'model.tok2vec'"):
        nlp.replace_listeners("tok2vec", "tagger", ["model.tok2vek"])
    with pytest.raises(PipelineError, match="no listener at 'model' "):
        nlp.replace_listeners("tok2vec", "tagger", ["model"])
    with pytest.raises(PipelineError, match="'morphologizer' is no shared encoder"):
        nlp.replace_listeners("morphologizer", "tagger")
    with pytest.raises(PipelineError, match="no component 'tager'"):
        nlp.replace_listeners("tok2vec", "tager")


# -- sourcing


def test_a_component_links_to_the_copy_of_its_encoder() -> None:
    source = trained(["tagger", "morphologizer"])
    nlp = spanloom.blank("en")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.add_pipe("tok2vec", name="shared", source=source)
        nlp.add_pipe("tagger", source=source)
        nlp.add_pipe("morphologizer", name="words", source=source)
    assert same(nlp, source)
    summary = nlp.analyze_pipes()["summary"]
    assert summary["shared"]["consumers"] == ["tagger", "words"]
    again = Pipeline.from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert same(again, source)


def test_without_an_encoder_it_brings_its_own_and_says_so() -> None:
    source = trained()
    nlp = spanloom.blank("en")
    with pytest.warns(
        UserWarning, match="'tagger' listens to 'tok2vec'.*has no equal one.*its own copy"
    ):
        nlp.add_pipe("tagger", source=source)
    assert same(nlp, source)
    assert nlp.analyze_pipes()["summary"]["tagger"]["producers"] == []


def test_another_encoder_of_the_same_name_is_not_taken() -> None:
    source, other = trained(seed=1), trained(seed=2)
    with pytest.warns(UserWarning, match="has a different 'tok2vec'"):
        other.add_pipe("tagger", name="from_source", source=source)
    with other.select_pipes(disable=["tagger"]):
        assert same(other, source)


def test_an_encoder_after_the_component_is_not_taken() -> None:
    source = trained()
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", source=source)
    with pytest.warns(UserWarning, match="its own copy"):
        nlp.add_pipe("tagger", source=source, first=True)
    assert same(nlp, source)


def test_replace_listeners_asks_for_an_encoder_of_its_own() -> None:
    source = trained(["tagger", "morphologizer"])
    nlp = spanloom.blank("en")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.add_pipe("tok2vec", source=source)
        nlp.add_pipe("tagger", source=source, replace_listeners=["model.tok2vec"])
        nlp.add_pipe("morphologizer", source=source)
    assert same(nlp, source)
    assert nlp.analyze_pipes()["summary"]["tok2vec"]["consumers"] == ["morphologizer"]
    assert source.analyze_pipes()["summary"]["tok2vec"]["consumers"] == ["tagger", "morphologizer"]


def test_a_chain_of_encoders_is_copied_or_linked_as_a_whole() -> None:
    source = chained()
    nlp = spanloom.blank("en")
    for name in ("tok2vec", "upper", "tagger"):
        nlp.add_pipe(name, source=source)
    assert same(nlp, source)
    alone = spanloom.blank("en")
    with pytest.warns(UserWarning):  # noqa: PT030
        alone.add_pipe("tagger", source=source)
    assert same(alone, source)
    assert alone.analyze_pipes()["summary"]["tagger"]["producers"] == []


def test_nothing_is_shared_with_the_source() -> None:
    source = trained(["tagger", "morphologizer"])
    nlp = spanloom.blank("en")
    for name in ("tok2vec", "tagger"):
        nlp.add_pipe(name, source=source)
    nlp.add_pipe("morphologizer", source=source, replace_listeners=["model.tok2vec"])
    theirs = {id(node) for _, each in source.components for node in each.model.walk()}
    mine = {id(node) for _, each in nlp.components for node in each.model.walk()}
    assert not theirs & mine
    before, text = source.to_bytes(), annotation(source(TEXT))
    data = examples(nlp)
    for _ in range(2):
        nlp.update(data, sgd=nlp.create_optimizer())
    assert source.to_bytes() == before and annotation(source(TEXT)) == text


@spanloom.registry.factories("test_counts")
class Counts:
    """Counts documents, and can be saved on disk only."""

    def __init__(self, nlp: Any, name: str) -> None:
        self.count = 0

    def __call__(self, doc: Doc) -> Doc:
        self.count += 1
        return doc

    def to_disk(self, path: Path, **_: Any) -> None:
        path.write_text(str(self.count))

    def from_disk(self, path: Path, **_: Any) -> None:
        self.count = int(path.read_text())


def test_components_of_one_s_own_keep_what_they_save() -> None:
    source = spanloom.blank("en")
    original = source.add_pipe("test_counts")
    list(source.pipe(["a", "b"]))
    copied = spanloom.blank("en").add_pipe("test_counts", source=source)
    assert copied is not original and copied.count == 2


def test_odd_arguments_are_named() -> None:
    source = trained()
    nlp = spanloom.blank("en")
    with pytest.raises(PipelineError, match="no component 'taggr'.*Did you mean 'tagger'"):
        nlp.add_pipe("taggr", source=source)
    with pytest.raises(PipelineError, match="replace_listeners is for components"):
        nlp.add_pipe("tagger", replace_listeners=["model.tok2vec"])
    with pytest.raises(PipelineError, match="leave `config` out"):
        nlp.add_pipe("tagger", source=source, config={"overwrite": True})
    for place in ("tok2vec", "model"):
        with pytest.raises(PipelineError, match=f"no listener at '{place}'.*model.tok2vec"):
            nlp.add_pipe("tagger", source=source, replace_listeners=[place])
    assert nlp.component_names == []


def test_a_source_that_is_no_pipeline() -> None:
    with pytest.raises(PipelineError, match="source is a str.*spanloom.load"):
        spanloom.blank("en").add_pipe("tagger", source="somewhere")  # type: ignore[arg-type]


# -- any graph


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Components of a pipeline: encoders, each alone or on one before, and heads that listen to any
    of them; and links to replace, in the order in which they are."""
    blocks: dict[str, Any] = {}
    links = []
    for number in range(draw(st.integers(1, 3))):
        model = encoder()
        if blocks and draw(st.booleans()):
            below = draw(st.sampled_from(sorted(blocks)))
            links.append((below, f"e{number}"))
            model = {
                "@architectures": "spanloom.Tok2Vec.v2",
                "embed": listener(below),
                "encode": {
                    "@architectures": "spanloom.MaxoutWindowEncoder.v2",
                    "width": WIDTH,
                    "depth": 1,
                    "window_size": 1,
                    "maxout_pieces": 2,
                },
            }
        blocks[f"e{number}"] = {"factory": "tok2vec", "model": model}
    encoders = sorted(blocks)
    for number, factory in enumerate(draw(st.lists(st.sampled_from(["tagger", "senter"])))[:3]):
        below = draw(st.sampled_from(encoders))
        links.append((below, f"h{number}"))
        blocks[f"h{number}"] = {"factory": factory, "model": tagger(below)}
    replaced = draw(st.lists(st.sampled_from(links), unique=True)) if links else []
    return blocks, replaced


def values(nlp: Pipeline) -> dict[str, Any]:
    """What the model of each component gives for a text."""
    nlp.assemble()
    found = {}
    for name, each in nlp.components:
        result = each.model.predict(each.ready([nlp.make_doc(TEXT)]))
        found[name] = np.asarray(result[0])
    return found


@pytest.mark.lengthy
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs())
def test_copies_and_own_encoders_change_no_bit_in_any_graph(graph: Any) -> None:
    blocks, replaced = graph
    whole = {"nlp": {"lang": "en", "pipeline": list(blocks)}, "components": blocks}
    source = Pipeline.from_config(whole)
    data = two_sentences(source)
    source.initialize(lambda: data)
    expected = values(source)

    nlp = spanloom.blank("en")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # each finds the copy of its encoder
        for name in blocks:
            nlp.add_pipe(name, source=source)
    for producer, name in replaced:
        nlp.replace_listeners(producer, name)
    again = Pipeline.from_config(nlp.config).from_bytes(nlp.to_bytes())
    for each in (nlp, again):
        found = values(each)
        assert list(found) == list(expected)
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array)
    alone = spanloom.blank("en")
    for name in reversed(list(blocks)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            alone.add_pipe(name, source=source)
    for name, array in values(alone).items():
        np.testing.assert_array_equal(array, expected[name])


def two_sentences(nlp: Pipeline) -> list[Example]:
    reference = Doc(nlp.vocab, words=[*WORDS, *WORDS], tags=["D", "N", "V", "P", "N", "."] * 2)
    reference[6].is_sent_start = True
    return [Example(Doc(nlp.vocab, words=[*WORDS, *WORDS]), reference)]


# -- from a config


@pytest.fixture
def base(tmp_path: Path) -> str:
    path = tmp_path / "base"
    trained(["tagger", "morphologizer"]).to_disk(path)
    return str(path)


def config_of(base: str, pipeline: list[str], **blocks: Any) -> Config:
    components = {name: {"source": base, **blocks.get(name, {})} for name in pipeline}
    return Config({"nlp": {"lang": "en", "pipeline": pipeline}, "components": components})


@pytest.mark.lengthy
def test_config_sources_encoder_and_heads(base: str) -> None:
    nlp = Pipeline.from_config(config_of(base, ["tok2vec", "tagger", "morphologizer"]))
    assert same(nlp, spanloom.load(base))
    assert nlp.analyze_pipes()["summary"]["tok2vec"]["consumers"] == ["tagger", "morphologizer"]
    assert "source" not in nlp.config["components"]["tagger"]  # it can be built without the source


@pytest.mark.lengthy
def test_config_replaces_listeners(base: str) -> None:
    own = {"replace_listeners": ["model.tok2vec"]}
    other = {"source": base, "component": "morphologizer", **own}
    config = config_of(base, ["tagger", "words"], tagger=own, words=other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp = Pipeline.from_config(config)
    assert same(nlp, spanloom.load(base))


def test_encoders_of_two_sources_each_feed_their_own_head(tmp_path: Path) -> None:
    first, second = trained(["tagger"], seed=1), trained(["morphologizer"], seed=2)
    first.to_disk(tmp_path / "first")
    second.to_disk(tmp_path / "second")
    components = {
        "tok2vec": {"source": str(tmp_path / "first")},
        "other": {"source": str(tmp_path / "second"), "component": "tok2vec"},
        "morphologizer": {"source": str(tmp_path / "second")},
        "tagger": {"source": str(tmp_path / "first")},
    }
    whole = {"nlp": {"lang": "en", "pipeline": list(components)}, "components": components}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp = Pipeline.from_config(whole)
    summary = nlp.analyze_pipes()["summary"]
    assert summary["tok2vec"]["consumers"] == ["tagger"]
    assert summary["other"]["consumers"] == ["morphologizer"]
    doc = nlp(TEXT)
    assert [token.tag_ for token in doc] == [token.tag_ for token in first(TEXT)]
    assert [token.pos_ for token in doc] == [token.pos_ for token in second(TEXT)]
    nlp.to_disk(tmp_path / "both")
    again = spanloom.load(tmp_path / "both")
    assert same(again, nlp)


def test_config_reads_each_source_once(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from spanloom.pipeline import loading

    loaded = []
    load = loading.load
    monkeypatch.setattr(
        loading, "load", lambda cls, path, *args: loaded.append(path) or load(cls, path, *args)
    )
    Pipeline.from_config(config_of(base, ["tok2vec", "tagger", "morphologizer"]))
    assert loaded == [base]


def test_filling_leaves_sources_as_they_are(base: str) -> None:
    own = {"replace_listeners": ["model.tok2vec"]}
    config = config_of(base, ["tagger", "morphologizer"], tagger=own)
    once = fill_config(config)
    assert once["components"] == config["components"]
    assert fill_config(once) == once
    assert fill_config(parse_config(once.to_str(interpolate=False))) == once
    assert set(once["training"]["score_weights"]) == {
        "tag_acc",
        "pos_acc",
        "morph_acc",
        "morph_per_feat",
    }


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("block", "path", "message"),
    [
        ({"source": "nowhere"}, "source", "neither a saved"),
        ({"source": 3}, "source", "str is expected"),
        ({"component": "taggr"}, "component", "did you mean 'tagger'"),
        ({"factory": "tagger"}, "factory", "beside 'source'"),
        ({"replace_listeners": "model.tok2vec"}, "replace_listeners", "list"),
    ],
)
def test_config_problems_are_named(base: str, block: Any, path: str, message: str) -> None:
    config = config_of(base, ["tagger"], tagger=block)
    problems = {each.path: str(each) for each in find_problems(config, phase="load")}
    assert list(problems) == [f"components.tagger.{path}"]
    assert message in problems[f"components.tagger.{path}"]
    with pytest.raises(ConfigError, match=f"components.tagger.{path}"):
        Pipeline.from_config(config)


@pytest.mark.lengthy
def test_a_config_can_be_filled_before_its_source_is_there() -> None:
    config = config_of("nowhere", ["tagger"])
    assert find_problems(config) == []
    assert fill_config(config)["components"] == config["components"]


def test_config_names_a_place_that_is_no_listener(base: str) -> None:
    block = {"replace_listeners": ["model.tok3vec"]}
    with pytest.raises(PipelineError, match="no listener at 'model.tok3vec'"):
        Pipeline.from_config(config_of(base, ["tagger"], tagger=block))
