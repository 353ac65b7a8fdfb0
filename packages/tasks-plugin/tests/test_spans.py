"""The components spancat, spancat_singlelabel and span_finder, and suggesters. tests/peer runs
spaCy's own tests; numbers of those that use its inner parts are here."""

from __future__ import annotations

import numpy as np
import pytest
from thinc.api import NumpyOps, Ragged, fix_random_seed

import spanloom
from spanloom import Doc, Example, registry
from spanloom.errors import ConfigError, DataError, PipelineError
from spanloom_tasks import ngram_range_suggester, ngram_suggester, preset_spans_suggester
from spanloom_tasks.spans.model import extract_spans

from .support import TOK2VEC

KEY = "places"
TEXTS = [
    ("Who is Shaka Khan?", [(7, 17, "PERSON")]),
    ("I like London and Berlin", [(7, 13, "LOC"), (18, 24, "LOC"), (7, 24, "DOUBLE")]),
    ("", []),
]
LABELS = ["Thing", "City", "Person", "GreatCity"]
#: Scores of "Greater", "London" and "Greater London"; the last column is of no label.
SCORES = np.asarray(
    [[0.2, 0.4, 0.3, 0.1, 0.1], [0.1, 0.6, 0.2, 0.4, 0.9], [0.8, 0.7, 0.3, 0.9, 0.1]], dtype="f"
)


def model_of(factory: str) -> dict[str, object]:
    """The default model on a small encoder."""
    from spanloom.plugins.factory import factory_config

    return {**factory_config(registry.get("factories", factory))["model"], "tok2vec": TOK2VEC}


def pipeline(factory: str, **config: object) -> spanloom.Pipeline:
    fix_random_seed(0)
    nlp = spanloom.blank("en")
    config = {"model": model_of(factory), "spans_key": KEY, **config}
    nlp.add_pipe(factory, config=config)
    return nlp


def examples_of(nlp: spanloom.Pipeline) -> list[Example]:
    return [Example.from_dict(nlp.make_doc(t), {"spans": {KEY: spans}}) for t, spans in TEXTS]


def learn(nlp: spanloom.Pipeline, steps: int = 80) -> dict[str, float]:
    examples = examples_of(nlp)
    optimizer = nlp.initialize(lambda: examples)
    losses: dict[str, float] = {}
    for _ in range(steps):
        losses = nlp.update(examples, sgd=optimizer)
    return losses


def found(doc: Doc) -> list[tuple[str, str]]:
    return sorted((span.text, span.label_) for span in doc.spans[KEY])


@pytest.mark.lengthy
def test_labels_of_spans_are_learnt_and_saved(tmp_path) -> None:
    nlp = pipeline("spancat")
    losses = learn(nlp)
    assert losses["spancat"] < 0.5
    doc = nlp("I like London and Berlin")
    wanted = [("Berlin", "LOC"), ("London", "LOC"), ("London and Berlin", "DOUBLE")]
    assert found(doc) == wanted
    scores = doc.spans[KEY].attrs["scores"]
    assert len(scores) == 3 and scores.min() >= 0.5
    nlp.to_disk(tmp_path / "saved")
    assert found(spanloom.load(tmp_path / "saved")("I like London and Berlin")) == wanted
    assert nlp.evaluate(examples_of(nlp))[f"spans_{KEY}_f"] == 1.0


def test_a_single_label_is_learnt_with_the_one_for_none() -> None:
    nlp = pipeline("spancat_singlelabel", allow_overlap=False)
    learn(nlp)
    assert nlp.get_pipe("spancat_singlelabel").model.get_dim("nO") == 4
    doc = nlp("Who is Shaka Khan?")
    assert found(doc) == [("Shaka Khan", "PERSON")]
    assert found(nlp("I like London and Berlin")) in (
        [("London and Berlin", "DOUBLE")],
        [("Berlin", "LOC"), ("London", "LOC")],
    )


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"max_positive": None}, ["City", "Thing", "City", "GreatCity"]),
        ({"max_positive": 2}, ["City", "Thing", "GreatCity"]),
        ({"max_positive": 1}, ["City", "GreatCity"]),
        ({"max_positive": 1, "threshold": 0.05}, ["City", "City", "GreatCity"]),
    ],
)
def test_which_labels_a_span_gets(config, wanted) -> None:
    nlp = pipeline("spancat", **config)
    spancat = nlp.get_pipe("spancat")
    for label in LABELS:
        spancat.add_label(label)
    doc = nlp.make_doc("Greater London")
    spans = ngram_suggester([1, 2])([doc])
    spancat.set_annotations([doc], (spans, SCORES[:, :4]))
    assert [span.label_ for span in doc.spans[KEY]] == wanted
    assert doc.spans[KEY][0].text == ("London" if len(config) == 1 else "Greater")


