"""Pipelines: components in order, running, saving."""

from __future__ import annotations

import json

import numpy as np
import pytest

import spanloom
from spanloom import Example, Pipeline, registry
from spanloom.components import TrainableComponent
from spanloom.errors import (
    ConfigError,
    MissingFileError,
    PipelineError,
    SerializationError,
    UnknownNameError,
)
from spanloom.training.run import seed_everything

from .support import encoder, two_sentences


@registry.factories("test_upper")
def make_upper(nlp, name, key: str = "upper"):
    def upper(doc):
        doc.user_data[key] = doc.text.upper()
        return doc

    return upper


@registry.factories("test_fails")
def make_fails(nlp, name, word: str = "bad"):
    def fails(doc):
        if word in doc.text:
            raise ValueError(f"can't take {doc.text!r}")
        return doc

    return fails


@registry.factories("test_forgets")
def make_forgets(nlp, name):
    return lambda doc: None


@registry.factories("test_merges")
def make_merges(nlp, name):
    def merge(doc):
        with doc.retokenize() as retokenizer:
            retokenizer.merge(doc[0:2])
        return doc

    return merge


SMALL = encoder(16, rows=100)
LISTEN = {
    "@architectures": "spanloom.Tagger.v2",
    "tok2vec": {"@architectures": "spanloom.Tok2VecListener.v1", "width": 16},
}


def data_for(nlp):
    return [two_sentences(nlp.vocab)] * 3


def trained(steps=30):
    seed_everything(0)
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": SMALL})
    for name in ("tagger", "morphologizer", "senter"):
        nlp.add_pipe(name, config={"model": LISTEN})
    data = data_for(nlp)
    sgd = nlp.initialize(lambda: data)
    for _ in range(steps):
        nlp.update(data, sgd=sgd)
    return nlp


TEXT = "the cat sat. Dogs bark!"


def annotation(doc):
    return [(t.text, t.tag_, t.pos_, str(t.morph), t.is_sent_start) for t in doc]


def test_blank_pipeline_tokenizes():
    nlp = spanloom.blank("en")
    doc = nlp("Hello, world!")
    assert [t.text for t in doc] == ["Hello", ",", "world", "!"]
    assert nlp.pipe_names == []


def test_components_are_placed_where_asked():
    nlp = spanloom.blank("en")
    nlp.add_pipe("test_upper", name="b")
    nlp.add_pipe("test_upper", name="a", first=True)
    nlp.add_pipe("test_upper", name="d", last=True)
    nlp.add_pipe("test_upper", name="c", before="d")
    nlp.add_pipe("test_upper", name="b2", after="b")
    nlp.add_pipe("test_upper", name="z", before=0)
    assert nlp.pipe_names == ["z", "a", "b", "b2", "c", "d"]
    with pytest.raises(PipelineError, match="only one of before and after"):
        nlp.add_pipe("test_upper", name="e", before="a", last=True)
    for place in ({"before": True}, {"after": False}, {"first": False}, {"last": False}):
        with pytest.raises(PipelineError, match="only one of before and after"):
            nlp.add_pipe("test_upper", name="e", **place)
    with pytest.raises(PipelineError, match="no component 'bb'.*Did you mean 'b"):
        nlp.add_pipe("test_upper", name="e", after="bb")


def test_a_name_can_be_used_once():
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    with pytest.raises(PipelineError, match=r"add_pipe\(..., name='sentencizer_2'\)"):
        nlp.add_pipe("sentencizer")


def test_unknown_factory_and_setting_are_named_with_the_nearest():
    nlp = spanloom.blank("en")
    with pytest.raises(UnknownNameError, match="tagger"):
        nlp.add_pipe("taggr")
    with pytest.raises(ConfigError, match="components.tagger.overwrit.*did you mean 'overwrite'"):
        nlp.add_pipe("tagger", config={"overwrit": True})
    assert nlp.pipe_names == []


def test_rename_remove_replace():
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("test_upper", config={"key": "u"})
    nlp.rename_pipe("test_upper", "shout")
    assert nlp.pipe_names == ["sentencizer", "shout"]
    nlp.replace_pipe("shout", "test_upper", config={"key": "v"})
    assert nlp("a").user_data["v"] == "A"
    assert nlp.pipe_factories == {"sentencizer": "sentencizer", "shout": "test_upper"}
    name, _ = nlp.remove_pipe("sentencizer")
    assert (name, nlp.pipe_names) == ("sentencizer", ["shout"])


