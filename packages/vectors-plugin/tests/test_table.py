from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom.errors import DataError, MissingFileError, SerializationError
from spanloom_vectors import Subwords, Table
from spanloom_vectors.build import Chunk, Source

WORDS = ["the", "cat", "sat", "on", "mat", "dog", "ran", "Paris"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), min_size=1), unique=True, min_size=1, max_size=40
    ),
    st.sampled_from(["float32", "float16", "int8"]),
    st.lists(st.text(max_size=5), max_size=10),
)
def test_each_word_has_its_row_and_others_none(words, dtype, others):
    rows = np.random.default_rng(len(words)).normal(size=(len(words), 3)).astype(np.float32)
    table = Table.from_arrays(words, rows, dtype=dtype)
    assert table.rows_for(words).tolist() == list(range(len(words)))
    np.testing.assert_allclose(table.vectors_for(words), rows, atol=0.03)
    known = set(words)
    assert table.known(others).tolist() == [word in known for word in others]
    assert list(table.words) == words


def test_saved_table_is_the_same(table, tmp_path, rows):
    path = table.save(tmp_path / "t.wlv")
    opened = Table.open(path, hash=table.hash)
    opened.verify()
    np.testing.assert_array_equal(opened.vectors_for(WORDS), rows)
    assert opened.hash == table.hash
    assert opened.words[1:3] == ["cat", "sat"]
    assert not opened.sections.arrays["rows"].flags.writeable


def test_hash_is_of_the_content(table, rows):
    assert Table.from_arrays(WORDS, rows).hash == table.hash
    assert Table.from_arrays(WORDS, rows, name="other").hash == table.hash
    assert Table.from_arrays(WORDS, rows + 1).hash != table.hash
    assert Table.from_arrays(WORDS[::-1], rows).hash != table.hash
    assert Table.from_arrays(WORDS, rows, attrs=["LOWER"]).hash != table.hash


def test_another_table_is_refused_with_both_hashes(table, rows, tmp_path):
    other = Table.from_arrays(WORDS, rows * 2)
    with pytest.raises(SerializationError) as error:
        Table.open(other.save(tmp_path / "t.wlv"), hash=table.hash)
    assert table.hash in str(error.value) and other.hash in str(error.value)


def test_damaged_files_are_found(table, tmp_path):
    path = table.save(tmp_path / "t.wlv")
    whole = path.read_bytes()
    path.write_bytes(whole[:4200])
    with pytest.raises(SerializationError, match="cut short"):
        Table.open(path)
    changed = bytearray(whole)
    changed[4097] ^= 1
    path.write_bytes(bytes(changed))
    with pytest.raises(SerializationError, match="damaged"):
        Table.open(path).verify()
    path.write_bytes(whole[:8] + b"\x63\0\0\0" + whole[12:])
    with pytest.raises(SerializationError, match="upgrade"):
        Table.open(path)
    path.write_bytes(b"the 1 2 3\n")
    with pytest.raises(SerializationError, match="convert"):
        Table.open(path)
    with pytest.raises(MissingFileError):
        Table.open(tmp_path / "nowhere.wlv")


def test_what_is_wrong_with_arrays_is_said(rows):
    with pytest.raises(DataError, match="twice"):
        Table.from_arrays(["a"] * len(rows), rows)
    with pytest.raises(DataError, match="words need rows"):
        Table.from_arrays(["a"], rows)
    with pytest.raises(DataError, match="NaN"):
        Table.from_arrays(["a"], np.array([[np.nan]]))
    with pytest.raises(DataError, match="float16 holds"):
        Table.from_arrays(["a"], np.array([[1e6]]), dtype="float16")
    for settings_ in ({"dtype": "int4"}, {"attrs": ["SHAPE"]}, {"unknown": "guess"}):
        with pytest.raises(DataError):
            Table.from_arrays(WORDS, rows, **settings_)
    with pytest.raises(DataError, match="subwords"):
        Table.from_arrays(WORDS, rows, unknown="subword")


def test_a_pickle_refers_to_the_file(tmp_path):
    rows = np.ones((5000, 50), dtype=np.float32)
    words = [f"w{i}" for i in range(5000)]
    table = Table.open(Table.from_arrays(words, rows).save(tmp_path / "t.wlv"))
    table.set_vector("new", np.zeros(50))
    data = pickle.dumps(table)
    assert len(data) < 1500
    again = pickle.loads(data)  # noqa: S301
    assert again["w3"].tolist() == rows[3].tolist() and "new" in again
    with pytest.raises(DataError, match="memory"):
        pickle.dumps(Table.from_arrays(words, rows))


def test_a_pickle_of_another_file_is_refused(table, rows, tmp_path):
    path = table.save(tmp_path / "t.wlv")
    data = pickle.dumps(Table.open(path))
    Table.from_arrays(WORDS, rows + 1).save(path)
    with pytest.raises(SerializationError, match=table.hash):
        pickle.loads(data)  # noqa: S301


def test_unknown_words_get_what_the_table_says(rows):
    zero, mean, hashed = (
        Table.from_arrays(WORDS, rows, unknown=policy) for policy in ("zero", "mean", "hash")
    )
    assert not zero.vectors_for(["xyz"]).any()
    np.testing.assert_allclose(mean.vectors_for(["xyz"])[0], rows.mean(axis=0), atol=1e-6)
    first, second, again = hashed.vectors_for(["xyz", "abc", "xyz"])
    assert np.array_equal(first, again) and not np.allclose(first, second)
    np.testing.assert_allclose(
        np.linalg.norm(first), np.linalg.norm(rows, axis=1).mean(), rtol=1e-5
    )
    for each in (zero, mean, hashed):
        assert not each.known(["xyz"])[0] and each.rows_for(["xyz"])[0] == -1
        with pytest.raises(KeyError):
            each["xyz"]