@pytest.mark.parametrize(
    ("allow_overlap", "wanted"),
    [(True, [("Greater", "City"), ("Greater London", "GreatCity")]),
     (False, [("Greater London", "GreatCity")])],
)  # fmt: skip
def test_the_best_class_may_be_none_and_better_spans_come_first(allow_overlap, wanted) -> None:
    nlp = pipeline("spancat_singlelabel", allow_overlap=allow_overlap)
    spancat = nlp.get_pipe("spancat_singlelabel")
    for label in LABELS:
        spancat.add_label(label)
    doc = nlp.make_doc("Greater London")
    spancat.set_annotations([doc], (ngram_suggester([1, 2])([doc]), SCORES))
    assert [(span.text, span.label_) for span in doc.spans[KEY]] == wanted
    assert doc.spans[KEY].attrs["scores"][-1] == np.float32(0.9)


def test_negative_weight_scales_what_is_learnt_from_spans_without_label() -> None:
    nlp = pipeline("spancat_singlelabel", negative_weight=0.25)
    examples = examples_of(nlp)[:1]
    nlp.initialize(lambda: examples)
    spancat = nlp.get_pipe("spancat_singlelabel")
    spans = spancat.suggester([examples[0].predicted])
    scores = np.full((len(spans.dataXd), 2), 0.5, dtype="f")
    _, gradient = spancat.get_loss(examples, (spans, scores))
    gold = [tuple(bounds) == (2, 4) for bounds in spans.dataXd.tolist()]
    assert sum(gold) == 1
    assert gradient[gold].tolist() == [[-0.5, 0.5]]
    assert np.unique(gradient[np.logical_not(gold)], axis=0).tolist() == [[0.125, -0.125]]


def test_a_trained_spancat_takes_no_further_label() -> None:
    nlp = pipeline("spancat")
    nlp.initialize(lambda: examples_of(nlp))
    assert nlp.get_pipe("spancat").labels == ("PERSON", "LOC", "DOUBLE")
    with pytest.raises(PipelineError, match="'New'"):
        nlp.get_pipe("spancat").add_label("New")


def test_settings_that_contradict_each_other() -> None:
    from spanloom_tasks import SpanCategorizer

    with pytest.raises(PipelineError, match="max_positive"):
        SpanCategorizer(
            spanloom.Vocab(), extract_spans(), ngram_suggester([1]),
            max_positive=2, allow_overlap=False,
        )  # fmt: skip
    for lengths in ({"min_length": 0}, {"min_length": 3, "max_length": 2}):
        with pytest.raises(DataError, match="Both 'min_length' and 'max_length'"):
            pipeline("span_finder", **lengths)


@pytest.mark.parametrize("factory", ["spancat", "spancat_singlelabel", "span_finder"])
def test_documents_without_tokens_and_without_suggestions(factory: str) -> None:
    nlp = pipeline(factory)
    learn(nlp, steps=1)
    assert [len(doc.spans[KEY]) for doc in nlp.pipe(["", ""])] == [0, 0]
    assert len(list(nlp.pipe(["", "one", "two words"]))) == 3
    empty = [Example.from_dict(nlp.make_doc(""), {"spans": {KEY: []}})]
    assert nlp.update(empty, sgd=nlp.create_optimizer())[factory] == 0.0


def test_suggesters() -> None:
    vocab = spanloom.Vocab("xx")
    docs = [Doc(vocab, words=["a"] * size) for size in (0, 3, 1)]
    spans = ngram_suggester([1, 2])(docs, ops=NumpyOps())
    assert spans.lengths.tolist() == [0, 5, 1]
    assert spans.dataXd.tolist() == [[0, 1], [1, 2], [2, 3], [0, 2], [1, 3], [0, 1]]
    assert ngram_range_suggester(2, 4)(docs).dataXd.tolist() == [[0, 2], [1, 3], [0, 3]]
    for doc in docs:
        doc.spans["given"] = [doc[1:3]] if len(doc) == 3 else []
    assert preset_spans_suggester("given")(docs).dataXd.tolist() == [[1, 3]]
    with pytest.raises(DataError, match=r"'other'.*annotating_components"):
        preset_spans_suggester("other")(docs)
    with pytest.raises(ConfigError, match="sizes"):
        ngram_suggester([0])
    assert registry.misc.get("spanloom.ngram_suggester.v1") is ngram_suggester