def test_renaming_an_encoder_keeps_its_listeners():
    nlp = spanloom.blank("en")
    nlp.add_pipe("tok2vec", config={"model": SMALL})
    named = {**LISTEN["tok2vec"], "upstream": "tok2vec"}
    nlp.add_pipe("tagger", config={"model": {**LISTEN, "tok2vec": named}})
    nlp.rename_pipe("tok2vec", "encoder")
    data = data_for(nlp)
    nlp.initialize(lambda: data)
    assert nlp.config["components"]["tagger"]["model"]["tok2vec"]["upstream"] == "encoder"
    assert nlp("the cat")[0].tag_


def test_select_pipes_disables_inside_the_block_only():
    nlp = spanloom.blank("en")
    for name in ("a", "b", "c"):
        nlp.add_pipe("test_upper", name=name, config={"key": name})
    with nlp.select_pipes(enable="b") as off:
        assert off == ["a", "c"] and nlp.pipe_names == ["b"]
        assert set(nlp("x").user_data) == {"b"}
    with nlp.select_pipes(disable=["b"]):
        assert nlp.pipe_names == ["a", "c"] and nlp.disabled == ["b"]
    assert nlp.pipe_names == ["a", "b", "c"]
    assert set(nlp("x", disable=["a"]).user_data) == {"b", "c"}


def test_component_that_forgets_to_return_the_doc_is_named():
    nlp = spanloom.blank("en")
    nlp.add_pipe("test_forgets")
    with pytest.raises(PipelineError, match="'test_forgets' returned NoneType"):
        nlp("x")


def test_pipe_keeps_order_and_contexts():
    nlp = spanloom.blank("en")
    nlp.add_pipe("test_upper")
    texts = [f"text {i}" for i in range(10)]
    assert [doc.text for doc in nlp.pipe(texts, batch_size=3)] == texts
    pairs = list(nlp.pipe(zip(texts, range(10)), as_tuples=True, batch_size=4))
    assert [(doc.text, number) for doc, number in pairs] == list(zip(texts, range(10)))


def test_pipe_takes_what_it_needs_from_a_stream():
    taken = []

    def stream():
        for number in range(100):
            taken.append(number)
            yield f"text {number}"

    docs = spanloom.blank("en").pipe(stream(), batch_size=5)
    next(docs)
    assert len(taken) == 5


def test_one_bad_text_does_not_take_the_others_down():
    nlp = spanloom.blank("en")
    nlp.add_pipe("test_upper")
    nlp.add_pipe("test_fails")
    failed = []
    nlp.set_error_handler(lambda name, component, docs, error: failed.append((name, docs, error)))
    stream = [("good", 1), ("a bad one", 2), ("fine", 3), (None, 4), ("last", 5)]
    result = list(nlp.pipe(stream, as_tuples=True, batch_size=4))
    assert [(doc.text, context) for doc, context in result] == [
        ("good", 1),
        ("fine", 3),
        ("last", 5),
    ]
    assert [name for name, _, _ in failed] == ["test_fails", "tokenizer"]
    assert failed[0][1][0].text == "a bad one"


def test_by_default_a_bad_text_raises():
    nlp = spanloom.blank("en")
    nlp.add_pipe("test_fails")
    with pytest.raises(ValueError, match="can't take"):
        list(nlp.pipe(["good", "bad"]))


@pytest.mark.parametrize("text", ["", " ", "\n\n \t", "x", "\u200b", "🙂" * 3, "a" * 5000])
def test_odd_texts_come_back_unchanged(text):
    nlp = trained(1)
    assert nlp(text).text == text
    assert [doc.text for doc in nlp.pipe([text, "the cat", text])] == [text, "the cat", text]


def test_a_head_gets_fresh_features_after_tokens_were_merged_in_place():
    nlp = trained()
    # The tagger runs before, so that there are features of the tokens as they were.
    nlp.add_pipe("test_merges", after="tagger")
    doc = nlp(TEXT)
    assert [t.text for t in doc][:3] == ["the cat", "sat", "."]
    assert [t.pos_ for t in doc][1:] == ["VERB", "PUNCT", "NOUN", "VERB", "PUNCT"]
    merged = make_merges(nlp, "")(nlp.make_doc(TEXT))
    with nlp.select_pipes(disable="test_merges"):
        fresh = nlp(merged)
    assert [t.pos_ for t in doc] == [t.pos_ for t in fresh]
    assert [t.is_sent_start for t in doc] == [t.is_sent_start for t in fresh]


def test_a_trained_pipeline_learns_its_data():
    nlp = trained()
    doc = nlp(TEXT)
    assert [t.tag_ for t in doc] == ["D", "N", "V", "P", "N", "V", "P"]
    assert [t.pos_ for t in doc][:2] == ["DET", "NOUN"]
    assert str(doc[4].morph) == "Number=Plur"
    assert [sent.text for sent in doc.sents] == ["the cat sat.", "Dogs bark!"]
    scores = nlp.evaluate(data_for(nlp))
    assert scores["tag_acc"] == scores["pos_acc"] == scores["morph_acc"] == 1.0
    assert scores["sents_f"] == 1.0
    assert scores["speed"] > 0


