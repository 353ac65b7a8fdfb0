from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom_vectors.formats.numbers import parse_numbers

PLAIN = st.from_regex(r"-?[0-9]{1,2}\.[0-9]{0,8}", fullmatch=True)


@pytest.mark.lengthy
@settings(max_examples=200, deadline=None)
@given(st.data())
def test_plain_numbers_are_parsed_exactly(data):
    width = data.draw(st.integers(1, 4))
    rows = data.draw(
        st.lists(st.lists(PLAIN, min_size=width, max_size=width), min_size=1, max_size=5)
    )
    found = parse_numbers([" ".join(row).encode() for row in rows], width)
    assert found is not None and found.dtype == np.float32
    expected = np.array([[float(number) for number in row] for row in rows], dtype=np.float32)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.lengthy
@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.text("0123456789.- +en", max_size=14), min_size=1, max_size=3), st.integers(1, 3)
)
def test_it_parses_right_or_not_at_all(lines, width):
    found = parse_numbers([line.encode() for line in lines], width)
    if found is not None:
        expected = [[float(number) for number in line.split(" ")] for line in lines]
        np.testing.assert_array_equal(found, np.array(expected, dtype=np.float32))


@pytest.mark.parametrize(
    "line",
    [b"1.0 2.0 ", b"1.0  2.0", b"1.0 2", b"1.0 2.0e1", b"1.0 123.0", b"1.0 0.123456789", b"1.0",
     b"1.0 2.0 3.0", b"1.0 nan", b"1.0 --2.0", b"1.0 2.-1", b"1.0 -.5", b"1.0 .5", b"1.0 2..", b""],
)  # fmt: skip
def test_anything_else_is_left_to_others(line):
    assert parse_numbers([line], 2) is None
    assert parse_numbers([b"1.0 2.0", line], 2) is None
