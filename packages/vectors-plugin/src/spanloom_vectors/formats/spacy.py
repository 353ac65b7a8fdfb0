"""spaCy's folders of vectors: ``vectors`` (an .npy array), ``key2row`` (msgpack), ``vectors.cfg``,
and ``strings.json`` beside them, as in the ``vocab`` of a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import srsly
from numpy.typing import NDArray
from srsly import msgpack

from spanloom.errors import FormatError
from spanloom.io.files import existing, folder_written, write_bytes, write_text
from spanloom.vocab.strings import hash_strings, symbol_ids

from ..build import Chunk, Source
from ..problems import Problems
from ..storage import Sections
from ..subwords import Subwords

__all__ = ["find_spacy", "map_spacy", "read_spacy", "write_spacy"]

_BLOCK = 4096
_FLORET = ("minn", "maxn", "hash_count", "hash_seed", "bow", "eow")


def find_spacy(path: str | Path) -> Path | None:
    """The folder that holds spaCy's vectors: ``path``, or its ``vocab``."""
    for folder in (Path(path), Path(path) / "vocab"):
        if (folder / "vectors").is_file():
            return folder
    return None


def read_spacy(path: str | Path, problems: Problems) -> Source:
    """The vectors of a pipeline or vocab that spaCy saved. Keys whose string isn't in
    ``strings.json`` are a problem of the kind ``unnamed``."""
    folder = find_spacy(path)
    if folder is None:
        raise FormatError(path, None, "this folder contains no spaCy vectors")
    table, attrs, subwords = _opened(folder)
    if subwords is not None:
        return Source(table.shape[1], (), total=0, subwords=subwords, buckets=table, attrs=attrs)
    words, rows = _keys(folder, len(table), problems)
    if np.array_equal(rows, np.arange(len(table))):
        chunks = (
            Chunk(words[i : i + _BLOCK], table[i : i + _BLOCK], range(i + 1, len(words) + 1))
            for i in range(0, len(words), _BLOCK)
        )
        return Source(table.shape[1], chunks, total=len(words), attrs=attrs)
    return Source(table.shape[1], (), total=len(words), attrs=attrs, shared=(words, rows, table))


def map_spacy(folder: Path) -> Sections | None:
    """The sections of a table for looking up alone, by memory map: without words, and without a
    hash. ``None`` where the rows can't be used as they lie in the file."""
    table, attrs, subwords = _opened(folder)
    if table.dtype != np.dtype("<f4") or not table.flags.c_contiguous:
        return None
    arrays: dict[str, NDArray[Any]] = {"rows": table}
    if subwords is None:
        ids, rows = _mapping(folder / "key2row")
        good = (rows >= 0) & (rows < len(table))
        ids, rows = ids[good], rows[good]
        order = np.argsort(ids, kind="stable")
        arrays |= {"ids": ids[order], "order": np.arange(len(order), dtype=np.uint32)}
        arrays["key_rows"] = rows[order].astype(np.uint32)
    header = {
        "kind": "words" if subwords is None else "floret",
        "name": "",
        "width": table.shape[1],
        "dtype": "float32",
        "attrs": attrs,
        "unknown": "zero" if subwords is None else "subword",
        "subwords": None if subwords is None else subwords.to_dict(),
    }
    return Sections(header, arrays, str(folder))


def _opened(folder: Path) -> tuple[NDArray[Any], list[str], Subwords | None]:
    """The rows, mapped; by which attributes words are looked up; and the subwords of floret."""
    try:
        table: NDArray[Any] = np.lib.format.open_memmap(folder / "vectors", mode="r")
    except Exception as error:  # a damaged header fails in many ways
        raise FormatError(folder / "vectors", None, f"this isn't an array: {error}") from error
    if table.ndim != 2 or not table.shape[1] or table.dtype.kind not in "fiu":
        shape = f"vectors of shape {table.shape} and type {table.dtype}"
        raise FormatError(folder / "vectors", None, shape)
    settings, subwords = _read_json(folder / "vectors.cfg", dict), None
    try:
        attrs = [_attr(settings.get("attr", "ORTH"))]
        if settings.get("mode") == "floret":
            own = {key: settings[key] for key in _FLORET}
            subwords = Subwords("floret", len(table), **own)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(folder / "vectors.cfg", None, f"bad settings: {error!r}") from error
    return table, attrs, subwords


