"""fastText's binary models (``.bin``, versions 11 and 12, and those of before 2017, which don't
tell their version): vectors of words, and of the n-gram
buckets that give vectors to other words.

What is read is the vector that fastText itself gives for a word, the mean of its own row and of its
n-grams' rows. The output layer isn't read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, FormatError

from ..build import Chunk, Source
from ..problems import Problems
from ..subwords import Subwords
from .streams import mappable, writing
from .text import encodes

__all__ = ["is_fasttext", "read_fasttext", "write_fasttext"]

#: The first four bytes of a model that tells its version.
MAGIC = struct.pack("<i", 793712314)
#: The settings: twelve numbers, and the threshold for sampling.
_HEAD = struct.Struct("<12id")

_ARGS = ("dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket", "minn",
         "maxn", "lr_update_rate")  # fmt: skip
_DEFAULTS = dict(zip(_ARGS, (0, 5, 5, 5, 5, 1, 2, 2, 0, 0, 0, 100), strict=True)) | {"t": 1e-4}
_SUPERVISED = 3
_LONGEST = 1 << 20
_EOS = "</s>"
_BLOCK = 4096


def is_fasttext(start: bytes) -> bool:
    """Whether these can be the first bytes of a model. Old ones begin with their settings, which
    lie in narrow bounds."""
    if start.startswith(MAGIC):
        return True
    if len(start) < _HEAD.size:
        return False
    *numbers, t = _HEAD.unpack_from(start)
    args = dict(zip(_ARGS, numbers, strict=True))
    return (
        0 < args["dim"] < 10_000
        and 0 < args["ws"] < 1000
        and 0 < args["epoch"] < 100_000
        and 0 <= args["word_ngrams"] < 100
        and args["loss"] in (1, 2, 3)
        and args["model"] in (1, 2, 3)
        and args["bucket"] >= 0
        and 0 <= args["minn"] <= args["maxn"] < 100
        and 0.0 <= t <= 1.0
    )


def read_fasttext(path: str | Path, problems: Problems, *, encoding: str = "utf8") -> Source:
    """A model's words and buckets, its matrix mapped into memory."""
    with mappable(path) as file:
        return _Model(file, Path(path), problems, encoding).source()


class _Model:
    """The parts of a model file, its matrix mapped into memory."""

    def __init__(
        self, file: IO[bytes], path: Path, problems: Problems, encoding: str = "utf8"
    ) -> None:
        self.path = path
        self.problems = problems
        self.encoding = encoding
        try:
            self.args = self._args(file)
            self.words, self.counts = self._dictionary(file)
            offset, rows, width = self._matrix(file)
        except struct.error as error:
            raise FormatError(path, None, "the model is cut short") from error
        if width < 1 or width != self.args["dim"] or rows < len(self.words):
            raise FormatError(
                path,
                None,
                f"a matrix of {rows} x {width} for {len(self.words)} words of {self.args['dim']}",
            )
        if offset + 4 * rows * width > file.seek(0, 2):
            raise FormatError(path, None, "the model is cut short: its matrix isn't whole")
        self.matrix: NDArray[np.float32] = np.memmap(
            file, dtype="<f4", mode="r", offset=offset, shape=(rows, width)
        )

    def _args(self, file: IO[bytes]) -> dict[str, Any]:
        start = file.read(8 + _HEAD.size)
        if not is_fasttext(start):
            raise FormatError(
                self.path, None, "this isn't a model of fastText: the magic number is another"
            )
        self.old = not start.startswith(MAGIC)
        version = 0 if self.old else struct.unpack_from("<i", start, 4)[0]
        if version not in (0, 11, 12):
            raise FormatError(
                self.path, None, f"a model of version {version}: 11 and 12 can be read"
            )
        *numbers, t = _HEAD.unpack_from(start, 0 if self.old else 8)
        file.seek(_HEAD.size if self.old else 8 + _HEAD.size)
        args: dict[str, Any] = {**dict(zip(_ARGS, numbers, strict=True)), "t": t}
        if version < 12 and args["model"] == _SUPERVISED:
            args["maxn"] = 0  # n-grams weren't used in these, whatever is written there
        return args

    def _dictionary(self, file: IO[bytes]) -> tuple[list[bytes], list[int]]:
        size, nwords, _, _ = struct.unpack("<iiiq", file.read(20))
        pruned = -1 if self.old else struct.unpack("<q", file.read(8))[0]
        words: list[bytes] = []
        counts: list[int] = []
        rest = b""
        for _ in range(size):
            while (end := rest.find(b"\0")) < 0 or len(rest) < end + 10:
                more = file.read(1 << 16)
                if not more:
                    raise FormatError(self.path, None, "the model is cut short: words are missing")
                rest += more
                if rest.find(b"\0") < 0 and len(rest) > _LONGEST:
                    raise FormatError(self.path, None, f"word {len(words) + 1} has no end")
            count, kind = struct.unpack("<qb", rest[end + 1 : end + 10])
            if kind == 0:
                words.append(rest[:end])
                counts.append(count)
            rest = rest[end + 10 :]
        file.seek(-len(rest), 1)
        if pruned > 0:
            raise FormatError(
                self.path, None, "a pruned dictionary can't be read: save the model unpruned"
            )
        if len(words) != nwords:
            raise FormatError(self.path, None, f"{len(words)} words where {nwords} are due")
        return words, counts

    def _matrix(self, file: IO[bytes]) -> tuple[int, int, int]:
        quantised = False if self.old else struct.unpack("<?", file.read(1))[0]
        if quantised:
            raise FormatError(
                self.path,
                None,
                "a quantised model (.ftz) can't be read: use the .bin it was made from",
            )
        rows, width = struct.unpack("<qq", file.read(16))
        return file.tell(), rows, width

    def source(self) -> Source:
        """The words, and the buckets if there are some."""
        count = len(self.words)
        buckets = self.matrix[count : count + self.args["bucket"]]
        subwords = None
        if self.args["maxn"] > 0 and len(buckets):
            try:
                subwords = Subwords("fasttext", len(buckets), self.args["minn"], self.args["maxn"])
            except DataError as error:
                raise FormatError(self.path, None, str(error)) from None
        return Source(
            self.args["dim"],
            self._chunks(buckets, subwords),
            total=count,
            subwords=subwords,
            buckets=buckets if subwords is not None else None,
            extra={"fasttext": self.args},
        )

    def _chunks(self, buckets: NDArray[Any], subwords: Subwords | None) -> Iterator[Chunk]:
        for start in range(0, len(self.words), _BLOCK):
            raw = self.words[start : start + _BLOCK]
            words: list[str] = []
            keep: list[int] = []
            for i, word in enumerate(raw, start):
                try:
                    words.append(word.decode(self.encoding))
                    keep.append(i)
                except UnicodeDecodeError:
                    self.problems.undecodable(i + 1, word)
            rows: NDArray[np.float32] = np.array(self.matrix[keep], dtype=np.float32)
            if subwords is not None:
                sums, counts = _sums(words, subwords, buckets)
                rows = np.divide(rows + sums, (counts + 1)[:, None]).astype(np.float32)
            yield Chunk(words, rows, [i + 1 for i in keep], [self.counts[i] for i in keep])


