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
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import FormatError
from spanloom.io.files import existing

from ..build import Chunk, Source
from ..problems import Problems
from ..words import Words
from .streams import writing

__all__ = ["read_npz", "read_safetensors", "write_npz", "write_safetensors"]

_BLOCK = 4096
_WORDS = ("words", "vocab", "index", "keys")
_VECTORS = ("vectors", "embeddings", "embedding", "weights")
_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I8": "i1",
    "U8": "u1",
}


def read_npz(path: str | Path, problems: Problems) -> Source:
    """The arrays ``words`` and ``vectors`` of an ``.npz`` file."""
    path = existing(path, "file of vectors")
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = list(archive)
            words = archive[_one(path, names, _WORDS)]
            rows = archive[_one(path, names, _VECTORS)]
    except (ValueError, BadZipFile, EOFError) as error:
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
    return Source(rows.shape[1], _chunks(words, rows), total=len(words))


def _chunks(words: Any, rows: NDArray[Any]) -> Iterator[Chunk]:
    for start in range(0, len(words), _BLOCK):
        some = words[start : start + _BLOCK]
        yield Chunk(some, rows[start : start + _BLOCK], range(start + 1, start + 1 + len(some)))


def write_npz(path: str | Path, source: Source) -> None:
    """Write ``words`` and ``vectors``."""
    words, rows = source.arrays()
    with writing(path) as file:
        np.savez(file, words=np.array(words, dtype=np.str_), vectors=rows)


def read_safetensors(path: str | Path, problems: Problems) -> Source:
    """The vectors and words of a safetensors file, mapped into memory."""
    path = existing(path, "file of vectors")
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        (size,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + size].decode("utf8"))
        tensors = {
            name: _tensor(data, 8 + size, info)
            for name, info in header.items()
            if name != "__metadata__" and info["dtype"] in _TYPES
        }
    except (ValueError, KeyError, struct.error, TypeError) as error:
        raise FormatError(path, None, f"this isn't a safetensors file ({error})") from error
    rows = tensors[_one(path, list(tensors), _VECTORS)]
    if "words" in tensors and "word_ends" in tensors:
        ends = np.concatenate([[0], tensors["word_ends"]])
        return _source(path, Words(tensors["words"], ends), rows)
    listed = header.get("__metadata__", {}).get("words")
    if listed is None:
        raise FormatError(
            path,
            None,
            "the words are missing: tensors 'words' and 'word_ends', or metadata 'words'",
        )
    return _source(path, json.loads(listed), rows)


def _tensor(data: Any, base: int, info: dict[str, Any]) -> NDArray[Any]:
    start, end = info["data_offsets"]
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