def _mapping(path: Path) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Ids and rows of a ``key2row``, without a dict of them all."""
    data = existing(path, "key2row of spaCy's vectors").read_bytes()
    unpacker = msgpack.Unpacker(max_buffer_size=len(data) + 1)
    unpacker.feed(data)
    try:
        size = min(unpacker.read_map_header(), len(data) // 2)
        pairs = np.fromiter(unpacker, dtype=np.uint64, count=2 * size)
    except Exception as error:
        raise FormatError(path, None, f"this is no mapping of ids to rows: {error!r}") from error
    return pairs[::2].astype(np.uint64), pairs[1::2].astype(np.int64)


def _read_json(path: Path, kind: type[Any]) -> Any:
    """What a file of JSON holds, of one ``kind``; nothing if there is no file."""
    if not path.exists():
        return kind()
    try:
        found = srsly.read_json(path)
    except ValueError as error:
        raise FormatError(path, None, f"isn't JSON: {error}") from error
    if not isinstance(found, kind):
        raise FormatError(path, None, f"its JSON is a {type(found).__name__}")
    return found


def _attr(value: Any) -> str:
    names = {symbol_ids()[name]: name for name in ("ORTH", "LOWER", "NORM", "LEMMA")}
    return value.upper() if isinstance(value, str) else names.get(int(value), "ORTH")


def _keys(folder: Path, size: int, problems: Problems) -> tuple[list[str], NDArray[np.int64]]:
    ids, rows = _mapping(folder / "key2row")
    strings = _read_json(existing(folder / "strings.json", "strings of spaCy's vectors"), list)
    strings = [*(each for each in strings if isinstance(each, str)), *symbol_ids()]
    named = dict(zip(hash_strings(strings).tolist(), strings))
    order = np.argsort(rows, kind="stable")
    words: list[str] = []
    kept: list[int] = []
    for i in order.tolist():
        word = named.get(int(ids[i]))
        if word is None:
            problems.add("unnamed", i + 1, f"key {int(ids[i])} has no string in strings.json")
        elif not 0 <= rows[i] < size:
            problems.add("number", i + 1, f"{word!r} has the row {int(rows[i])} of {size}")
        else:
            words.append(word)
            kept.append(i)
    return words, rows[kept]


def write_spacy(path: str | Path, source: Source, *, dtype: str = "float32") -> None:
    """Write a folder that spaCy's ``Vocab.from_disk`` and ``init vectors`` understand."""
    with folder_written(path, ["vectors", "key2row", "vectors.cfg"]) as folder:
        words: list[str] = []
        if source.subwords is not None and source.subwords.kind == "floret":
            rows = np.arange(0)
            _save(folder / "vectors", source.buckets, dtype)
            settings = {name: getattr(source.subwords, name) for name in _FLORET}
            attr = symbol_ids()[(source.attrs or ["ORTH"])[0]]
            config: dict[str, Any] = {"mode": "floret", **settings, "attr": attr}
        else:
            config = {"mode": "default"}
            if source.shared is not None:
                shared, rows, table = source.shared
                words = list(shared)
                _save(folder / "vectors", table[0 : len(table)], dtype)
            else:
                words, values = source.arrays()
                rows = np.arange(len(words))
                _save(folder / "vectors", values, dtype)
        ids = hash_strings(words).tolist() if words else []
        write_bytes(folder / "key2row", srsly.msgpack_dumps(dict(zip(ids, rows.tolist()))))
        write_text(folder / "vectors.cfg", srsly.json_dumps(config))
        write_text(folder / "strings.json", srsly.json_dumps(sorted(words), indent=2))


def _save(path: Path, table: Any, dtype: str) -> None:
    with path.open("wb") as file:
        np.save(file, np.asarray(table, dtype=dtype), allow_pickle=False)
