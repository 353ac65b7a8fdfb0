"""Text classification: models, components, scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from thinc.api import fix_random_seed

import spanloom
from spanloom import Batch, Doc, Example, Vocab
from spanloom.errors import ConfigError, DataError, PipelineError
from spanloom_tasks import TextCatReduce, extract_ngrams, roc_auc, score_cats

TOK2VEC = {"@architectures": "spanloom.HashEmbedCNN.v2", "width": 16, "depth": 1, "embed_size": 100}
LISTENER = {"@architectures": "spanloom.Tok2VecListener.v1", "width": 16}
TEXTS = {
    "good": ["a fine film", "a lovely film , fine", "lovely and fine", "fine work"],
    "bad": ["a dull film", "dull and poor work", "poor film", "so dull , so poor"],
}


def bow(exclusive=True, **settings):
    return {
        "@architectures": "spanloom.TextCatBOW.v3",
        "exclusive_classes": exclusive,
        "length": 64,
        **settings,
    }


def reduce(exclusive=True, tok2vec=TOK2VEC, **settings):
    return {
        "@architectures": "spanloom.TextCatReduce.v1",
        "tok2vec": tok2vec,
        "exclusive_classes": exclusive,
        "use_reduce_max": True,
        "use_reduce_first": True,
        "use_reduce_last": True,
        **settings,
    }


def ensemble(exclusive=True, tok2vec=TOK2VEC):
    return {
        "@architectures": "spanloom.TextCatEnsemble.v2",
        "linear_model": bow(exclusive),
        "tok2vec": tok2vec,
    }


MODELS = {"bow": bow, "reduce": reduce, "ensemble": ensemble}


def examples_of(nlp):
    return [
        Example.from_dict(nlp.make_doc(text), {"cats": {each: each == label for each in TEXTS}})
        for label, texts in TEXTS.items()
        for text in texts
    ]


def trained(model, factory="textcat", steps=40, **initialize):
    nlp = spanloom.blank("en")
    component = nlp.add_pipe(factory, config={"model": model})
    data = examples_of(nlp)
    component.initialize(lambda: data, nlp=nlp, **initialize)
    sgd = nlp.create_optimizer()
    sgd.learn_rate = 0.01
    for _ in range(steps):
        nlp.update(data, sgd=sgd)
    return nlp, data


@pytest.mark.lengthy
@pytest.mark.parametrize("kind", MODELS)
def test_each_model_learns_labels_that_exclude_each_other(kind, tmp_path):
    nlp, data = trained(MODELS[kind]())
    scores = nlp.evaluate(data)
    assert scores["cats_macro_f"] == scores["cats_score"] == 1.0
    doc = nlp("lovely work")
    assert doc.cats["good"] > doc.cats["bad"]
    assert sum(doc.cats.values()) == pytest.approx(1.0, abs=1e-5)
    nlp.to_disk(tmp_path / "m")
    again = spanloom.load(tmp_path / "m")("lovely work")
    assert again.cats == pytest.approx(doc.cats, abs=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_each_model_learns_labels_that_do_not(kind):
    nlp, data = trained(MODELS[kind](exclusive=False), "textcat_multilabel")
    assert nlp.evaluate(data)["cats_macro_auc"] == 1.0
    assert all(0.0 <= score <= 1.0 for score in nlp("lovely work").cats.values())


@pytest.mark.parametrize("kind", ["reduce", "ensemble"])
def test_listening_models_train_the_shared_encoder(kind):
    nlp = spanloom.blank("en")
    encoder = nlp.add_pipe("tok2vec", config={"model": TOK2VEC})
    nlp.add_pipe("textcat", config={"model": MODELS[kind](tok2vec=LISTENER)})
    data = examples_of(nlp)
    sgd = nlp.initialize(lambda: data)
    before = encoder.model.to_bytes()
    nlp.update(data, sgd=sgd)
    assert encoder.model.to_bytes() != before


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("kind", ["bow", "reduce"])
def test_gradient_agrees_with_finite_differences(kind, exclusive):
    factory = "textcat" if exclusive else "textcat_multilabel"
    fix_random_seed(1)  # at others a maximum may change places within the step
    nlp, data = trained(MODELS[kind](exclusive), factory, steps=3)
    component = nlp.get_pipe(factory)
    # Where sums are small, float32 differences are noise: take the whole gradient's direction.
    nodes = [(n, p) for n in component.model.walk() for p in n.param_names]
    for node, name in nodes:
        if node.has_grad(name):
            node.get_grad(name)[:] = 0
    nlp.update(data, sgd=False)
    gradients = [node.get_grad(name).copy() for node, name in nodes]
    norm = np.sqrt(sum(float((g**2).sum()) for g in gradients))
    losses = []
    for sign in (1, -1):
        for (node, name), gradient in zip(nodes, gradients):
            node.set_param(name, node.get_param(name) + np.float32(sign * 5e-3 / norm) * gradient)
        losses.append(nlp.update(data, sgd=False)[factory])
        for (node, name), gradient in zip(nodes, gradients):
            node.set_param(name, node.get_param(name) - np.float32(sign * 5e-3 / norm) * gradient)
    assert (losses[0] - losses[1]) / 1e-2 == pytest.approx(norm, rel=0.03)


@pytest.mark.parametrize("kind", MODELS)
def test_empty_documents_say_nothing_and_disturb_nobody(kind):
    nlp, _ = trained(MODELS[kind](), steps=5)
    texts = ["lovely work", "", "dull"]
    docs = list(nlp.pipe(texts))
    assert docs[1].cats == {"bad": 0.5, "good": 0.5}
    for text, doc in zip(texts, docs):
        assert nlp(text).cats == pytest.approx(doc.cats, abs=1e-5)


def test_missing_labels_give_no_gradient():
    nlp, _ = trained(bow(False), "textcat_multilabel", steps=1)
    example = Example.from_dict(nlp.make_doc("fine"), {"cats": {}})
    assert nlp.update([example])["textcat_multilabel"] == 0.0
    known = Example.from_dict(nlp.make_doc("fine"), {"cats": {"good": 1.0}})
    _, mask = nlp.get_pipe("textcat_multilabel").targets([example, known])
    assert mask.tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_one_true_label_says_that_the_others_are_false():
    nlp, _ = trained(bow(), steps=1)
    example = Example.from_dict(nlp.make_doc("fine"), {"cats": {"good": 1.0}})
    _, mask = nlp.get_pipe("textcat").targets([example])
    assert mask.tolist() == [[1.0, 1.0]]


def test_two_true_labels_are_an_error_that_names_text_and_cure():
    nlp, _ = trained(bow(), steps=1)
    cats = {"good": 1.0, "bad": 1.0}
    example = Example.from_dict(nlp.make_doc("odd text"), {"cats": cats})
    with pytest.raises(DataError, match="'odd text' has .*textcat_multilabel"):
        nlp.update([example])


@pytest.mark.parametrize("value", [-1.0, float("nan"), "yes", 2.0, None, float("inf")])
@pytest.mark.parametrize("factory", ["textcat", "textcat_multilabel"])
@pytest.mark.parametrize("given", [None, ["P", "N"]])
def test_a_value_that_is_no_score_is_refused_at_initialize(factory, value, given):
    nlp = spanloom.blank("en")
    component = nlp.add_pipe(factory, config={"model": bow(factory == "textcat")})
    cats = [{"P": 0.0, "N": 1.0}, {"P": value, "N": 0.0}]
    data = [Example.from_dict(nlp.make_doc(f"text {i}"), {"cats": c}) for i, c in enumerate(cats)]
    with pytest.raises(DataError, match=r"value of 'P' .* 'text 1' is .*between 0 .* and 1"):
        component.initialize(lambda: data, labels=given)


def test_two_true_labels_are_refused_at_initialize():
    nlp = spanloom.blank("en")
    nlp.add_pipe("textcat", config={"model": bow()})
    one = [Example.from_dict(nlp.make_doc("x"), {"cats": {"a": 1.0, "b": 0.0}})] * 20
    two = Example.from_dict(nlp.make_doc("odd text"), {"cats": {"a": True, "b": np.float32(1)}})
    with pytest.raises(DataError, match="'odd text' has a, b"):
        nlp.initialize(lambda: [*one, two])


@pytest.mark.parametrize("first", ["textcat", "textcat_multilabel"])
def test_classifiers_beside_each_other_learn_their_own_labels(first):
    nlp = spanloom.blank("en")
    for name, factory in (("a", first), ("b", "textcat")):
        nlp.add_pipe(factory, name=name, config={"model": bow(factory == "textcat")})
    own = {"a": ("GOOD", "LONG"), "b": ("en", "fr")}
    for label in own["b"]:
        nlp.get_pipe("b").add_label(label)
    cats = [{"GOOD": 1, "LONG": 0, "en": 1, "fr": 0}, {"GOOD": 0, "LONG": 1, "en": 0, "fr": 1}]
    texts = ("good film", "long film")
    data = [Example.from_dict(nlp.make_doc(t), {"cats": c}) for t, c in zip(texts, cats)]
    sgd = nlp.initialize(lambda: data)
    assert {name: nlp.get_pipe(name).labels for name in own} == own
    for _ in range(30):
        nlp.update(data, sgd=sgd)
    assert {label: round(score) for label, score in nlp("good film").cats.items()} == cats[0]


def test_too_few_labels_and_a_wrong_positive_one_are_errors():
    nlp = spanloom.blank("en")
    component = nlp.add_pipe("textcat", config={"model": bow()})
    data = [Example.from_dict(nlp.make_doc("x"), {"cats": {"only": 1.0}})]
    with pytest.raises(PipelineError, match="at least 2 labels.*found: only"):
        nlp.initialize(lambda: data)
    component = spanloom.blank("en").add_pipe("textcat", config={"model": bow()})
    data = examples_of(nlp)
    with pytest.raises(PipelineError, match="positive_label 'great' must be one of two"):
        component.initialize(lambda: data, positive_label="great")


def test_positive_label_is_the_score():
    nlp, data = trained(bow(), positive_label="good")
    scores = nlp.evaluate(data)
    assert scores["cats_score_desc"] == "F (good)"


def test_pooling_needs_a_way_and_tables_a_size():
    tok2vec = spanloom.registry.resolve({"t": TOK2VEC})["t"]
    with pytest.raises(ConfigError, match="no way of pooling"):
        TextCatReduce(tok2vec, use_reduce_mean=False)
    with pytest.raises(ConfigError, match="a table of 0 rows"):
        spanloom.blank("en").add_pipe("textcat", config={"model": bow(length=0)})


# -- n-grams


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=4), st.integers(1, 3))
def test_ngrams_are_counted_within_each_document(documents, size):
    vocab = Vocab("en")
    docs = [Doc(vocab, words=words) for words in documents]
    keys, values, lengths = extract_ngrams(size).predict(Batch(docs))
    expected = []
    for words in documents:
        grams = [
            tuple(words[i : i + n]) for n in range(1, size + 1) for i in range(len(words) - n + 1)
        ]
        expected.append(sorted(grams.count(gram) for gram in set(grams)))
    ends = np.cumsum(lengths)
    counts = [sorted(values[e - n : e].astype(int).tolist()) for e, n in zip(ends, lengths)]
    assert counts == expected
    assert len(keys) == len(values) == lengths.sum()


# -- scores


def scored(gold, predicted, **settings):
    vocab = Vocab("en")
    examples = []
    for true, said in zip(gold, predicted):
        x, y = Doc(vocab, words=["x"]), Doc(vocab, words=["x"])
        x.cats, y.cats = said, true
        examples.append(Example(x, y))
    return score_cats(examples, **settings)


def test_scores_of_exclusive_labels_by_hand():
    gold = [{"a": 1.0, "b": 0.0}, {"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}]
    said = [{"a": 0.9, "b": 0.1}, {"a": 0.2, "b": 0.8}, {"a": 0.3, "b": 0.7}]
    scores = scored(gold, said, multi_label=False)
    assert scores["cats_micro_f"] == pytest.approx(2 / 3)
    assert scores["cats_f_per_type"]["a"] == pytest.approx({"p": 1.0, "r": 0.5, "f": 2 / 3})
    assert scores["cats_f_per_type"]["b"] == pytest.approx({"p": 0.5, "r": 1.0, "f": 2 / 3})
    assert scores["cats_macro_f"] == scores["cats_score"] == pytest.approx(2 / 3)
    # "a": the false case scores 0.3, the true ones 0.9 and 0.2: one of two pairs is in order.
    assert scores["cats_auc_per_type"]["a"] == 0.5


def test_scores_of_other_labels_by_hand():
    gold = [{"a": 1.0, "b": 1.0}, {"a": 0.0}]
    said = [{"a": 0.9, "b": 0.2}, {"a": 0.6, "b": 0.9}]
    scores = scored(gold, said, multi_label=True)
    assert scores["cats_f_per_type"]["a"] == pytest.approx({"p": 0.5, "r": 1.0, "f": 2 / 3})
    assert scores["cats_f_per_type"]["b"]["r"] == 0.0
    assert scores["cats_macro_auc"] == 1.0


def test_references_without_labels_have_no_scores():
    scores = scored([{}], [{"a": 0.9}], labels=["a", "b"], multi_label=False)
    assert scores["cats_score"] is None and scores["cats_f_per_type"] is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), max_size=12))
def test_area_under_the_curve_is_the_share_of_ordered_pairs(pairs):
    true = [score for is_true, score in pairs if is_true]
    false = [score for is_true, score in pairs if not is_true]
    area = roc_auc(np.array([t for t, _ in pairs]), np.array([s for _, s in pairs]))
    if not true or not false:
        assert area is None
        return
    ordered = [(a > b) + 0.5 * (a == b) for a in true for b in false]
    assert area == pytest.approx(sum(ordered) / len(ordered))


def test_two_classifiers_without_labels_both_read_the_examples() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("textcat")
    nlp.add_pipe("textcat_multilabel")
    rows = [("good film", {"GOOD": 1.0, "BAD": 0.0}), ("bad film", {"GOOD": 0.0, "BAD": 1.0})]
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc(t), {"cats": c}) for t, c in rows])
    assert nlp.get_pipe("textcat").labels == ("BAD", "GOOD")
    assert nlp.get_pipe("textcat_multilabel").labels == ("BAD", "GOOD")


@pytest.mark.parametrize("exclusive", [True, False])
def test_attention_with_keys_of_its_own_learns(exclusive: bool) -> None:
    nlp = spanloom.blank("en")
    model = {"@architectures": "spanloom.TextCatParametricAttention.v1",
             "exclusive_classes": exclusive, "tok2vec": TOK2VEC}  # fmt: skip
    factory = "textcat" if exclusive else "textcat_multilabel"
    nlp.add_pipe(factory, config={"model": model})
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {"GOOD": good, "BAD": 1 - good}})
        for text, good in (("a fine day", 1), ("a bad day", 0), ("", 1))
    ]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples[:2], sgd=optimizer)
    cats = [nlp(text).cats["GOOD"] for text in ("a fine day", "a bad day")]
    assert cats[0] > 0.7 > 0.3 > cats[1]


@pytest.mark.lengthy
@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize(
    "model",
    [
        {"@architectures": "spanloom.TextCatBOW.v3", "length": 128},
        {"@architectures": "spanloom.TextCatBOW.v3", "length": 128, "no_output_layer": True},
        {"@architectures": "spanloom.TextCatBOW.v1"},
        {"@architectures": "spanloom.TextCatReduce.v1", "tok2vec": TOK2VEC},
        {"@architectures": "spanloom.TextCatParametricAttention.v1", "tok2vec": TOK2VEC},
    ],
)
def test_a_trained_classifier_takes_another_label_and_learns_it(model, exclusive, tmp_path) -> None:
    fix_random_seed(0)
    nlp = spanloom.blank("en")
    factory = "textcat" if exclusive else "textcat_multilabel"
    nlp.add_pipe(factory, config={"model": {**model, "exclusive_classes": exclusive}})

    def examples(*labels: str) -> list[Example]:
        return [
            Example.from_dict(nlp.make_doc(text), {"cats": {x: float(x == label) for x in labels}})
            for text, label in (("a fine day", "GOOD"), ("some bad news", "BAD"), ("so so", "SO"))
            if label in labels
        ]

    optimizer = nlp.initialize(lambda: examples("GOOD", "BAD"))
    for _ in range(20):
        nlp.update(examples("GOOD", "BAD"), sgd=optimizer)
    before = nlp("a fine day").cats
    assert nlp.get_pipe(factory).add_label("SO") == 1
    cats = nlp("a fine day").cats
    assert cats["SO"] < 0.01
    assert {label: cats[label] for label in before} == pytest.approx(before, abs=1e-6)
    optimizer.learn_rate = 0.01 if "tok2vec" in model else 0.5
    for _ in range(100):
        nlp.update(examples("GOOD", "BAD", "SO"), sgd=optimizer)
    assert max(nlp("so so").cats.items(), key=lambda item: item[1])[0] == "SO"
    assert max(nlp("a fine day").cats.items(), key=lambda item: item[1])[0] == "GOOD"
    nlp.to_disk(tmp_path / "saved")
    again = spanloom.load(tmp_path / "saved")
    assert again("so so").cats == pytest.approx(nlp("so so").cats)


def test_an_ensemble_takes_no_label_after_training() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("textcat").add_label("A")
    nlp.get_pipe("textcat").add_label("B")
    nlp.initialize()
    with pytest.raises(PipelineError, match="'C'"):
        nlp.get_pipe("textcat").add_label("C")
