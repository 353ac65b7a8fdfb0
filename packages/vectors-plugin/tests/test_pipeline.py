from __future__ import annotations

import itertools
import json
import pickle
import shutil

import numpy as np
import pytest

import spanloom
from spanloom import Doc, Example, Pipeline, Vocab
from spanloom.errors import DataError, PluginError, SerializationError, SpanloomError
from spanloom_vectors import Table, open_vectors

WORDS = ["the", "cat", "sat", "on", "mat", "dog", "ran", "Paris"]


def config(vectors, width=12) -> dict:
    return {
        "paths": {"vectors": str(vectors)},
        "nlp": {"lang": "en", "pipeline": ["tagger"]},
        "components": {
            "tagger": {
                "factory": "tagger",
                "model": {
                    "@architectures": "spacy.Tagger.v2",
                    "tok2vec": {
                        "@architectures": "spacy.Tok2Vec.v2",
                        "embed": {
                            "@architectures": "spacy.MultiHashEmbed.v2",
                            "width": width,
                            "attrs": ["SHAPE"],
                            "rows": [50],
                            "include_static_vectors": True,
                        },
                        "encode": {
                            "@architectures": "spacy.MaxoutWindowEncoder.v2",
                            "width": width,
                            "depth": 1,
                            "window_size": 1,
                            "maxout_pieces": 2,
                        },
                    },
                },
            }
        },
    }


def examples(nlp) -> list[Example]:
    words, tags = ["the", "cat", "sat", "mat", "ran"], ["D", "N", "V", "N", "V"]
    return [Example(Doc(nlp.vocab, words=words), Doc(nlp.vocab, words=words, tags=tags))]


def initialized(settings: dict) -> Pipeline:
    nlp = Pipeline.from_config(settings)
    nlp.initialize(lambda: examples(nlp))
    return nlp


def trained(path, width=12, steps=40) -> Pipeline:
    nlp = initialized(config(path, width))
    optimizer = nlp.create_optimizer()
    for _ in range(steps):
        nlp.update(examples(nlp), sgd=optimizer)
    return nlp


def tags(nlp) -> list[str]:
    return [token.tag_ for token in nlp("the cat sat mat ran")]


@pytest.fixture
def path(table, tmp_path):
    return table.save(tmp_path / "vectors.wlv")


@pytest.mark.lengthy
def test_a_pipeline_learns_from_vectors_and_keeps_them(path, tmp_path):
    nlp = trained(path)
    assert tags(nlp) == ["D", "N", "V", "N", "V"]
    nlp.to_disk(tmp_path / "model")
    path.unlink()  # the saved pipeline has a table of its own
    shutil.move(tmp_path / "model", tmp_path / "elsewhere")
    again = spanloom.load(tmp_path / "elsewhere")
    assert tags(again) == tags(nlp)
    assert again.vocab.vectors.hash == nlp.vocab.vectors.hash
    # Saved over itself, with the table open.
    again.to_disk(tmp_path / "elsewhere")
    assert tags(spanloom.load(tmp_path / "elsewhere")) == tags(nlp)
    again.to_disk(tmp_path / "third")
    assert spanloom.load(tmp_path / "third").vocab.vectors.hash == nlp.vocab.vectors.hash


def test_a_pipeline_can_refer_to_the_table_instead(path, tmp_path):
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = Table.open(path, by_reference=True)
    nlp.to_disk(tmp_path / "model")
    assert not (tmp_path / "model" / "vocab" / "vectors.wlv").exists()
    again = spanloom.load(tmp_path / "model")
    assert again.vocab.vectors.hash == nlp.vocab.vectors.hash
    assert again("cat")[0].has_vector
    again.to_disk(tmp_path / "second")
    assert not (tmp_path / "second" / "vocab" / "vectors.wlv").exists()
    path.unlink()
    with pytest.raises(SpanloomError, match=nlp.vocab.vectors.hash):
        spanloom.load(tmp_path / "model")


def test_tables_in_memory_are_saved_too(table, tmp_path):
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = table
    nlp.vocab.set_vector("new", np.ones(6))
    nlp.to_disk(tmp_path / "model")
    assert spanloom.load(tmp_path / "model").vocab.get_vector("new").tolist() == [1] * 6