def test_vectors_of_spans_and_their_gradient() -> None:
    ops = NumpyOps()
    tokens = Ragged(ops.asarray2f(np.arange(8).reshape(4, 2)), ops.asarray1i([1, 3]))
    spans = Ragged(ops.asarray2i([[0, 1], [0, 2], [1, 3]]), ops.asarray1i([1, 2]))
    layer = extract_spans()
    Y, backprop = layer((tokens, spans), True)
    assert Y.dataXd[:, 0].tolist() == [0, 2, 4, 4, 6] and Y.lengths.tolist() == [1, 2, 2]
    gradient, _ = backprop(Ragged(ops.asarray2f(np.ones((5, 2))), Y.lengths))
    assert gradient.dataXd[:, 0].tolist() == [1, 1, 2, 1]


@pytest.mark.parametrize(
    ("lengths", "wanted"),
    [
        ({}, 8),
        ({"min_length": 2}, 6),
        ({"max_length": 1}, 2),
        ({"min_length": 2, "max_length": 3}, 2),
    ],
)
def test_spans_of_all_beginnings_and_ends(lengths, wanted) -> None:
    nlp = pipeline("span_finder", **{"max_length": None, **lengths})
    doc = nlp.make_doc("Me and Jenny goes together like peas and carrots.")
    scores = np.zeros((len(doc), 2))
    scores[[0, 2, 6], 0] = 1  # Me, Jenny, peas
    scores[[2, 6, 8], 1] = 1  # Jenny, peas, carrots
    nlp.get_pipe("span_finder").set_annotations([doc], scores)
    spans = list(doc.spans[KEY])
    assert len(spans) == wanted and all(
        lengths.get("min_length", 1) <= len(each) <= lengths.get("max_length", 99) for each in spans
    )


@pytest.mark.parametrize(
    ("predicted", "reference", "truth", "unknown"),
    [
        (["Mon", ".", "-", "June", "16"], ["Mon.", "-", "June", "16"], [(3, 0), (3, 1)], []),
        (["Mon.", "-", "J", "une", "16"], ["Mon.", "-", "June", "16"], [(2, 0), (3, 1)], []),
        (["Mon.", "-J", "un", "e16"], ["Mon.", "-", "June", "16"], [], [(1, 0), (3, 1)]),
        (["Mon.-June", "16"], ["Mon.", "-", "June", "16"], [(0, 1)], [(0, 0)]),
    ],
)
def test_bounds_of_spans_in_other_tokens(predicted, reference, truth, unknown) -> None:
    nlp = pipeline("span_finder")
    docs = [
        Doc(nlp.vocab, words=words, spaces=[False] * len(words)) for words in (predicted, reference)
    ]
    docs[1].spans[KEY] = [docs[1].char_span(5, 9)]
    targets, known = nlp.get_pipe("span_finder").targets([Example(*docs)])
    assert list(zip(*(each.tolist() for each in np.nonzero(targets)))) == truth
    assert list(zip(*(each.tolist() for each in np.nonzero(known == 0)))) == unknown


def test_bounds_are_learnt() -> None:
    nlp = pipeline("span_finder")
    learn(nlp)
    texts = {span.text for span in nlp("I like London and Berlin").spans[KEY]}
    assert {"London", "Berlin", "London and Berlin"} <= texts
    scores = nlp.evaluate(examples_of(nlp))
    assert scores[f"spans_{KEY}_r"] == 1.0 and f"spans_{KEY}_per_type" not in scores


def test_texts_that_differ_are_refused() -> None:
    nlp = pipeline("span_finder")
    pair = Example(nlp.make_doc("one"), nlp.make_doc("other"))
    with pytest.raises(DataError, match="must match between reference and predicted"):
        nlp.get_pipe("span_finder").targets([pair])
