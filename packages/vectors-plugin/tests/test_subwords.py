"""The hashes against plain loops over bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom.errors import DataError
from spanloom_vectors import Subwords
from spanloom_vectors.subwords import murmur3

MASK = (1 << 64) - 1
WORDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=8)


def fnv(data: bytes) -> int:
    state = 2166136261
    for byte in data:
        signed = byte - 256 if byte > 127 else byte
        state = ((state ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return state


def murmur(data: bytes, seed: int) -> tuple[int, int]:
    def rotated(value, by):
        return ((value << by) | (value >> (64 - by))) & MASK

    def mixed(k):
        k = ((k ^ (k >> 33)) * 0xFF51AFD7ED558CCD) & MASK
        k = ((k ^ (k >> 33)) * 0xC4CEB9FE1A85EC53) & MASK
        return k ^ (k >> 33)

    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    h1 = h2 = seed
    whole = len(data) // 16 * 16
    for at in range(0, whole, 16):
        k1 = int.from_bytes(data[at : at + 8], "little")
        k2 = int.from_bytes(data[at + 8 : at + 16], "little")
        h1 ^= (rotated((k1 * c1) & MASK, 31) * c2) & MASK
        h1 = ((rotated(h1, 27) + h2) * 5 + 0x52DCE729) & MASK
        h2 ^= (rotated((k2 * c2) & MASK, 33) * c1) & MASK
        h2 = ((rotated(h2, 31) + h1) * 5 + 0x38495AB5) & MASK
    tail = data[whole:]
    h2 ^= (rotated((int.from_bytes(tail[8:], "little") * c2) & MASK, 33) * c1) & MASK
    h1 ^= (rotated((int.from_bytes(tail[:8], "little") * c1) & MASK, 31) * c2) & MASK
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & MASK
    h2 = (h2 + h1) & MASK
    h1, h2 = mixed(h1), mixed(h2)
    h1 = (h1 + h2) & MASK
    return h1, (h2 + h1) & MASK


def parts(subwords: Subwords, words: list[str]) -> list[list[int]]:
    flat, counts = subwords.rows(words)
    return [sorted(part.tolist()) for part in np.split(flat, np.cumsum(counts)[:-1])]


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(0, 4), st.integers(0, 3), st.integers(1, 500))
def test_fasttext_rows(words, minn, more, buckets):
    maxn = minn + more
    expected = []
    for word in words:
        marked = f"<{word}>"
        grams = []
        for start in range(len(marked)):
            for n in range(max(1, minn), maxn + 1):
                end = start + n
                if end > len(marked) or (n == 1 and (start == 0 or end == len(marked))):
                    continue
                grams.append(fnv(marked[start:end].encode()) % buckets)
        expected.append(sorted(grams) if word else [])
    assert parts(Subwords("fasttext", buckets, minn, maxn), words) == expected


@settings(max_examples=60, deadline=None)
@given(WORDS, st.integers(1, 4), st.integers(0, 3), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_floret_rows(words, minn, more, count, seed):
    maxn = minn + more
    expected = []
    for word in words:
        marked = f"<{word}>"
        grams = [marked]
        for n in range(minn, maxn + 1):
            grams += [marked[start : start + n] for start in range(len(marked) - n + 1)]
        rows = []
        for gram in grams:
            low, high = murmur(gram.encode(), seed)
            four = [low & 0xFFFFFFFF, low >> 32, high & 0xFFFFFFFF, high >> 32]
            rows += [value % 97 for value in four[:count]]
        expected.append(sorted(rows) if word else [])
    assert parts(Subwords("floret", 97, minn, maxn, count, seed), words) == expected


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100])
def test_murmur3_at_the_edges_of_blocks(size):
    data = bytes(range(100, 100 + size)) if size <= 100 else b""
    low, high = murmur3(
        np.frombuffer(b"xx" + data + b"yy", dtype=np.uint8), np.array([2]), np.array([2 + size]), 3
    )
    assert (int(low[0]), int(high[0])) == murmur(data, 3)


def test_murmur3_known_value():
    data = b"The quick brown fox jumps over the lazy dog"
    low, high = murmur3(
        np.frombuffer(data, dtype=np.uint8), np.array([0]), np.array([len(data)]), 0
    )
    assert f"{int(low[0]):016x}{int(high[0]):016x}" == "e34bbc7bbc071b6c7a433ca9c49a9347"


def test_settings_that_cannot_be_are_refused():
    for settings_ in ((0, 1, 2), (5, 3, 2), (5, 1, 2, 5), (5, 1, 2, 0)):
        with pytest.raises(DataError):
            Subwords("floret", *settings_)
    with pytest.raises(DataError, match="kind"):
        Subwords("wordpiece", 1, 1, 1)
    one = Subwords("floret", 9, 1, 2, 3, 4, "[", "]")
    assert Subwords.from_dict(one.to_dict()) == one
