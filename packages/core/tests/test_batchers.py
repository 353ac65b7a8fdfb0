"""Dividing examples into batches."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.corpora.batchers import batch_by_padded, batch_by_sequence, batch_by_words
from spanloom.errors import DataError
from spanloom.training.loop import split

items = st.lists(st.integers(1, 40).map(lambda size: [0] * size), max_size=60)


def lengths(batches: list[list[list[int]]]) -> list[list[int]]:
    return [[len(item) for item in batch] for batch in batches]


@given(items, st.integers(1, 60), st.floats(0, 0.5))
def test_by_words_keeps_all_in_order_and_within_the_limit(
    data: list[list[int]], size: int, tolerance: float
) -> None:
    batches = list(batch_by_words(size, tolerance)(data))
    limit = size * (1 + tolerance)
    long = [item for item in data if len(item) > limit]
    rest = [item for item in data if len(item) <= limit]
    assert [b[0] for b in batches if len(b) == 1 and len(b[0]) > limit] == long
    short = [b for b in batches if not (len(b) == 1 and len(b[0]) > limit)]
    # The last batch also takes what was held back.
    assert all(sum(map(len, batch)) <= limit for batch in short)
    assert sorted(map(len, chain.from_iterable(short))) == sorted(map(len, rest))
    kept = list(batch_by_words(size, tolerance, discard_oversize=True)(data))
    assert kept == short


def test_by_words_example() -> None:
    data = [[0] * n for n in (4, 4, 4, 1, 9, 30, 2)]
    # 4 + 4 fit into 10; 4 is held back, and so is 1 after it, up to 13; then 9 fits to neither.
    assert lengths(list(batch_by_words(10, 0.3)(data))) == [[4, 4], [4, 1], [30], [9, 2]]


@given(items, st.integers(1, 8))
def test_by_sequence(data: list[list[int]], size: int) -> None:
    batches = list(batch_by_sequence(size)(data))
    assert list(chain.from_iterable(batches)) == data
    assert all(len(batch) == size for batch in batches[:-1])


@given(items, st.integers(1, 80), st.integers(1, 30))
def test_by_padded_size(data: list[list[int]], size: int, buffer: int) -> None:
    batches = list(batch_by_padded(size, buffer)(data))
    assert sorted(map(len, chain.from_iterable(batches))) == sorted(map(len, data))
    for batch in batches:
        assert len(batch) == 1 or max(map(len, batch)) * len(batch) <= size
    kept = list(batch_by_padded(size, buffer, discard_oversize=True)(data))
    assert sorted(map(len, chain.from_iterable(kept))) == sorted(
        n for n in map(len, data) if n <= size
    )


def test_sizes_follow_a_schedule_and_stay_at_its_last_value() -> None:
    data = [[0]] * 10
    assert [len(b) for b in batch_by_sequence([1, 2, 3.0])(data)] == [1, 2, 3, 3, 1]
    schedule = iter([1, 2, 3, 4])
    batcher = batch_by_sequence(schedule)
    assert [len(b) for b in batcher(data[:3])] == [1, 2]
    # A generator goes on where it was: the next epoch doesn't begin with small batches again.
    assert [len(b) for b in batcher(data[:4])] == [4]


@pytest.mark.parametrize("size", [0, -1, [0], []])
def test_sizes_that_cannot_be(size: int | list[float]) -> None:
    with pytest.raises(DataError):
        list(batch_by_sequence(size)([[0]]))


def test_length_can_be_another() -> None:
    data = ["aaa", "b", "cc"]
    batches = batch_by_words(3, 0.0, get_length=lambda word: 1)(data)
    assert list(batches) == [data]


@given(st.lists(st.integers(), max_size=20), st.integers(1, 9))
def test_parts_of_a_batch_differ_by_one_at_most(data: list[int], parts: int) -> None:
    found = list(split(data, parts))
    assert list(chain.from_iterable(found)) == data
    sizes = [len(part) for part in found]
    assert len(sizes) == min(parts, len(data))
    assert not sizes or max(sizes) - min(sizes) <= 1
