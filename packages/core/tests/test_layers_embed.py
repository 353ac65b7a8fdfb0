"""Embedding layers: features, hash tables, characters, static vectors."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import Embed as thinc_embed
from thinc.api import HashEmbed, Model, Ragged, chain, list2ragged, ragged2list
from thinc.api import remap_ids as thinc_remap_ids

import spanloom
from spanloom import Batch, Doc, Vocab, registry
from spanloom.errors import ConfigError, PipelineError, UnknownNameError
from spanloom.layers import (
    CharacterEmbed,
    Embed,
    FeatureExtractor,
    MultiHashEmbed,
    add,
    extract,
    remap_ids,
)
from spanloom.layers.character_embed import byte_columns

VOCAB = Vocab("en")
WORDS = ["the", "The", "cat", "cats", "1999", "日本"]
TEXTS = [["The", "cats", "sat"], [], ["1999", "is", "the", "year", "1999"]]


def docs(vocab: Vocab = VOCAB, texts: list[list[str]] = TEXTS) -> list[Doc]:
    return [Doc(vocab, words=words) for words in texts]


def randomize(model: Model[Any, Any]) -> Model[Any, Any]:
    rng = np.random.default_rng(0)
    for node in model.walk():
        for param in node.param_names:
            shape = node.get_param(param).shape
            node.set_param(param, rng.normal(size=shape).astype("float32"))
    return model


def test_features_are_the_ids_of_the_lexicon() -> None:
    features = FeatureExtractor(["ORTH", "lower", 70]).predict(docs())
    assert [f.shape for f in features] == [(3, 3), (0, 3), (5, 3)]
    assert all(f.dtype == np.uint64 for f in features)
    ids = VOCAB.strings.add
    assert features[0][0].tolist() == [ids("The"), ids("the"), ids("The")]
    assert features[2][3].tolist() == [ids("year"), ids("year"), ids("ear")]


def test_features_of_annotation() -> None:
    doc = Doc(VOCAB, words=["a", "b"], tags=["X", "Y"], heads=[1, 1], deps=["d", "ROOT"])
    bare = Doc(VOCAB, words=["a"])
    columns = ["TAG", "HEAD", "SPACY", "IS_ALPHA", "LENGTH"]
    first, second = FeatureExtractor(columns).predict([doc, bare])
    ids = VOCAB.strings.add
    assert first.tolist() == [[ids("X"), 1, 1, 1, 1], [ids("Y"), 0, 1, 1, 1]]
    assert second.tolist() == [[0, 0, 1, 1, 1]]


def test_features_of_documents_with_different_lexicons() -> None:
    others = docs(Vocab("en"), [["year", "The", "new"]])
    for mixed in ([*docs(), *others], [*others, *docs()]):
        found = FeatureExtractor(["NORM", "SHAPE"]).predict(mixed)
        alone = [FeatureExtractor(["NORM", "SHAPE"]).predict([doc])[0] for doc in mixed]
        for a, b in zip(found, alone):
            np.testing.assert_array_equal(a, b)


def test_unknown_feature() -> None:
    for make in (
        lambda: FeatureExtractor(["NORM", "NOPE"]),
        lambda: MultiHashEmbed(4, ["NOPE"], [5]),
        lambda: CharacterEmbed(4, 5, 2, 2, feature="NOPE"),
    ):
        with pytest.raises(ConfigError, match="no feature 'NOPE'"):
            make()


def test_wrong_sizes() -> None:
    with pytest.raises(ConfigError, match="3 sizes of tables for 1 features"):
        MultiHashEmbed(4, ["NORM"], [1, 2, 3])
    with pytest.raises(ConfigError, match="0 rows"):
        MultiHashEmbed(4, ["NORM"], [0])
    with pytest.raises(ConfigError, match="no feature is given"):
        MultiHashEmbed(4, [], [])
    with pytest.raises(ConfigError, match="width: 0"):
        MultiHashEmbed(0, ["NORM"], [5])
    with pytest.raises(ConfigError, match="nC: 0"):
        CharacterEmbed(4, 5, 2, 0)


def test_tables_are_those_of_thincs_hash_embed() -> None:
    """Weights carry over: the same seeds, columns and order of nodes as in spaCy."""
    model = MultiHashEmbed(4, ["NORM", "SHAPE"], [11, 7])
    nodes = [node for node in model.walk() if node.name == "hashembed"]
    assert [(n.attrs["seed"], n.get_dim("nV")) for n in nodes] == [(8, 11), (9, 7)]
    randomize(model.initialize(X=docs()))
    slow = chain(*model.layers)  # thinc's own way through the same nodes
    for a, b in zip(model.predict(docs()), slow.predict(docs())):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_character_embed_is_that_of_thincs_nodes() -> None:
    model = randomize(CharacterEmbed(4, 11, 3, 5).initialize(X=docs()))
    slow = chain(*model.layers)
    for a, b in zip(model.predict(docs()), slow.predict(docs())):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    outputs, backprop = slow.begin_update(docs())
    backprop([np.sin(y) for y in outputs])
    table = next(node for node in model.walk() if node.name == "charembed")
    expected = table.get_grad("E").copy()
    table.get_grad("E")[...] = 0.0
    model.begin_update(docs())[1]([np.sin(y) for y in outputs])
    np.testing.assert_allclose(table.get_grad("E"), expected, rtol=1e-3, atol=1e-5)


@given(st.lists(st.text(max_size=9), max_size=6), st.integers(1, 12))
def test_bytes_of_both_ends(texts: list[str], count: int) -> None:
    columns = byte_columns(texts, count)
    assert columns.shape == (len(texts), count)
    for text, row in zip(texts, columns.tolist()):
        data = list(text.encode("utf8", "surrogatepass"))
        taken = []
        while data:
            taken.append(data.pop(0 if len(taken) % 2 == 0 else -1))
        assert row == [*taken, *[255] * count][:count]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=12), max_size=8))
def test_types_and_tokens_give_the_same(texts: list[list[str]]) -> None:
    model = MultiHashEmbed(4, ["NORM", "SUFFIX"], [11, 7])
    randomize(model.initialize(X=docs()))
    results = []
    for few in (0, 10**9):
        batch = docs(texts=texts)
        for node in model.walk():
            for name in node.param_names:
                node.set_grad(name, np.zeros_like(node.get_param(name)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(extract, "_FEW", few)
            outputs, backprop = model.begin_update(batch)
            backprop([np.sin(y) for y in outputs])
            predicted = model.predict(batch)
        gradients = [n.get_grad(p) for n in model.walk() for p in n.param_names]
        results.append([*outputs, *predicted, *gradients])
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def static_layer(width: int, dropout: float | None = None) -> Model[Any, Any]:
    """Stands for the layer of `spanloom-vectors`: a learned vector of the word's first letter."""

    def forward(model: Model[Any, Any], docs: Any, is_train: bool) -> Any:
        firsts = [ord(word[0]) % 7 for doc in docs for word in doc.words]
        W = model.get_param("W")
        lengths = np.array([len(doc) for doc in docs], dtype="i")

        def backprop(dY: Ragged) -> list[Any]:
            dW = np.zeros_like(W)
            np.add.at(dW, firsts, dY.dataXd)
            model.inc_grad("W", dW)
            return []

        return Ragged(W[firsts], lengths), backprop

    def init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
        model.set_param("W", np.zeros((7, width), dtype="f"))

    return Model(
        "static", forward, init=init, dims={"nO": width}, params={"W": None},
        attrs={"dropout_rate": dropout},
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["multi_hash", "characters"])
def test_static_vectors_come_from_the_registry(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get(name: str) -> Any:
        asked.append(name)
        return static_layer

    monkeypatch.setattr(registry.architectures, "get", get)
    if kind == "multi_hash":
        model = MultiHashEmbed(4, ["NORM"], [11], include_static_vectors=True)
    else:
        model = CharacterEmbed(4, 11, 2, 3, include_static_vectors=True)
    assert asked == ["spanloom.StaticVectors.v2"]
    randomize(model.initialize(X=docs()))
    many = docs() * 20
    for doc, vectors in zip(many, model.predict(Batch(many))):
        np.testing.assert_allclose(model.predict([doc])[0], vectors, rtol=1e-4, atol=1e-5)
    slow = chain(*model.layers)
    outputs, backprop = slow.begin_update(many)
    backprop([np.sin(y) for y in outputs])
    static = next(node for node in model.walk() if node.name == "static")
    expected = static.get_grad("W").copy()
    static.get_grad("W")[...] = 0.0
    model.begin_update(many)[1]([np.sin(y) for y in outputs])
    np.testing.assert_allclose(static.get_grad("W"), expected, rtol=1e-3, atol=1e-4)


def test_static_vectors_by_annotation_are_those_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_lemma(width: int, dropout: float | None = None) -> Model[Any, Any]:
        def forward(model: Model[Any, Any], docs: Any, is_train: bool) -> Any:
            lemmas = np.concatenate([doc.column("LEMMA") for doc in docs]) % np.uint64(97)
            data = np.repeat(lemmas.astype("f")[:, None], width, axis=1)
            return Ragged(data, np.array([len(doc) for doc in docs], dtype="i")), lambda dY: []

        return Model("by_lemma", forward, dims={"nO": width})

    class Table:
        attrs = ("LEMMA", "ORTH")

    monkeypatch.setattr(registry.architectures, "get", lambda name: by_lemma)
    vocab = Vocab("en")
    vocab.vectors = Table()  # type: ignore[assignment]
    many = [Doc(vocab, words=["saw", "saw"], lemmas=["see", f"saw{i}"]) for i in range(40)]
    model = MultiHashEmbed(4, ["NORM"], [11], include_static_vectors=True)
    randomize(model.initialize(X=many))
    for doc, vectors in zip(many, model.predict(many)):
        np.testing.assert_allclose(model.predict([doc])[0], vectors, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(find_spec("spanloom_vectors") is not None, reason="spanloom-vectors is here")
def test_static_vectors_without_the_package_name_it() -> None:
    with pytest.raises(UnknownNameError, match="spanloom-vectors"):
        MultiHashEmbed(4, ["NORM"], [11], include_static_vectors=True)


@pytest.mark.parametrize("how", ["mean", "max", "first", "last", "sum"])
def test_pooling_layers_are_in_the_registry(how: str) -> None:
    pool = registry.layers.get(f"reduce_{how}.v1")()
    data = np.arange(6, dtype="f").reshape(3, 2)
    pooled = pool.predict(Ragged(data, np.array([1, 2], dtype="i")))
    expected = {"first": [2, 3], "last": [4, 5], "max": [4, 5], "mean": [3, 4], "sum": [6, 8]}
    np.testing.assert_allclose(pooled, [[0, 1], expected[how]])


def test_custom_embedding() -> None:
    """The custom layer of the seed document, with a second hash table for the static vectors."""
    key2row = {VOCAB.strings.add("the"): 1, VOCAB.strings.add("1999"): 2}
    learned = chain(FeatureExtractor(["ORTH"]), remap_ids(key2row), Embed(nO=3, nV=3))
    hashed = chain(
        FeatureExtractor(["ORTH"]), list2ragged(), flat_hash(HashEmbed(3, 9, column=0, seed=1))
    )
    model = randomize(add(hashed, learned).initialize(X=docs()))
    assert model.get_dim("nO") == 3
    E = learned.layers[2].layers[0].get_param("E")
    outputs, backprop = model.begin_update(docs())
    rest = chain(hashed, ragged2list()).predict(docs())
    for y, other, rows in zip(outputs, rest, ([0, 0, 0], [], [2, 0, 1, 0, 2])):
        np.testing.assert_allclose(y - other, E[np.array(rows, dtype=int)], rtol=1e-5, atol=1e-6)
    backprop([np.ones_like(y) for y in outputs])
    table = learned.layers[2].layers[0].get_grad("E")
    np.testing.assert_allclose(table[:, 0], [5, 1, 2])


def test_layers_of_thinc_that_take_flat_arrays_are_named() -> None:
    """The example of spaCy's documentation, with thinc's own layers."""

    @registry.architectures("mine.Remapped.v1")
    def remapped(width: int) -> Model:
        flat = (thinc_remap_ids({1: 1}), thinc_embed(width, 3))
        return add(chain(FeatureExtractor(["ORTH"]), *flat))

    nlp = spanloom.blank("en")
    model = {"@architectures": "spanloom.Tagger.v2"}
    model["tok2vec"] = {"@architectures": "mine.Remapped.v1", "width": 4}
    nlp.add_pipe("tagger", config={"model": model}).add_label("X")
    with pytest.raises(PipelineError, match=r"'tagger': thinc's remap_ids .* spanloom\.layers"):
        nlp.initialize()


def test_mapping_of_a_config() -> None:
    year = VOCAB.strings.add("year")
    model = chain(FeatureExtractor(["ORTH"]), remap_ids({str(year): 7}, default=1))
    assert [rows.ravel().tolist() for rows in model.predict(docs())] == [
        [1, 1, 1],
        [],
        [1, 1, 1, 7, 1],
    ]
    with pytest.raises(ConfigError, match="map ids of strings"):
        remap_ids({"year": 7})


def flat_hash(layer: Model[Any, Any]) -> Model[Any, Any]:
    from spanloom.layers import flat_array

    return flat_array(layer)
