from __future__ import annotations

import numpy as np
import pytest
from thinc.api import Adam, Model, chain, get_current_ops, ragged2list, with_array
from thinc.types import Ragged

import spanloom
from spanloom import Batch, Doc, Example, Vocab, registry
from spanloom.errors import PipelineError
from spanloom.tokens.batch import FloatsList
from spanloom_vectors import StaticVectors, Subwords, Table
from spanloom_vectors.build import Source

WORDS = ["the", "cat", "sat", "on", "mat", "dog", "ran", "Paris"]


@pytest.fixture
def vocab(table) -> Vocab:
    vocab = Vocab("en")
    vocab.vectors = table
    return vocab


@pytest.fixture
def docs(vocab) -> Batch:
    texts = ("the cat sat on the mat", "the dog xyz", "", "cat cat")
    return Batch(Doc(vocab, words=text.split()) for text in texts)


def reference(docs, table, W):
    """Token by token."""
    return [
        np.array([W @ table.vectors_for([word])[0] for word in doc.words]).reshape(-1, len(W))
        for doc in docs
    ]


def test_each_token_has_its_projected_vector(docs, table):
    model = StaticVectors(nO=3).initialize(X=docs)
    assert model.get_dim("nM") == 6
    Y, _ = model(docs, is_train=False)
    assert isinstance(Y, FloatsList)
    for found, expected in zip(Y, reference(docs, table, model.get_param("W")), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert not Y[1][2].any()  # no vector
    for found, expected in zip(model.predict(list(docs)), Y, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_gradient_is_that_of_finite_differences(docs, table):
    model = StaticVectors(nO=3).initialize(X=docs)
    Y, backprop = model(docs, is_train=True)
    dY = np.random.default_rng(0).normal(size=Y.flat.shape).astype(np.float32)
    kept = dY.copy()
    assert backprop(FloatsList(dY, Y.lengths)) == []
    np.testing.assert_array_equal(dY, kept)
    W, gradient = model.get_param("W").copy(), model.get_grad("W")
    expected = np.zeros_like(gradient)
    for at in np.ndindex(W.shape):
        for sign in (1, -1):
            moved = W.copy()
            moved[at] += sign * 0.01
            flat = np.concatenate(reference(docs, table, moved))
            expected[at] += sign * float((flat * dY).sum()) / 0.02
    np.testing.assert_allclose(gradient, expected, atol=1e-3)
    backprop(FloatsList(dY, Y.lengths))
    np.testing.assert_allclose(model.get_grad("W"), 2 * expected, atol=2e-3)


def test_nothing_learns_in_the_table(docs, table):
    before = table.hash
    model = StaticVectors(nO=3).initialize(X=docs)
    Y, backprop = model(docs, is_train=True)
    backprop(Y)
    table.verify()
    assert table.hash == before and model.param_names == ("W",)


def test_dropout_is_of_dimensions_for_the_whole_batch(docs):
    model = StaticVectors(nO=64, dropout=0.5).initialize(X=docs)
    Y, backprop = model(docs, is_train=True)
    plain = model.predict(docs)
    dropped = (Y.flat == 0).all(axis=0)
    assert 10 < dropped.sum() < 54
    np.testing.assert_allclose(Y.flat[:, ~dropped], 2 * plain.flat[:, ~dropped], rtol=1e-4)
    backprop(FloatsList(np.ones_like(Y.flat), Y.lengths))
    assert not model.get_grad("W")[dropped].any() and model.get_grad("W")[~dropped].all()


def test_it_has_the_tree_of_spacys_layer():
    model = StaticVectors(nO=3, nM=6).initialize()
    assert model.name == "static_vectors" and not model.layers
    assert model.get_param("W").shape == (3, 6)
    assert set(model.dim_names) == {"nO", "nM"}
    for name in ("spacy.StaticVectors.v1", "spacy.StaticVectors.v2", "spanloom.StaticVectors.v2"):
        made = registry.architectures.get(name)(nO=3, nM=6, dropout=0.1, key_attr="ORTH")
        assert made.attrs["dropout_rate"] == 0.1


def test_what_is_wrong_is_said(docs, rows):
    with pytest.raises(PipelineError, match="widths"):
        StaticVectors(nO=3).initialize()
    model = StaticVectors(nO=3).initialize(X=docs)
    trained = docs[0].vocab.vectors.hash
    other = docs[0].vocab.vectors = Table.from_arrays(WORDS, rows * 2)
    with pytest.raises(PipelineError) as error:
        model.predict(docs)
    assert trained in str(error.value) and other.hash in str(error.value)
    docs[0].vocab.vectors = None
    with pytest.raises(PipelineError, match="vectors"):
        model.predict(docs)
    with pytest.raises(PipelineError, match="include_static_vectors"):
        StaticVectors(nO=3).initialize(X=docs)
    docs[0].vocab.vectors = Table.from_arrays(WORDS, rows[:, :4])
    unchecked = StaticVectors(nO=3, nM=6).initialize()
    with pytest.raises(PipelineError, match="6 dimensions"):
        unchecked.predict(docs)


def test_weights_travel_with_the_hash(docs):
    model = StaticVectors(nO=3).initialize(X=docs)
    again = StaticVectors(nO=3).from_bytes(model.to_bytes())
    assert again.attrs["table"] == docs[0].vocab.vectors.hash
    np.testing.assert_array_equal(again.predict(docs).flat, model.predict(docs).flat)


def test_a_table_with_changes_still_fits_itself(docs):
    docs[0].vocab.vectors.set_vector("xyz", np.ones(6))
    model = StaticVectors(nO=3).initialize(X=docs)
    assert model.predict(docs)[1][2].any()


@pytest.mark.parametrize("attrs", [["LOWER"], ["ORTH", "LOWER"], ["NORM"]])
def test_lookup_by_the_tables_attributes(rows, attrs):
    vocab = Vocab("en")
    vocab.vectors = Table.from_arrays([word.lower() for word in WORDS], rows, attrs=attrs)
    docs = [Doc(vocab, words=["The", "CAT", "paris"])]
    model = StaticVectors(nO=3).initialize(X=docs)
    np.testing.assert_allclose(
        model.predict(docs)[0], rows[[0, 1, 7]] @ model.get_param("W").T, atol=1e-6
    )


def test_lookup_by_lemma_is_of_the_token(rows):
    vocab = Vocab("en")
    vocab.vectors = Table.from_arrays(WORDS, rows, attrs=["LEMMA", "ORTH"])
    docs = [Doc(vocab, words=["ran", "ran", "xyz"], lemmas=["cat", "zzz", "dog"])]
    model = StaticVectors(nO=3).initialize(X=docs)
    expected = rows[[1, 6, 5]] @ model.get_param("W").T
    np.testing.assert_allclose(model.predict(docs)[0], expected, atol=1e-6)
    np.testing.assert_array_equal(docs[0][0].vector, rows[1])


def test_composed_vectors_are_features_too():
    buckets = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    subwords = Subwords("floret", 50, 2, 3)
    vocab = Vocab("en")
    vocab.vectors = Table.from_source(Source(4, (), subwords=subwords, buckets=buckets))
    docs = [Doc(vocab, words=["never", "seen", "never"])]
    model = StaticVectors(nO=3).initialize(X=docs)
    Y = model.predict(docs)[0]
    expected = vocab.vectors.vectors_for(["never", "seen", "never"]) @ model.get_param("W").T
    np.testing.assert_allclose(Y, expected, atol=1e-5)


def test_it_can_stand_where_a_ragged_is_expected(docs):
    model = chain(StaticVectors(nO=3), ragged2list())
    model.layers[0].initialize(X=docs)
    Y, backprop = model(list(docs), is_train=True)
    assert [len(part) for part in Y] == [6, 3, 0, 2]
    backprop(Y)
    assert model.layers[0].get_grad("W").any()
    lengths = get_current_ops().asarray1i([6, 3, 0, 2])
    _, backprop = model.layers[0](docs, is_train=True)
    backprop(Ragged(np.ones((11, 3), dtype=np.float32), lengths))


def test_multi_hash_embed_takes_static_vectors(docs):
    make = registry.architectures.get("spacy.MultiHashEmbed.v2")
    model = make(width=8, attrs=["NORM", "SHAPE"], rows=[50, 20], include_static_vectors=True)
    model.initialize(X=docs)
    static = next(node for node in model.walk() if node.name == "static_vectors")
    Y, backprop = model(docs, is_train=True)
    assert [part.shape for part in Y] == [(6, 8), (3, 8), (0, 8), (2, 8)]
    backprop(Y)
    assert static.get_grad("W").any()
    before = model.predict(docs).flat.copy()
    static.set_param("W", static.get_param("W") * 0)
    assert not np.allclose(model.predict(docs).flat, before)


def test_first_custom_embedding_of_the_guide(vocab):
    @registry.architectures("my_example.MyEmbedding.v1")
    def MyEmbedding(output_width: int) -> Model:
        return StaticVectors(nO=output_width)

    config = {
        "@architectures": "spanloom.Tok2Vec.v2",
        "embed": {"@architectures": "my_example.MyEmbedding.v1", "output_width": 16},
        "encode": {
            "@architectures": "spanloom.MaxoutWindowEncoder.v2",
            "width": 16,
            "depth": 2,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }
    model = registry.resolve({"model": config})["model"]
    docs = [Doc(vocab, words=["the", "cat"]), Doc(vocab, words=["dog"])]
    model.initialize(X=docs)
    Y, backprop = model(docs, is_train=True)
    assert [part.shape for part in Y] == [(2, 16), (1, 16)]
    backprop(Y)
    assert model.get_ref("embed").get_grad("W").any()


def second_example(vocab):
    """With the pieces that core has for lists of documents."""
    from spanloom.layers import Embed, FeatureExtractor, add, remap_ids

    key2row = {vocab.strings.add(word): i for i, word in enumerate(["cat", "dog"], 1)}
    return add(
        StaticVectors(nO=5),
        chain(FeatureExtractor(["ORTH"]), remap_ids(key2row), Embed(nO=5, nV=3)),
    )


def second_example_of_thinc(vocab):
    """With thinc's own, which work on flat arrays."""
    from thinc.api import Embed, remap_ids_v2

    from spanloom.layers import FeatureExtractor, add

    key2row = {vocab.strings.add(word): i for i, word in enumerate(["cat", "dog"], 1)}
    learned = chain(remap_ids_v2(key2row, column=0), Embed(nO=5, nV=3, column=0))
    return add(StaticVectors(nO=5), chain(FeatureExtractor(["ORTH"]), with_array(learned)))


@pytest.mark.parametrize("make", [second_example, second_example_of_thinc])
def test_second_custom_embedding_of_the_guide(vocab, table, make):
    model = make(vocab)
    docs = [Doc(vocab, words=["the", "cat", "dog"]), Doc(vocab, words=["cat", "xyz"])]
    model.initialize(X=docs)
    Y, backprop = model(docs, is_train=True)
    W = model.layers[0].get_param("W")
    embed = next(node for node in model.walk() if node.has_param("E"))
    E = embed.get_param("E").copy()
    for doc, part in zip(docs, Y, strict=True):
        static = table.vectors_for(doc.words) @ W.T
        rows = [{"cat": 1, "dog": 2}.get(word, 0) for word in doc.words]
        np.testing.assert_allclose(part, static + E[rows], atol=1e-5)
    backprop([np.ones_like(part) for part in Y])
    assert model.layers[0].get_grad("W").any() and embed.get_grad("E")[1, 0] == 2


def test_second_custom_embedding_in_a_pipeline(table):
    """Registered under a name, in the config of a tagger, and learning."""
    from spanloom.layers import Embed, FeatureExtractor, add, remap_ids

    @registry.architectures("my_example.MyCustomVectors.v1")
    def MyCustomVectors(
        output_width: int, vector_width: int, embed_rows: int, key2row: dict[int, int]
    ) -> Model:
        return add(
            StaticVectors(nO=output_width, nM=vector_width),
            chain(
                FeatureExtractor(["ORTH"]),
                remap_ids(key2row),
                Embed(nO=output_width, nV=embed_rows),
            ),
        )

    nlp = spanloom.blank("en")
    nlp.vocab.vectors = table
    embed = {
        "@architectures": "my_example.MyCustomVectors.v1",
        "output_width": 8,
        "vector_width": table.width,
        "embed_rows": 3,
        "key2row": {nlp.vocab.strings.add(word): i for i, word in enumerate(["cat", "dog"], 1)},
    }
    model = {"@architectures": "spanloom.Tagger.v2", "tok2vec": embed}
    nlp.add_pipe("tagger", config={"model": model})
    words, tags = ["the", "cat", "sat", "dog"], ["D", "N", "V", "N"]
    example = Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=tags))
    nlp.initialize(lambda: [example])
    sgd = Adam(0.05)
    losses = [nlp.update([example], sgd=sgd, losses={})["tagger"] for _ in range(60)]
    assert losses[-1] < losses[0] / 2
    assert [token.tag_ for token in nlp("the cat sat dog")] == tags