def test_another_table_at_load_is_an_error_that_names_both(path, rows, tmp_path):
    nlp = trained(path, steps=1)
    nlp.to_disk(tmp_path / "model")
    other = Table.from_arrays(WORDS, rows + 1)
    folder = tmp_path / "model" / "vocab"
    (folder / "vectors.wlv").unlink()
    other.save(folder / "vectors.wlv")
    meta = tmp_path / "model" / "meta.json"
    known = json.loads(meta.read_text("utf-8"))
    del known["files"]  # by which the change would be seen before
    meta.write_text(json.dumps(known), "utf-8")
    with pytest.raises(SerializationError) as error:
        spanloom.load(tmp_path / "model")
    assert nlp.vocab.vectors.hash in str(error.value) and other.hash in str(error.value)
    other.to_disk(folder)  # the reference as well: now only the model knows
    with pytest.raises((PluginError, SpanloomError)) as late:
        spanloom.load(tmp_path / "model")
    assert nlp.vocab.vectors.hash in str(late.value) and other.hash in str(late.value)


@pytest.mark.lengthy
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_pipelines_with_different_tables_in_any_order(order, rows, tmp_path):
    expected = []
    for i, width in enumerate((6, 6, 3)):
        rng = np.random.default_rng(i)
        table = Table.from_arrays(WORDS, rng.normal(size=(len(WORDS), width)))
        nlp = trained(table.save(tmp_path / f"{i}.wlv"), steps=3)
        nlp.to_disk(tmp_path / f"m{i}")
        expected.append((nlp("the cat")[1].vector.copy(), nlp("the cat").vector.copy()))
    loaded = {i: spanloom.load(tmp_path / f"m{i}") for i in order}
    for i in order:
        doc = loaded[i]("the cat")
        np.testing.assert_array_equal(doc[1].vector, expected[i][0])
        np.testing.assert_array_equal(doc.vector, expected[i][1])


def test_vectors_named_in_the_config_may_be_in_any_form(table, path, tmp_path):
    from spanloom_vectors import write_vectors

    nlp = spanloom.blank("en")
    nlp.vocab.vectors = table
    nlp.to_disk(tmp_path / "folder")
    write_vectors(tmp_path / "text.vec.gz", table)
    write_vectors(tmp_path / "spacy", table, format="spacy")
    for name in ("vectors.wlv", "folder", "folder/vocab", "text.vec.gz", "spacy"):
        nlp = initialized(config(tmp_path / name))
        assert nlp.vocab.vectors.hash == table.hash
        nlp.to_disk(tmp_path / "out")
        assert spanloom.load(tmp_path / "out").vocab.vectors.hash == table.hash


def test_spacys_block_for_vectors_is_understood(path, tmp_path):
    settings = config(path)
    from spanloom.config import find_problems

    settings["nlp"]["vectors"] = {"@vectors": "spacy.Vectors.v1"}
    problems = find_problems(settings, complete=True)
    assert not [problem for problem in problems if problem.path.startswith("nlp.vectors")]
    nlp = initialized(settings)
    assert len(nlp.vocab.vectors) == len(WORDS) and not nlp.vocab.vectors.by_reference
    settings["nlp"]["vectors"] = {"@vectors": "spanloom.Vectors.v1", "by_reference": True}
    assert initialized(settings).vocab.vectors.by_reference


def test_missing_vectors_are_found_when_the_pipeline_is_initialized(path):
    settings = config(path)
    settings["paths"]["vectors"] = None
    with pytest.raises(SpanloomError, match="vectors"):
        initialized(settings)
    with pytest.raises(SpanloomError, match="nowhere"):
        initialized(config("nowhere.wlv"))


def test_bytes_and_pickles_carry_no_rows(tmp_path):
    rows = np.ones((20000, 30), dtype=np.float32)
    words = [f"w{i}" for i in range(20000)]
    table = Table.open(Table.from_arrays(words, rows).save(tmp_path / "t.wlv"))
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = table
    doc = nlp("w1 w2")
    assert doc.has_vector
    assert len(pickle.dumps(doc)) < 5000 and len(doc.to_bytes()) < 5000
    assert len(pickle.dumps(nlp.vocab)) < 400_000
    vocab = pickle.loads(pickle.dumps(nlp.vocab))  # noqa: S301
    assert vocab.vectors.hash == table.hash
    assert len(nlp.to_bytes()) < 400_000


def test_bytes_refer_to_the_table(path, rows):
    nlp = trained(path, steps=3)
    data = nlp.to_bytes()
    again = Pipeline.from_config(nlp.config).from_bytes(data)
    assert tags(again) == tags(nlp) and again.vocab.vectors.hash == nlp.vocab.vectors.hash
    path.unlink()
    Table.from_arrays(WORDS, rows * 2).save(path)
    with pytest.raises(SerializationError, match=nlp.vocab.vectors.hash):
        Pipeline.from_config(nlp.config).from_bytes(data)
    path.unlink()
    with pytest.raises(SpanloomError, match=nlp.vocab.vectors.hash):
        Pipeline.from_config(nlp.config).from_bytes(data)


