"""What holds for every layer from documents to arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import Model, chain, get_current_ops, set_dropout_rate

from spanloom import Batch, Doc, Vocab
from spanloom.layers import (
    CharacterEmbed,
    Embed,
    FeatureExtractor,
    HashEmbedCNN,
    MaxoutWindowEncoder,
    MaxoutWindowEncoder_v1,
    MishWindowEncoder,
    MishWindowEncoder_v1,
    MultiHashEmbed,
    Tagger,
    Tagger_v1,
    Tok2Vec,
    Tok2Vec_v1,
    add,
    remap_ids,
)
from spanloom.layers.dense import dropout_mask
from spanloom.tokens.batch import FloatsList

from .support import slope

VOCAB = Vocab("en")
WORDS = ["the", "The", "cat", "sat", "on", "a", "mat", ".", "1999", "naïve", "日本", "unbelievable"]
EMBED: dict[str, Any] = {"width": 4, "attrs": ["NORM", "SUFFIX"], "rows": [11, 7]}

BUILDERS: dict[str, Callable[[], Model[Any, Any]]] = {
    "multi_hash": lambda: MultiHashEmbed(**EMBED),
    "one_hash": lambda: MultiHashEmbed(4, ["NORM"], [11]),
    "annotation": lambda: MultiHashEmbed(4, ["NORM", "TAG"], [11, 5]),
    "characters": lambda: CharacterEmbed(4, 11, 3, 4),
    "maxout": lambda: Tok2Vec(MultiHashEmbed(**EMBED), MaxoutWindowEncoder(4, 1, 3, 2)),
    "maxout_wide": lambda: Tok2Vec(MultiHashEmbed(**EMBED), MaxoutWindowEncoder(4, 2, 2, 2)),
    "maxout_one_piece": lambda: Tok2Vec(MultiHashEmbed(**EMBED), MaxoutWindowEncoder(4, 1, 1, 1)),
    "maxout_v1": lambda: Tok2Vec_v1(MultiHashEmbed(**EMBED), MaxoutWindowEncoder_v1(4, 1, 3, 2)),
    "mish": lambda: Tok2Vec(MultiHashEmbed(**EMBED), MishWindowEncoder(4, 1, 2)),
    "mish_v1": lambda: Tok2Vec_v1(MultiHashEmbed(**EMBED), MishWindowEncoder_v1(4, 1, 1)),
    "cnn": lambda: HashEmbedCNN(width=4, depth=1, embed_size=12),
    "cnn_no_subwords": lambda: HashEmbedCNN(width=4, depth=1, embed_size=9, subword_features=False),
    "tagger_v1": lambda: Tagger_v1(MultiHashEmbed(**EMBED), 3),
    "custom": lambda: add(
        MultiHashEmbed(**EMBED),
        chain(FeatureExtractor(["ORTH"]), remap_ids(rows_of_words()), Embed(4, 6)),
    ),
}

layers = pytest.mark.parametrize("name", BUILDERS)


def rows_of_words() -> dict[int, int]:
    return {int(VOCAB.strings.add(word)): i + 1 for i, word in enumerate(WORDS[:5])}


def make(words: list[str]) -> Doc:
    return Doc(VOCAB, words=words, tags=["NN" if w.islower() else "X" for w in words])


def sample(seed: int = 0, count: int = 12) -> list[Doc]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 14, count)
    sizes[2], sizes[3] = 0, 1
    return [make(rng.choice(WORDS, size).tolist()) for size in sizes]


def build(name: str, seed: int = 0) -> Model[Any, Any]:
    """A model with random weights everywhere, zeros included in what thinc initialises so."""
    model = BUILDERS[name]()
    model.initialize(X=sample())
    rng = np.random.default_rng(seed)
    for node in model.walk():
        for param in node.param_names:
            shape = node.get_param(param).shape
            node.set_param(param, rng.normal(0, 0.7, shape).astype("float32"))
    return model


def to_double(model: Model[Any, Any]) -> None:
    for node in model.walk():
        for param in node.param_names:
            node.set_param(param, node.get_param(param).astype("float64"))


def joined(arrays: Any) -> Any:
    return np.concatenate(list(arrays))


documents = st.lists(st.lists(st.sampled_from(WORDS), max_size=9), max_size=9)


@layers
def test_gradients_agree_with_finite_differences(name: str) -> None:
    model = build(name)
    to_double(model)
    docs = sample(1, 8)
    outputs, backprop = model.begin_update(docs)
    weights = np.random.default_rng(2).normal(size=joined(outputs).shape)
    if name == "tagger_v1":  # its gradient is that of the scores, as of cross-entropy
        gold = np.arange(len(weights)) % 3
        gradient = joined(outputs) - np.eye(3)[gold]

        def loss() -> float:
            p = joined(model.predict(docs))
            return float(-np.log(p[np.arange(len(gold)), gold]).sum())
    else:
        gradient = weights

        def loss() -> float:
            return float((joined(model.predict(docs)) * weights).sum())

    backprop(FloatsList(gradient, np.array([len(doc) for doc in docs])))
    rng = np.random.default_rng(3)
    checked = 0
    for node in model.walk():
        for param in node.param_names:
            values, found = node.get_param(param), node.get_grad(param)
            assert found.shape == values.shape
            used = np.flatnonzero(found)
            for place in rng.choice(used, min(6, len(used)), replace=False):
                wanted = pytest.approx(slope(loss, values, place), rel=1e-4, abs=1e-5)
                assert found.flat[place] == wanted
                checked += 1
    assert checked > 5


@layers
def test_batch_equals_one_by_one(name: str) -> None:
    model = build(name)
    docs = sample(4, 40)
    together = model.predict(Batch(docs))
    assert [len(vectors) for vectors in together] == [len(doc) for doc in docs]
    for doc, vectors in zip(docs, together):
        np.testing.assert_allclose(model.predict([doc])[0], vectors, rtol=1e-4, atol=1e-5)


@layers
def test_list_and_batch_give_the_same(name: str) -> None:
    model = build(name)
    docs = sample(5)
    for as_list, as_batch in zip(model.predict(docs), model.predict(Batch(docs))):
        np.testing.assert_array_equal(as_list, as_batch)


@layers
@settings(max_examples=15, deadline=None)
@given(documents, st.integers(0, 8), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
def test_documents_do_not_see_each_other(
    name: str, texts: list[list[str]], place: int, other: list[str]
) -> None:
    model = build(name)
    docs = [make(words) for words in texts]
    place = min(place, len(docs))
    with_other = [*docs[:place], make(other), *docs[place:]]
    outputs = list(model.predict(with_other))
    del outputs[place]
    for alone, among in zip(model.predict(docs), outputs):
        np.testing.assert_allclose(alone, among, rtol=1e-4, atol=1e-5)


@layers
@pytest.mark.parametrize("texts", [[], [[]], [[], []], [["cat"]], [["cat"], [], ["a", "mat"]]])
def test_small_batches(name: str, texts: list[list[str]]) -> None:
    model = build(name)
    docs = [make(words) for words in texts]
    width = model.get_dim("nO")
    outputs, backprop = model.begin_update(docs)
    assert [y.shape for y in outputs] == [(len(doc), width) for doc in docs]
    backprop([np.ones_like(y) for y in outputs])
    for trained, predicted in zip(outputs, model.predict(docs)):
        np.testing.assert_allclose(trained, predicted, rtol=1e-5, atol=1e-6)


@layers
def test_predict_equals_forward_of_training(name: str) -> None:
    model = build(name)
    docs = sample(6, 30)
    trained, _ = model.begin_update(docs)
    np.testing.assert_allclose(joined(trained), joined(model.predict(docs)), rtol=1e-5, atol=1e-6)


@layers
def test_bytes_round_trip(name: str) -> None:
    model = build(name)
    loaded = BUILDERS[name]()
    loaded.from_bytes(model.to_bytes())
    assert loaded.to_bytes() == model.to_bytes()
    docs = sample(7)
    np.testing.assert_array_equal(joined(loaded.predict(docs)), joined(model.predict(docs)))


@layers
def test_copies_are_independent(name: str) -> None:
    model = build(name)
    copied = model.copy()
    docs = sample(8)
    before = joined(model.predict(docs))
    np.testing.assert_array_equal(joined(copied.predict(docs)), before)
    for node in copied.walk():
        for param in node.param_names:
            node.get_param(param)[...] = 0.0
    np.testing.assert_array_equal(joined(model.predict(docs)), before)


@layers
def test_nothing_of_the_caller_changes(name: str) -> None:
    model = build(name)
    set_dropout_rate(model, 0.3)
    docs = sample(9)
    outputs, backprop = model.begin_update(docs)
    kept = [y.copy() for y in outputs]
    gradients = [np.random.default_rng(i).normal(size=y.shape) for i, y in enumerate(outputs)]
    gradients = [g.astype("float32") for g in gradients]
    given_gradients = [g.copy() for g in gradients]
    backprop(gradients)
    for a, b in zip([*outputs, *gradients], [*kept, *given_gradients]):
        np.testing.assert_array_equal(a, b)


@layers
def test_gradients_add_up(name: str) -> None:
    model = build(name)
    first, second = sample(10), sample(11)

    def gradients(parts: list[list[Doc]]) -> list[Any]:
        found = []
        for node in model.walk():
            for param in node.grad_names:
                node.get_grad(param)[...] = 0.0
        for docs in parts:
            outputs, backprop = model.begin_update(docs)
            backprop([np.sin(y) for y in outputs])
        for node in model.walk():
            found.extend(node.get_grad(param).copy() for param in node.grad_names)
        return found

    gradients([first])  # so that both below start from zeros
    apart, together = gradients([first, second]), gradients([[*first, *second]])
    for a, b in zip(apart, together):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@layers
def test_dropout_is_applied_in_training_only(name: str) -> None:
    model = build(name)
    docs = sample(12, 30)
    before = joined(model.predict(docs))
    set_dropout_rate(model, 0.5)
    np.testing.assert_array_equal(joined(model.predict(docs)), before)
    assert not np.allclose(joined(model.begin_update(docs)[0]), before)
    set_dropout_rate(model, 0.0)
    np.testing.assert_allclose(joined(model.begin_update(docs)[0]), before, rtol=1e-5, atol=1e-6)


def test_dropout_is_repeated_by_the_seed() -> None:
    model = build("maxout")
    set_dropout_rate(model, 0.5)
    outputs = []
    for _ in range(2):
        np.random.seed(3)
        outputs.append(joined(model.begin_update(sample())[0]))
    np.testing.assert_array_equal(*outputs)


def test_tagger_is_inferred_from_the_sample() -> None:
    docs = sample()
    model = Tagger(MultiHashEmbed(**EMBED))
    assert model.get_ref("output_layer").has_dim("nO") is None
    model.initialize(X=docs, Y=[np.zeros((len(doc), 5), dtype="f") for doc in docs])
    output = model.get_ref("output_layer")
    assert (output.get_dim("nO"), output.get_dim("nI")) == (5, 4)
    assert model.get_dim("nO") == 5


@layers
def test_initialization_needs_no_sample(name: str) -> None:
    for X in (None, [], [make([])]):
        model = BUILDERS[name]()
        model.initialize(X=X)
        assert joined(model.predict([make(["cat", "sat"])])).shape == (2, model.get_dim("nO"))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.93])
def test_dropout_masks_keep_the_mean(rate: float) -> None:
    mask = dropout_mask(get_current_ops(), (400, 500), rate)
    assert mask is not None and mask.dtype == np.float32
    assert (mask == 0).mean() == pytest.approx(rate, abs=0.01)
    assert mask.mean() == pytest.approx(1.0, abs=0.02)
    assert len(np.unique(mask)) == 2


@pytest.mark.parametrize(("rate", "expected"), [(None, None), (0.0, None), (1.0, 0.0), (2.0, 0.0)])
def test_dropout_masks_at_the_ends(rate: float | None, expected: float | None) -> None:
    mask = dropout_mask(get_current_ops(), (3, 2), rate)
    assert mask is None if expected is None else (mask == expected).all()
