"""Character n-grams hashed into buckets, as fastText and floret do it, for many words at once.

fastText (Bojanowski et al. 2017) hashes each n-gram of ``<word>`` with FNV-1a over its bytes taken
as signed characters. floret hashes the n-grams and ``<word>`` itself with MurmurHash3 (x64, 128
bits; Austin Appleby, public domain) and takes up to four 32-bit words of the result. Both count
characters, not bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError

__all__ = ["Subwords", "fnv1a", "murmur3"]

_FNV_START, _FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)


@dataclass(frozen=True)
class Subwords:
    """How words are cut into n-grams of ``minn`` to ``maxn`` characters, and those hashed.

    ``buckets`` is the number of rows they are spread over. A floret n-gram has ``hash_count`` rows
    (1 to 4). Raises :class:`~spanloom.errors.DataError` for settings that can't be.
    """

    kind: Literal["fasttext", "floret"]
    buckets: int
    minn: int
    maxn: int
    hash_count: int = 1
    hash_seed: int = 0
    bow: str = "<"
    eow: str = ">"

    def __post_init__(self) -> None:
        if self.kind not in ("fasttext", "floret"):
            raise DataError(f"subwords of kind {self.kind!r}: use 'fasttext' or 'floret'")
        if (
            self.buckets < 1
            or not 0 <= self.minn <= self.maxn <= 1000
            or not 1 <= self.hash_count <= 4
        ):
            raise DataError(
                f"subwords with {self.buckets} buckets, n-grams of {self.minn} to {self.maxn} and "
                f"{self.hash_count} hashes: it takes a bucket, 0 <= minn <= maxn <= 1000, and 1 to "
                f"4 hashes"
            )

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """The settings that :meth:`to_dict` gave."""
        return cls(**settings)

    def rows(self, words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The buckets of each word: all of them flat, and how many each word has, shape
        ``(len(words),)``. A short word may have none, and the empty string has none."""
        grams = _Grams([self.bow + word + self.eow for word in words])
        owners, ids = self._fasttext(grams) if self.kind == "fasttext" else self._floret(grams)
        empty = np.array([not word for word in words], dtype=np.bool_)
        if empty.any():
            owners, ids = owners[~empty[owners]], ids[~empty[owners]]
        order = np.argsort(owners, kind="stable")
        counts = np.bincount(owners, minlength=len(words)).astype(np.int64)
        flat = (ids[order] % np.uint64(self.buckets)).astype(np.int64)
        return flat, counts

    def compose(
        self, words: Sequence[str], table: NDArray[Any], size: int = 4096
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The sums of the bucket rows of each word, shape ``(len(words), width)``, and how many
        rows each is a sum of, shape ``(len(words),)``. ``table`` has the shape
        ``(buckets, width)``."""
        sums = np.zeros((len(words), table.shape[1]), dtype=np.float32)
        counts = np.zeros(len(words), dtype=np.int64)
        for start in range(0, len(words), size):
            flat, some = self.rows(words[start : start + size])
            counts[start : start + len(some)] = some
            present = np.flatnonzero(some)
            if len(present):
                starts = np.concatenate(([0], np.cumsum(some[present])[:-1]))
                values = table[flat].astype(np.float32, copy=False)
                sums[start + present] = np.add.reduceat(values, starts, axis=0)
        return sums, counts

    def _fasttext(self, grams: _Grams) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        owners, ids = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.uint64)]
        state = np.full(len(grams.owner), _FNV_START, dtype=np.uint32)
        for n in range(1, self.maxn + 1):
            at = grams.of_size(n)
            state = fnv1a(
                grams.data, grams.starts[at + n - 1], grams.starts[at + n], state[at], at, state
            )
            if n < max(1, self.minn):
                continue
            if n == 1:  # the marks alone aren't n-grams
                at = at[~grams.at_edge(at)]
            owners.append(grams.owner[at])
            ids.append(state[at].astype(np.uint64))
        return np.concatenate(owners), np.concatenate(ids)

    def _floret(self, grams: _Grams) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        firsts, lasts = grams.firsts, np.append(grams.firsts[1:], len(grams.owner))
        starts, ends = [grams.starts[firsts]], [grams.starts[lasts]]
        owners = [np.arange(len(firsts), dtype=np.int64)]
        for n in range(max(1, self.minn), self.maxn + 1):
            at = grams.of_size(n)
            starts.append(grams.starts[at])
            ends.append(grams.starts[at + n])
            owners.append(grams.owner[at])
        low, high = murmur3(
            grams.data, np.concatenate(starts), np.concatenate(ends), self.hash_seed
        )
        mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
        parts = np.stack([low & mask, low >> half, high & mask, high >> half], axis=1)
        repeated = np.repeat(np.concatenate(owners), self.hash_count)
        return repeated, parts[:, : self.hash_count].ravel()


class _Grams:
    """Words as one array of bytes, and where each character of them starts."""

    def __init__(self, words: Sequence[str]) -> None:
        encoded = [word.encode("utf8", "surrogatepass") for word in words]
        sizes = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        self.data = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        starts = np.flatnonzero((self.data & 0xC0) != 0x80)
        #: Byte offset of each character, and the end.
        self.starts = np.append(starts, len(self.data)).astype(np.int64)
        #: The word of each character.
        self.owner = np.repeat(np.arange(len(words)), sizes)[starts]
        counts = np.bincount(self.owner, minlength=len(words))
        self._ends = np.cumsum(counts)
        #: The first character of each word.
        self.firsts = self._ends - counts

    def of_size(self, n: int) -> NDArray[np.int64]:
        """The characters at which an n-gram of ``n`` characters starts."""
        chars = np.arange(len(self.owner))
        return chars[chars + n <= self._ends[self.owner]]

    def at_edge(self, chars: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each is the first or the last of its word."""
        owner = self.owner[chars]
        edges: NDArray[np.bool_] = (chars == self.firsts[owner]) | (chars == self._ends[owner] - 1)
        return edges


def fnv1a(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    state: NDArray[np.uint32],
    at: NDArray[np.int64],
    out: NDArray[np.uint32],
) -> NDArray[np.uint32]:
    """Go on with FNV-1a (32 bits, signed bytes) from ``state`` over ``data[starts:ends]`` of each,
    and put the results at ``at`` in a copy of ``out``."""
    lengths = ends - starts
    for k in range(int(lengths.max(initial=0))):
        here = np.flatnonzero(lengths > k)
        byte = data[starts[here] + k].view(np.int8).astype(np.int32).view(np.uint32)
        state[here] = (state[here] ^ byte) * _FNV_PRIME
    out = out.copy()
    out[at] = state
    return out


def murmur3(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """MurmurHash3_x64_128 of each ``data[start:end]``: its two 64-bit halves."""
    lengths = ends - starts
    low, high = np.zeros(len(starts), dtype=np.uint64), np.zeros(len(starts), dtype=np.uint64)
    blocks = lengths // 16 + 1
    for n in np.unique(blocks).tolist():  # strings of equal numbers of blocks together
        which = np.flatnonzero(blocks == n)
        offsets = np.arange(16 * n)
        inside = offsets[None, :] < lengths[which, None]
        places = np.where(inside, starts[which, None] + offsets[None, :], 0)
        padded = np.where(inside, data[places], 0).astype(np.uint8)
        words = padded.view("<u8").reshape(len(which), 2 * n)
        low[which], high[which] = _murmur3_blocks(words, lengths[which], seed)
    return low, high


def _murmur3_blocks(
    words: NDArray[np.uint64], lengths: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    h1 = np.full(len(words), seed, dtype=np.uint64)
    h2 = h1.copy()
    last = words.shape[1] // 2 - 1
    five = np.uint64(5)
    for block in range(last + 1):
        k1, k2 = words[:, 2 * block], words[:, 2 * block + 1]
        h1 ^= _rotated(k1 * _C1, 31) * _C2
        if block < last:
            h1 = (_rotated(h1, 27) + h2) * five + np.uint64(0x52DCE729)
        h2 ^= _rotated(k2 * _C2, 33) * _C1
        if block < last:
            h2 = (_rotated(h2, 31) + h1) * five + np.uint64(0x38495AB5)
    size = lengths.astype(np.uint64)
    h1 ^= size
    h2 ^= size
    h1 += h2
    h2 += h1
    h1, h2 = _mixed(h1), _mixed(h2)
    h1 += h2
    h2 += h1
    return h1, h2


def _rotated(values: NDArray[np.uint64], by: int) -> NDArray[np.uint64]:
    return (values << np.uint64(by)) | (values >> np.uint64(64 - by))


def _mixed(k: NDArray[np.uint64]) -> NDArray[np.uint64]:
    shift = np.uint64(33)
    k = (k ^ (k >> shift)) * np.uint64(0xFF51AFD7ED558CCD)
    k = (k ^ (k >> shift)) * np.uint64(0xC4CEB9FE1A85EC53)
    return k ^ (k >> shift)