def test_vectors_of_different_widths_are_not_compared(table):
    one, other = spanloom.blank("en"), spanloom.blank("en")
    one.vocab.vectors = table
    other.vocab.vectors = Table.from_arrays(["cat"], np.ones((1, 3)))
    with pytest.raises(DataError, match="6 and 3"):
        one("cat").similarity(other("cat"))
    assert one("cat").similarity(spanloom.blank("en")("dog")) == 0


def test_vectors_of_docs_spans_tokens_and_words(table, rows):
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = table
    doc = nlp("the cat xyz")
    for item in (doc, doc[0:2], doc[0], nlp.vocab["the"], doc[2], nlp.vocab["xyz"], nlp("")):
        assert item.vector.shape == (6,) and item.vector.dtype == np.float32
    np.testing.assert_array_equal(doc[1].vector, rows[1])
    np.testing.assert_allclose(doc.vector, (rows[0] + rows[1]) / 3, atol=1e-6)
    np.testing.assert_allclose(doc[:2].vector, rows[:2].mean(axis=0), atol=1e-6)
    assert doc.has_vector and doc[:2].has_vector and doc[0].has_vector
    assert not doc[2].has_vector and not doc[2:].has_vector and not nlp("xyz xyz").has_vector
    assert doc[2].vector_norm == 0 and nlp.vocab["xyz"].is_oov
    assert doc[1].vector_norm == pytest.approx(np.linalg.norm(rows[1]), abs=1e-5)
    cosine = doc[0].similarity(doc[1])
    assert cosine == pytest.approx(table.similarity("the", "cat"), abs=1e-6)
    assert nlp.vocab["the"].similarity(nlp("cat")) == pytest.approx(cosine, abs=1e-6)
    assert doc.similarity(doc) == pytest.approx(1)
    assert doc[2].similarity(doc[0]) == 0 and nlp("").similarity(doc) == 0


def test_vectors_of_a_vocab(table, rows):
    vocab = Vocab("en")
    assert vocab.vectors_length == 0 and vocab.get_vector("cat").shape == (0,)
    with pytest.raises(DataError, match="spanloom-vectors"):
        vocab.set_vector("cat", rows[0])
    vocab.vectors = table
    assert vocab.vectors_length == 6 and vocab.has_vector("cat") and not vocab.has_vector("xyz")
    np.testing.assert_array_equal(vocab.get_vector(vocab.strings.add("cat")), rows[1])
    assert vocab.get_vector("xyz").tolist() == [0] * 6
    vocab.set_vector("xyz", rows[0])
    assert vocab.has_vector("xyz") and vocab["xyz"].similarity(vocab["the"]) == pytest.approx(1)
    assert vocab.vectors.most_similar("xyz", 1)[0][0] == "the"
    with pytest.raises(DataError, match="shape"):
        vocab.set_vector("cat", np.ones(3))


def test_upper_case_words_find_lower_case_vectors_where_the_table_says_so(rows):
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = Table.from_arrays([w.lower() for w in WORDS], rows, attrs=["ORTH", "LOWER"])
    doc = nlp("THE Cat in PARIS")
    assert [token.has_vector for token in doc] == [True, True, False, True]
    np.testing.assert_array_equal(doc[3].vector, rows[7])


def test_open_vectors_of_a_pipeline(path, tmp_path):
    nlp = spanloom.blank("en")
    nlp.vocab.vectors = Table.open(path)
    nlp.to_disk(tmp_path / "m")
    assert open_vectors(tmp_path / "m", hash=nlp.vocab.vectors.hash).path.name == "vectors.wlv"
    with pytest.raises(SerializationError, match="hash"):
        open_vectors(tmp_path / "m", hash="0" * 32)


def test_tables_of_the_same_name_are_not_mixed_up(rows, tmp_path):
    """Neither by name nor by the order in which components are sourced."""
    paths = [
        Table.from_arrays(WORDS, rows * factor, name="same").save(tmp_path / f"{factor}.wlv")
        for factor in (1, -2)
    ]
    first, second = (trained(path, steps=3) for path in paths)
    before = first("the cat")[1].vector.copy()
    target = spanloom.blank("en")
    target.vocab.vectors = Table.open(paths[0])
    target.add_pipe("tagger", name="one", source=first)
    assert target("the cat")[0].tag_ == first("the cat")[0].tag_
    np.testing.assert_array_equal(target.vocab.vectors["cat"], before)
    with pytest.raises((PluginError, SpanloomError)) as error:
        target.add_pipe("tagger", name="two", source=second)
        target("the cat")
    assert second.vocab.vectors.hash in str(error.value)
    assert target.vocab.vectors.hash in str(error.value)
    np.testing.assert_array_equal(first("the cat")[1].vector, before)
