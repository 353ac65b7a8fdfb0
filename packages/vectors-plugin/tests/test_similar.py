from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom.errors import DataError, SerializationError
from spanloom_vectors import Index, Table
from spanloom_vectors.build import Source


def brute(vectors: np.ndarray, query: np.ndarray, n: int, without: set[int]) -> list[int]:
    norms = np.linalg.norm(vectors, axis=1)
    cosines = vectors @ query / np.where(norms > 0, norms, 1)
    order = np.lexsort((np.arange(len(vectors)), -cosines))
    return [i for i in order.tolist() if norms[i] > 0 and i not in without][:n]


@pytest.mark.lengthy
@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 80),
    st.integers(1, 12),
    st.sampled_from(["float32", "float16", "int8"]),
    st.integers(0, 5),
)
def test_search_is_exact(count, n, dtype, zeros):
    rng = np.random.default_rng(count * 100 + n)
    rows = rng.normal(size=(count, 5)).astype(np.float32)
    rows[rng.integers(0, count, zeros)] = 0
    words = [f"w{i}" for i in range(count)]
    table = Table.from_arrays(words, rows, dtype=dtype)
    stored = table.gather(np.arange(count))
    answers = table.most_similar(words, n)
    for i, answer in enumerate(answers):
        scores = [score for _, score in answer]
        assert scores == sorted(scores, reverse=True)
        assert np.isfinite(scores).all() and all(-1 <= score <= 1 for score in scores)
        names = [word for word, _ in answer]
        assert len(set(names)) == len(names) and words[i] not in names
        nonzero = int((np.linalg.norm(stored, axis=1) > 0).sum())
        own = int(np.linalg.norm(stored[i]) > 0)
        assert len(answer) == min(n, nonzero - own)
        if own:  # a query of zeros is as near to one as to another
            expected = brute(stored, stored[i], n, {i})
            np.testing.assert_allclose(
                scores, [table.similarity(words[i], words[k]) for k in expected], atol=1e-5
            )


def test_search_over_several_blocks(monkeypatch):
    monkeypatch.setattr("spanloom_vectors.similar._FIRST", 50)
    monkeypatch.setattr("spanloom_vectors.similar._BLOCK", 70)
    monkeypatch.setattr("spanloom_vectors.similar._QUERIES", 7)
    rows = np.random.default_rng(0).normal(size=(1000, 4)).astype(np.float32)
    words = [f"w{i}" for i in range(1000)]
    table = Table.from_arrays(words, rows)
    for i, answer in enumerate(table.most_similar(words[:30], 10)):
        assert [word for word, _ in answer] == [words[k] for k in brute(rows, rows[i], 10, {i})]


def test_equal_rows_come_in_order():
    table = Table.from_arrays(list("abcdef"), np.ones((6, 2)))
    assert [word for word, _ in table.most_similar("c", 3)] == ["a", "b", "d"]


def test_kinds_of_queries(table, rows):
    one = table.most_similar("cat", 3)
    batch = table.most_similar(["cat", "dog"], 3)[0]
    assert dict(batch) == pytest.approx(dict(one), abs=1e-6)
    by_vector = table.most_similar(rows[1], 4)
    assert by_vector[0][0] == "cat" and by_vector[0][1] == pytest.approx(1)
    assert [word for word, _ in by_vector[1:]] == [word for word, _ in one]
    assert dict(table.most_similar(rows[:2], 4)[1]) == pytest.approx(dict(by_vector), abs=1e-6)
    assert table.most_similar([], 3) == [] and table.most_similar(np.zeros((0, 6)), 3) == []
    assert len(table.most_similar("cat", 100)) == 7