def test_evaluate_does_not_change_the_examples():
    nlp = trained(2)
    data = data_for(nlp)
    nlp.evaluate(data)
    assert not data[0].predicted.has_annotation("TAG")


def test_annotating_components_do_not_change_the_examples():
    nlp = trained(2)
    data = data_for(nlp)
    nlp.update(data, annotates=["tagger"])
    assert not data[0].predicted.has_annotation("TAG")


class Learning:
    """A component with an ``update`` of its own, which keeps what it learns from."""

    def __init__(self):
        self.seen = []

    def __call__(self, doc):
        return doc

    def update(self, examples, *, drop=0.0, sgd=None, losses=None):
        self.seen += [(example.predicted, example.reference) for example in examples]
        return losses


registry.factories("test_learning")(lambda nlp, name: Learning())


class LearningByModel(TrainableComponent):
    """The same of a component whose ``update`` is ours."""

    seen = ()

    def learn(self, examples, batch):
        self.seen = [(each.predicted, each.reference) for each in examples]
        assert [doc for doc, _ in self.seen] == list(batch)
        return 0.0

    def finish_update(self, sgd):
        pass


@registry.factories("test_learning_by_model")
def make_learning_by_model(nlp, name):
    from thinc.api import noop

    return LearningByModel(nlp.vocab, noop(), name)


@pytest.mark.parametrize("factory", ["test_learning", "test_learning_by_model"])
def test_every_component_learns_from_what_annotating_components_set(factory):
    nlp = spanloom.blank("en")
    nlp.add_pipe(factory, name="before")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe(factory, name="between")
    nlp.add_pipe("test_merges")
    nlp.add_pipe(factory, name="after")
    data = [Example.from_dict(nlp.make_doc("One. Two."), {"cats": {}})]
    before, between, after = (nlp.get_pipe(name) for name in ("before", "between", "after"))
    nlp.update(data, annotates=["sentencizer", "test_merges"])
    assert between.seen[0][0].has_annotation("SENT_START")
    assert [token.text for token in after.seen[0][0]] == ["One.", "Two", "."]
    assert all(each.seen[0][1] is data[0].reference for each in (before, between, after))
    assert not data[0].predicted.has_annotation("SENT_START")
    assert [token.text for token in data[0].predicted] == ["One", ".", "Two", "."]
    nlp.update(data)
    assert after.seen[-1][0] is data[0].predicted


class Watching:
    """Keeps what it is initialized with."""

    def __call__(self, doc):
        return doc

    def initialize(self, get_examples, *, nlp=None):
        self.examples = list(get_examples())


@registry.factories("test_watching")
def make_watching(nlp, name):
    return Watching()


def test_annotation_to_infer_shapes_from():
    nlp = spanloom.blank("en")
    nlp.add_pipe("test_watching", name="before")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("test_watching", name="after")
    data = data_for(nlp) * 12
    nlp.initialize(lambda: data, annotates=["sentencizer"])
    known = [eg.x.has_annotation("SENT_START") for eg in nlp.get_pipe("after").examples]
    assert known[:2] == [True, True] and len(known) == len(data)
    assert not any(known[10:])  # shapes come from the first few
    assert all(one.y is two.y for one, two in zip(nlp.get_pipe("after").examples, data))
    for examples in (nlp.get_pipe("before").examples, data):
        assert not any(eg.x.has_annotation("SENT_START") for eg in examples)
    with pytest.raises(PipelineError, match="no component 'sentenciser'"):
        nlp.initialize(lambda: data, annotates=["sentenciser"])


def test_update_names_what_is_no_example():
    nlp = trained(1)
    with pytest.raises(PipelineError, match=r"item 0 is a Doc: make them with Example.from_dict"):
        nlp.update([nlp("x")])
    with pytest.raises(PipelineError, match="no component 'taggr'"):
        nlp.update(data_for(nlp), exclude=["taggr"])


@pytest.mark.lengthy
def test_disk_round_trip(tmp_path):
    nlp = trained()
    nlp.meta["name"] = "tiny"
    nlp.to_disk(tmp_path / "model")
    again = spanloom.load(tmp_path / "model")
    assert annotation(again(TEXT)) == annotation(nlp(TEXT))
    assert again.config.to_str() == nlp.config.to_str()
    assert again.meta["name"] == "tiny"
    meta = json.loads((tmp_path / "model" / "meta.json").read_text())
    assert meta["labels"]["tagger"] == ["D", "N", "P", "V"]
    assert meta["suppliers"]["factories/tagger"].startswith("spanloom ")


