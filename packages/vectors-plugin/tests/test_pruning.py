from __future__ import annotations

import numpy as np
import pytest

from spanloom.errors import DataError
from spanloom_vectors import Subwords, Table, prune
from spanloom_vectors.build import Source


@pytest.fixture
def large() -> Table:
    # Few directions and many equal rows: what made other libraries keep far fewer rows than asked.
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(20, 8))
    rows = centres[rng.integers(0, 20, 1000)] + rng.normal(size=(1000, 8)) * 0.01
    rows[300:320] = rows[0]
    rows[[7, 900]] = 0
    return Table.from_arrays([f"w{i}" for i in range(1000)], rows)


@pytest.mark.parametrize("mode", ["nearest", "drop", "quantise"])
@pytest.mark.parametrize("rows", [1, 324, 500, 999, 1000])
def test_exactly_so_many_rows_each_time_the_same(large, mode, rows):
    pruned, merges = prune(large, rows, mode)
    assert len(pruned) == rows
    again, same = prune(large, rows, mode)
    assert again.hash == pruned.hash and merges == same


def test_nearest_gives_each_word_the_row_most_like_its_own(large):
    pruned, merges = prune(large, 100)
    assert len(merges) == 900
    kept = large.gather(np.arange(100))
    unit = kept / np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-9)
    for merge in merges[:50]:
        vector = large[merge.word] / np.linalg.norm(large[merge.word])
        assert merge.score == pytest.approx((unit @ vector).max(), abs=1e-5)
        np.testing.assert_array_equal(pruned[merge.word], large[merge.into])
    for word in ("w0", "w7", "w99"):
        np.testing.assert_array_equal(pruned.vectors_for([word])[0], large.vectors_for([word])[0])
    # A word of zeros is near to nothing, and nothing was merged into one.
    assert next(merge for merge in merges if merge.word == "w900").into is None
    assert "w900" not in pruned and "w7" not in {merge.into for merge in merges}


def test_drop_forgets_the_others(large):
    pruned, merges = prune(large, 100, "drop")
    assert list(pruned.words) == list(large.words)[:100] and len(merges) == 900
    assert all(merge.into is None for merge in merges)


def test_quantise_lets_all_words_share(large):
    pruned, merges = prune(large, 40, "quantise")
    assert len(pruned.words) == 1000
    vectors = large.vectors_for(list(large.words))
    error = np.linalg.norm(pruned.vectors_for(list(large.words)) - vectors, axis=1).mean()
    nearest = np.linalg.norm(
        prune(large, 40)[0].vectors_for(list(large.words)) - vectors, axis=1
    ).mean()
    assert error < nearest and error < 0.5
    assert len(merges) == 960


def test_settings_are_kept_or_changed(large):
    lower = Table.from_source(large.source(), attrs=["LOWER"], dtype="float16", unknown="mean")
    pruned, _ = prune(lower, 10)
    assert (pruned.attrs, pruned.dtype, pruned.unknown) == (("LOWER",), "float16", "mean")
    assert prune(lower, 10, dtype="int8")[0].dtype == "int8"


def test_pruned_again(large):
    once, _ = prune(large, 500)
    twice, _ = prune(once, 200)
    assert len(twice) == 200 and "w999" in twice


def test_what_cannot_be_pruned(large):
    for rows in (0, 1001):
        with pytest.raises(DataError, match="rows"):
            prune(large, rows)
    with pytest.raises(DataError, match="quantise"):
        prune(large, 10, "quantize")
    subwords = Subwords("floret", 8, 1, 2)
    floret = Table.from_source(Source(3, (), subwords=subwords, buckets=np.eye(8, 3)))
    with pytest.raises(DataError, match="floret"):
        prune(floret, 4)