def _sums(
    words: list[str], subwords: Subwords, buckets: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The sums over n-grams; the mark for the end of a line has none."""
    sums, counts = subwords.compose(words, buckets)
    if _EOS in words:
        at = words.index(_EOS)
        sums[at], counts[at] = 0.0, 0
    return sums, counts


def write_fasttext(path: str | Path, source: Source) -> None:
    """Write a model of version 12, which fastText and gensim can load for its vectors.

    Words without counts count as seen once; the output layer is of zeros. Raises
    :class:`~spanloom.errors.DataError` for a word that it can't hold.
    """
    subwords = source.subwords
    buckets = source.buckets if subwords is not None else None
    args = {**_DEFAULTS, **source.extra.get("fasttext", {}), "dim": source.width}
    args["model"] = 2 if args["model"] == _SUPERVISED else args["model"]
    args["bucket"] = 0 if subwords is None else subwords.buckets
    args["minn"], args["maxn"] = (0, 0) if subwords is None else (subwords.minn, subwords.maxn)
    chunks = [
        (list(chunk.words), chunk.counts, np.asarray(chunk.rows, dtype=np.float32))
        for chunk in source.chunks
    ]
    total = sum(len(words) for words, _, _ in chunks)
    bad = next((w for words, _, _ in chunks for w in words if "\0" in w or not encodes(w)), None)
    if bad is not None:
        raise DataError(f"'{path}': the word {bad!r} can't be written to a model of fastText")
    with writing(path) as file:
        file.write(MAGIC + struct.pack("<i", 12))
        file.write(_HEAD.pack(*(args[name] for name in _ARGS), args["t"]))
        tokens = sum(
            sum(counts) if counts is not None else len(words) for words, counts, _ in chunks
        )
        file.write(struct.pack("<iiiqq", total, total, 0, tokens, -1))
        for words, counts, _ in chunks:
            for word, count in zip(words, counts if counts is not None else [1] * len(words)):
                file.write(word.encode("utf8") + b"\0" + struct.pack("<qb", count, 0))
        file.write(struct.pack("<?qq", False, total + args["bucket"], source.width))
        for words, _, rows in chunks:
            if subwords is not None and buckets is not None:
                sums, grams = _sums(words, subwords, buckets)
                rows = rows * (grams + 1)[:, None].astype(np.float32) - sums
            file.write(np.ascontiguousarray(rows, dtype="<f4").tobytes())
        if buckets is not None:
            for start in range(0, args["bucket"], _BLOCK):
                some = np.ascontiguousarray(buckets[start : start + _BLOCK], dtype="<f4")
                file.write(some.tobytes())
        file.write(struct.pack("<?qq", False, total, source.width))
        empty = np.zeros((1, source.width), dtype="<f4").tobytes()
        for _ in range(total):
            file.write(empty)