def test_bytes_round_trip():
    nlp = trained()
    again = Pipeline.from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert annotation(again(TEXT)) == annotation(nlp(TEXT))


def test_scores_that_are_no_numbers_are_null(tmp_path):
    """What a scorer of one's own may give. JSON has no NaN, and other readers would refuse it."""
    nlp = spanloom.blank("en")
    scores = {"f": float("nan"), "p": float("inf"), "r": 0.5, "types": {"A": {"f": -float("inf")}}}
    nlp.meta["performance"] = scores
    nlp.meta["notes"] = [np.float32("nan"), np.float64(2.0), "NaN"]
    nlp.to_disk(tmp_path / "pipeline")
    text = (tmp_path / "pipeline" / "meta.json").read_text("utf8")
    plain = {"f": None, "p": None, "r": 0.5, "types": {"A": {"f": None}}}
    assert json.loads(text, parse_constant=pytest.fail)["performance"] == plain
    for again in (
        spanloom.load(tmp_path / "pipeline"),
        spanloom.blank("en").from_bytes(nlp.to_bytes()),
    ):
        assert again.meta["performance"] == plain
        assert again.meta["notes"] == [None, 2.0, "NaN"]
    assert nlp.meta["performance"] is scores


def test_saved_pipeline_can_be_trained_on(tmp_path):
    trained(5).to_disk(tmp_path / "model")
    nlp = spanloom.load(tmp_path / "model")
    data = data_for(nlp)
    sgd = nlp.create_optimizer()
    first = sum(nlp.update(data, sgd=sgd).values())
    for _ in range(20):
        last = sum(nlp.update(data, sgd=sgd).values())
    assert last < first


@pytest.mark.lengthy
def test_load_with_disable_enable_exclude_and_overrides(tmp_path):
    trained(1).to_disk(tmp_path / "m")
    load = spanloom.load
    assert load(tmp_path / "m", disable=["senter"]).disabled == ["senter"]
    assert load(tmp_path / "m", enable=["tok2vec", "tagger"]).pipe_names == ["tok2vec", "tagger"]
    assert "senter" not in load(tmp_path / "m", exclude=["senter"]).component_names
    assert load(tmp_path / "m", config={"nlp.batch_size": 7}).batch_size == 7


def test_failed_save_leaves_the_old_one(tmp_path, monkeypatch):
    nlp = trained(1)
    nlp.to_disk(tmp_path / "m")
    before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*"))

    def fail(path, **_):
        raise OSError("disk full")

    monkeypatch.setattr(nlp.get_pipe("senter"), "to_disk", fail, raising=False)
    with pytest.raises(OSError, match="disk full"):
        nlp.to_disk(tmp_path / "m")
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*")) == before
    assert spanloom.load(tmp_path / "m")("x").text == "x"


def test_loading_what_is_not_there_or_not_ours(tmp_path):
    with pytest.raises(MissingFileError, match="the pipeline 'en_none'"):
        spanloom.load("en_none")
    (tmp_path / "m").mkdir()
    with pytest.raises(MissingFileError, match=r"meta\.json"):
        spanloom.load(tmp_path / "m")
    (tmp_path / "m" / "meta.json").write_text('{"format": 99}')
    with pytest.raises(SerializationError, match="format 99.*upgrade"):
        spanloom.load(tmp_path / "m")
    with pytest.raises(SerializationError, match="aren't a saved pipeline"):
        spanloom.blank("en").from_bytes(b"nonsense")


def test_weights_that_do_not_fit_name_the_component(tmp_path):
    trained(1).to_disk(tmp_path / "m")
    wider = {"components.tok2vec.model.width": 32}
    with pytest.raises((SerializationError, PipelineError), match="tok2vec|tagger"):
        spanloom.load(tmp_path / "m", config=wider)


def test_config_describes_the_pipeline_whole():
    nlp = trained(1)
    config = nlp.config
    assert config["nlp"]["pipeline"] == ["tok2vec", "tagger", "morphologizer", "senter"]
    model = config["components"]["tagger"]["model"]
    assert model["tok2vec"]["@architectures"] == "spanloom.Tok2VecListener.v1"
    assert "grad_factor" in model["tok2vec"]  # defaults are written down


def test_averages_are_used_inside_the_block_only():
    nlp = trained(3)
    model = nlp.get_pipe("tagger").model
    before = nlp.get_pipe("tagger").to_bytes()
    zeros = {
        (node.id, name): node.get_param(name) * 0
        for node in model.walk()
        for name in node.param_names
    }
    with nlp.use_params(zeros):
        assert nlp.get_pipe("tagger").to_bytes() != before
    assert nlp.get_pipe("tagger").to_bytes() == before