def test_hashed_vectors_are_equal_in_another_process(rows):
    code = (
        "import numpy as np; from spanloom_vectors import Table; "
        "t = Table.from_arrays(['a'], np.ones((1, 4)), unknown='hash'); "
        "print(t.vectors_for(['xyz'])[0].tolist())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = Table.from_arrays(["a"], np.ones((1, 4)), unknown="hash").vectors_for(["xyz"])[0]
    assert out.stdout.strip() == str(here.tolist())


def test_lookup_attributes_are_tried_in_order(rows):
    exact = Table.from_arrays(WORDS, rows)
    lower = Table.from_arrays([word.lower() for word in WORDS], rows, attrs=["LOWER"])
    chain = Table.from_arrays(WORDS, rows, attrs=["ORTH", "LOWER"])
    assert exact.known(["Cat", "Paris", "paris"]).tolist() == [False, True, False]
    assert lower.known(["CAT", "Paris", "paris"]).tolist() == [True, True, True]
    assert chain.known(["Cat", "Paris", "paris"]).tolist() == [True, True, False]
    np.testing.assert_array_equal(chain["CAT"], rows[1])


def test_changes_belong_to_one_object(table, tmp_path, rows):
    path = table.save(tmp_path / "t.wlv")
    one, other = Table.open(path), Table.open(path)
    one.set_vector("cat", np.ones(6))
    one.set_vector("new", np.full(6, 2.0))
    assert one["cat"].tolist() == [1] * 6 and one["new"].tolist() == [2] * 6
    np.testing.assert_array_equal(other["cat"], rows[1])
    assert "new" not in other
    # What was changed counts for the hash, the search and the next file, not for this one.
    assert one.most_similar("new", 1)[0][0] == "cat"
    assert one.hash != other.hash
    again = Table.open(one.save(tmp_path / "u.wlv"))
    assert again.hash == one.hash and again["new"].tolist() == [2] * 6
    assert Table.open(path).hash == other.hash
    copy = other.copy()
    copy.set_vector("cat", np.zeros(6))
    np.testing.assert_array_equal(other["cat"], rows[1])


def test_changing_a_shared_row_changes_one_word(rows):
    source = Source(6, (), shared=(["a", "b", "c"], np.array([0, 0, 1]), rows[:2]))
    table = Table.from_source(source)
    table.set_vector("b", np.ones(6))
    np.testing.assert_array_equal(table["a"], rows[0])
    assert table.most_similar(np.ones(6), 1)[0][0] == "b"
    assert table["b"].tolist() == [1] * 6 and len(table) == 3
    np.testing.assert_array_equal(table["c"], rows[1])


def test_vectors_that_do_not_fit_are_refused(table):
    for vector in (np.ones(3), np.full(6, np.nan), np.ones((2, 3))):
        with pytest.raises(DataError):
            table.set_vector("cat", vector)


def test_fasttext_table_composes_other_words():
    buckets = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    subwords = Subwords("fasttext", 20, 3, 4)
    chunk = Chunk(["cat"], np.ones((1, 4)))
    table = Table.from_source(Source(4, [chunk], subwords=subwords, buckets=buckets))
    assert table.unknown == "subword"
    flat, counts = subwords.rows(["zebra"])
    np.testing.assert_allclose(
        table["zebra"], buckets[flat].sum(axis=0) / counts[0], rtol=1e-5, atol=1e-6
    )
    assert table["cat"].tolist() == [1] * 4
    assert table.known(["cat", "zebra", "a", ""]).tolist() == [True, True, True, False]
    zero = Table.from_source(table.source(), unknown="zero")
    assert not zero.vectors_for(["zebra"]).any() and "zebra" not in zero


def test_floret_without_rows_is_refused():
    subwords = Subwords("floret", 50, 2, 3, hash_count=2, hash_seed=7)
    with pytest.raises(DataError, match="floret needs their rows: give it `buckets`"):
        Table.from_source(Source(4, (), subwords=subwords))


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_floret_table_composes_all_words(dtype):
    rows = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    subwords = Subwords("floret", 50, 2, 3, hash_count=2, hash_seed=7)
    table = Table.from_source(Source(4, (), subwords=subwords, buckets=rows), dtype=dtype)
    flat, _ = subwords.rows(["zebra"])
    np.testing.assert_allclose(table["zebra"], rows[flat].mean(axis=0), atol=0.03)
    assert table.known(["zebra", "x", ""]).tolist() == [True, True, False]
    assert not table.vectors_for([""]).any()
    with pytest.raises(DataError, match="floret"):
        table.set_vector("cat", np.ones(4))
    others = ["zebras", "zebra", "cat", "dog"]
    found = table.most_similar("zebra", 5, among=others)
    cosines = {word: table.similarity("zebra", word) for word in others if word != "zebra"}
    assert [word for word, _ in found] == sorted(cosines, key=lambda word: -cosines[word])
    assert table.most_similar(["zebra", "cat"], 5, among=others)[0] == found
    with pytest.raises(DataError, match="among"):
        table.most_similar("zebra")


@pytest.mark.lengthy
def test_opening_reads_no_rows(tmp_path):
    words = [f"word{i}" for i in range(20000)]
    rows = np.zeros((20000, 100), dtype=np.float32)
    path = Table.from_arrays(words, rows).save(tmp_path / "t.wlv")
    code = (
        "import resource, sys; import spanloom_vectors as w; import numpy as np;"
        "w.open_vectors; w.Table;"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "before = peak(); t = w.Table.open(sys.argv[1]); t['word7']; print(peak() - before)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert int(out.stdout) < 3000  # kB; the rows take 8000
