"""Vectors in NumPy's ``.npz`` and in safetensors files.

An ``.npz`` holds ``words`` (strings) and ``vectors``. A safetensors file holds ``vectors``, and
``words`` (their UTF-8, uint8) with ``word_ends`` (int64), or the words as JSON in its metadata.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import FormatError
from spanloom.io.files import existing
from spanloom.io.zips import DAMAGE

from ..build import Chunk, Source
from ..problems import Problems
from ..words import Words
from .streams import writing

__all__ = ["read_npz", "read_safetensors", "write_npz", "write_safetensors"]

_BLOCK = 4096
_WORDS = ("words", "vocab", "index", "keys")
_VECTORS = ("vectors", "embeddings", "embedding", "weights")
#: The last in the header of an array.
_DAMAGE: tuple[type[Exception], ...] = (*DAMAGE, KeyError, MemoryError, SyntaxError)
_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I8": "i1",
    "U8": "u1",
    "U16": "<u2",
}


def read_npz(path: str | Path, problems: Problems) -> Source:  # noqa: ARG001
    """The arrays ``words`` and ``vectors`` of an ``.npz`` file."""
    path = existing(path, "file of vectors")
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive)
            words = archive[_one(path, names, _WORDS)]
            rows = archive[_one(path, names, _VECTORS)]
    except _DAMAGE as error:
        raise FormatError(path, None, f"these arrays can't be read: {error}") from error
    if words.dtype.kind not in "US" or words.ndim != 1:
        raise FormatError(path, None, f"the words are an array of {words.dtype}, not of strings")
    return _source(path, [str(word) for word in words.tolist()], rows)


def _one(path: Path, names: list[str], wanted: tuple[str, ...]) -> str:
    for name in wanted:
        if name in names:
            return name
    raise FormatError(
        path, None, f"there is no '{wanted[0]}' among {', '.join(names) or 'nothing'}"
    )


def _source(path: Path, words: Any, rows: NDArray[Any]) -> Source:
    if rows.ndim != 2 or len(rows) != len(words) or not rows.shape[1]:
        raise FormatError(path, None, f"{len(words)} words, and vectors of shape {rows.shape}")
    return Source(rows.shape[1], _chunks(path, words, rows), total=len(words))


def _chunks(path: Path, words: Any, rows: NDArray[Any]) -> Iterator[Chunk]:
    for start in range(0, len(words), _BLOCK):
        try:
            some = words[start : start + _BLOCK]
        except UnicodeDecodeError as error:
            raise FormatError(path, None, f"the words aren't UTF-8: {error}") from None
        yield Chunk(some, rows[start : start + _BLOCK], range(start + 1, start + 1 + len(some)))


def write_npz(path: str | Path, source: Source) -> None:
    """Write ``words`` and ``vectors``."""
    words, rows = source.arrays()
    with writing(path) as file:
        np.savez(file, words=np.array(words, dtype=np.str_), vectors=rows)


def read_safetensors(path: str | Path, problems: Problems) -> Source:  # noqa: ARG001
    """The vectors and words of a safetensors file, mapped into memory."""
    path = existing(path, "file of vectors")
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        (size,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + size].decode("utf8"))
        tensors = {
            name: _tensor(data, 8 + size, info)
            for name, info in header.items()
            if name in (*_VECTORS, "words", "word_ends")
        }
        metadata = dict(header.get("__metadata__") or {})
        rows = tensors[_one(path, list(tensors) or list(header), _VECTORS)]
    except FormatError:
        raise
    except (AttributeError, ValueError, KeyError, OverflowError, struct.error, TypeError) as error:
        raise FormatError(path, None, f"this isn't a safetensors file ({error})") from error
    if "words" in tensors and "word_ends" in tensors:
        text, ends = tensors["words"], np.concatenate([[0], tensors["word_ends"]])
        if text.dtype != np.uint8 or (np.diff(ends) < 0).any() or ends[-1] != text.size:
            raise FormatError(path, None, "'word_ends' doesn't say where each of the 'words' ends")
        return _source(path, Words(text, ends), rows)
    listed = metadata.get("words")
    if listed is None:
        raise FormatError(
            path,
            None,
            "the words are missing: tensors 'words' and 'word_ends', or metadata 'words'",
        )
    try:
        words = json.loads(listed)
    except (ValueError, TypeError, RecursionError):
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise FormatError(path, None, "the metadata 'words' isn't a list of strings as JSON")
    return _source(path, words, rows)


def _tensor(data: Any, base: int, info: dict[str, Any]) -> NDArray[Any]:
    start, end = info["data_offsets"]
    if info["dtype"] not in (*_TYPES, "BF16"):
        raise ValueError(f"a tensor of {info['dtype']}, which NumPy doesn't have")
    if not 0 <= start <= end <= len(data) - base:
        raise ValueError("cut short: a tensor lies outside of the file")
    if info["dtype"] == "BF16":
        # The upper half of a float32.
        half = _tensor(data, base, {**info, "dtype": "U16"})
        return (half.astype("<u4") << 16).view("<f4")
    dtype = np.dtype(_TYPES[info["dtype"]])
    array = np.frombuffer(
        data, dtype=dtype, count=(end - start) // dtype.itemsize, offset=base + start
    )
    return array.reshape(info["shape"])


def write_safetensors(path: str | Path, source: Source) -> None:
    """Write ``vectors``, float32, and the words."""
    words, rows = source.arrays()
    encoded = [word.encode("utf8", "surrogatepass") for word in words]
    text = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    ends = np.cumsum([len(word) for word in encoded], dtype="<i8")
    tensors = {
        "vectors": ("F32", rows.astype("<f4")),
        "word_ends": ("I64", ends),
        "words": ("U8", text),
    }
    header: dict[str, Any] = {}
    at = 0
    for name, (kind, array) in tensors.items():
        header[name] = {
            "dtype": kind,
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    start = json.dumps(header).encode("utf8")
    start += b" " * (-len(start) % 8)
    with writing(path) as file:
        file.write(struct.pack("<Q", len(start)) + start)
        for _, array in tensors.values():
            file.write(array.tobytes())