def test_analogies_leave_out_their_words(table, rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    expected = brute(rows, unit[1] + unit[2] - unit[3], 2, {1, 2, 3})
    found = table.most_similar(positive=["cat", "sat"], negative=["on"], n=2)
    assert [word for word, _ in found] == [table.words[i] for i in expected]
    by_vectors = table.most_similar(positive=[rows[1], "sat"], negative=["on"], n=8)
    assert "cat" in dict(by_vectors) and "sat" not in dict(by_vectors)


def test_filter_still_gives_n(table):
    found = table.most_similar("cat", 3, filter=lambda word: word in ("dog", "mat", "Paris", "cat"))
    assert sorted(word for word, _ in found) == ["Paris", "dog", "mat"]
    assert table.most_similar("cat", 3, filter=lambda word: False) == []
    rows = np.random.default_rng(0).normal(size=(500, 3))
    large = Table.from_arrays([f"w{i}" for i in range(500)], rows)
    allowed = {f"w{i}" for i in range(490, 500)}
    assert {
        word for word, _ in large.most_similar("w0", 10, filter=allowed.__contains__)
    } == allowed


def test_words_that_share_a_row_are_one_answer(rows):
    shared = (["a", "b", "c", "d"], np.array([0, 0, 1, 3]), rows[:4])
    table = Table.from_source(Source(6, (), shared=shared))
    # Row 2 has no word; a and b are one row, and the query's own row isn't an answer.
    assert sorted(word for word, _ in table.most_similar("c", 5)) == ["a", "d"]
    assert sorted(word for word, _ in table.most_similar("b", 5)) == ["c", "d"]


def test_queries_that_cannot_be(table):
    with pytest.raises(DataError, match="'xyz'"):
        table.most_similar(["cat", "xyz"])
    with pytest.raises(DataError, match="'xyz'"):
        table.most_similar(positive=["xyz"])
    for query in (np.ones(3), np.full(6, np.nan)):
        with pytest.raises(DataError):
            table.most_similar(query)
    with pytest.raises(DataError, match="at least one"):
        table.most_similar("cat", 0)
    with pytest.raises(DataError, match="queries"):
        table.most_similar()


def test_query_of_zeros_has_finite_answers(table):
    assert [score for _, score in table.most_similar(np.zeros(6), 3)] == [0, 0, 0]


def test_similarity_of_words(table, rows):
    cosine = rows[1] @ rows[5] / np.linalg.norm(rows[1]) / np.linalg.norm(rows[5])
    assert table.similarity("cat", "dog") == pytest.approx(cosine, abs=1e-6)
    assert table.similarity("cat", "cat") == pytest.approx(1)
    assert table.similarity("cat", "xyz") == 0


def test_real_words(shared):
    from spanloom_vectors import read_vectors

    table = read_vectors(shared / "vectors" / "glove_twitter_25d_12k.txt.gz")
    assert {"prince", "queen"} <= set(dict(table.most_similar("king", 3)))
    analogy = table.most_similar(positive=["king", "woman"], negative=["man"], n=3)
    assert "queen" in dict(analogy)


def test_approximate_index(tmp_path):
    pytest.importorskip("usearch")
    rows = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    rows[5] = 0
    words = [f"w{i}" for i in range(2000)]
    table = Table.from_arrays(words, rows)
    index = Index(table)
    assert len(index) == 1999
    exact, found = table.most_similar(words[10:60], 10), index.most_similar(words[10:60], 10)
    same = sum(len(dict(a).keys() & dict(b).keys()) for a, b in zip(exact, found, strict=True))
    assert same > 480
    np.testing.assert_allclose(dict(found[0])[exact[0][0][0]], exact[0][0][1], atol=1e-5)
    assert index.most_similar(rows[10], 1)[0][0] == "w10"
    index.save(tmp_path / "x.index")
    again = Index.open(tmp_path / "x.index", table)
    assert again.most_similar("w20", 5) == index.most_similar("w20", 5)
    with pytest.raises(SerializationError, match=table.hash):
        Index.open(tmp_path / "x.index", Table.from_arrays(words, rows * 2))
    with pytest.raises(DataError, match="'xyz'"):
        index.most_similar("xyz")


@pytest.mark.lengthy
def test_many_queries_need_little_memory():
    rows = np.random.default_rng(0).normal(size=(20000, 8)).astype(np.float32)
    table = Table.from_arrays([f"w{i}" for i in range(20000)], rows)
    tracemalloc.start()
    try:
        found = table.most_similar(rows[:4000], 3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # All scores at once would take 320 MB.
    assert len(found) == 4000 and peak < 120_000_000
