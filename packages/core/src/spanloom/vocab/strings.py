"""String ids: a 64-bit hash for any string, and the store that turns ids back into strings.

The id of a string is MurmurHash64A (seed 1) of its UTF-8 bytes, except that the empty string is 0
and the names in ``symbols.txt`` (attributes, universal tags, common labels) have their fixed small
ids. These are spaCy's ids bit for bit, so feature hashes and saved annotation carry over.

MurmurHash64A is Austin Appleby's, in the public domain (https://github.com/aappleby/smhasher).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, FormatError, SerializationError
from ..io.files import existing, write_bytes
from .absent import absent

__all__ = ["StringStore", "hash_string", "hash_strings", "symbol_ids"]

_SEED = 1
_M = 0xC6A4A7935BD1E995
_MASK = 0xFFFFFFFFFFFFFFFF
_SHIFT = 47

#: Below this many strings the arrays cost more than plain integers do.
_BULK = 12
#: Strings of more 8-byte blocks than this are hashed one by one.
_MAX_BLOCKS = 12


@cache
def symbol_ids() -> dict[str, int]:
    """The fixed ids of symbol names, as read from ``symbols.txt``; "" is 0."""
    lines = files("spanloom.vocab").joinpath("symbols.txt").read_text(encoding="utf8").splitlines()
    return {"": 0} | {name: int(number) for name, number in (line.split("\t") for line in lines)}


def _murmur(data: bytes) -> int:
    """MurmurHash64A of ``data``, in Python's integers."""
    size = len(data)
    h = _SEED ^ ((size * _M) & _MASK)
    whole = size & ~7
    for at in range(0, whole, 8):
        k = (int.from_bytes(data[at : at + 8], "little") * _M) & _MASK
        h = ((h ^ (((k ^ (k >> _SHIFT)) * _M) & _MASK)) * _M) & _MASK
    if size != whole:
        h = ((h ^ int.from_bytes(data[whole:], "little")) * _M) & _MASK
    h = ((h ^ (h >> _SHIFT)) * _M) & _MASK
    return h ^ (h >> _SHIFT)


def _murmur_group(data: Sequence[bytes], sizes: NDArray[np.int64], n: int) -> NDArray[np.uint64]:
    """The hashes of byte strings that all have ``n`` 8-byte blocks, the last of them maybe short.

    ``sizes`` holds their lengths, shape ``(len(data),)``.
    """
    m, shift = np.uint64(_M), np.uint64(_SHIFT)
    # Fixed-width byte strings pad with zeros: just what the tail of the hash assumes.
    blocks = np.array(data, dtype=f"S{8 * n}").view("<u8").reshape(len(data), n)
    h = np.uint64(_SEED) ^ (sizes.astype(np.uint64) * m)
    for i in range(n):
        block = blocks[:, i].astype(np.uint64)
        k = block * m
        k ^= k >> shift
        k *= m
        if i == n - 1:
            k = np.where(sizes & 7, block, k)
        h ^= k
        h *= m
    h ^= h >> shift
    h *= m
    h ^= h >> shift
    return h


def hash_string(text: str) -> int:
    """The id of ``text``, a symbol's fixed number or its hash, without storing it anywhere."""
    number = symbol_ids().get(text)
    return _murmur(text.encode("utf8", "surrogatepass")) if number is None else number


def hash_strings(texts: Sequence[str]) -> NDArray[np.uint64]:
    """The ids of many strings, shape ``(len(texts),)``: as :func:`hash_string`, but in bulk."""
    symbols = symbol_ids()
    if len(texts) < _BULK:
        return np.array([hash_string(text) for text in texts], dtype=np.uint64)
    data = [text.encode("utf8", "surrogatepass") for text in texts]
    sizes = np.fromiter(map(len, data), dtype=np.int64, count=len(data))
    blocks = (sizes + 7) >> 3
    out = np.zeros(len(data), dtype=np.uint64)
    for n in np.unique(blocks).tolist():
        where = np.flatnonzero(blocks == n)
        chosen = [data[i] for i in where.tolist()]
        if n > _MAX_BLOCKS:
            out[where] = np.array([_murmur(item) for item in chosen], dtype=np.uint64)
        elif n > 0:
            out[where] = _murmur_group(chosen, sizes[where], n)
    for i, text in enumerate(texts):
        if text in symbols:
            out[i] = symbols[text]
    return out


@absent("StringStore")
class StringStore:
    """Strings by id and ids by string.

    ``store["word"]`` is the id of a string, whether or not it is stored; ``store[id]`` is the
    string of an id, a :class:`KeyError` if it isn't. Ids of symbol names are always known.

    ``parent`` is a store that is asked for what isn't here: a store with a parent can be dropped
    while the parent lives on.
    """

    __slots__ = ("_ids", "_parent", "_texts")

    def __init__(self, strings: Iterable[str] = (), *, parent: StringStore | None = None) -> None:
        # Symbols first, so that one look-up finds them too; `__iter__` skips them.
        self._ids: dict[str, int] = symbol_ids().copy()
        self._texts: dict[int, str] = _symbol_names().copy()
        self._parent = parent
        self.ids(list(strings))

    @property
    def parent(self) -> StringStore | None:
        """The store that is asked for strings that aren't in this one."""
        return self._parent

    @overload
    def __getitem__(self, key: str) -> int: ...
    @overload
    def __getitem__(self, key: int) -> str: ...
    def __getitem__(self, key: str | int) -> str | int:
        if isinstance(key, str):
            number = self._ids.get(key)
            return hash_string(key) if number is None else number
        text = self._texts.get(key)
        if text is None:
            text = self._elsewhere(int(key))
        if text is None:
            raise KeyError(
                f"no string with the id {key} is stored. Ids are made by adding the string: "
                f"annotation that comes from another vocab needs that vocab's strings."
            )
        return text

    def _elsewhere(self, key: int) -> str | None:
        store = self._parent
        while store is not None:
            text = store._texts.get(key)
            if text is not None:
                return text
            store = store._parent
        return None

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            return key in self._ids or self._elsewhere(hash_string(key)) is not None
        if isinstance(key, int | np.integer):
            return int(key) in self._texts or self._elsewhere(int(key)) is not None
        return False

    def __len__(self) -> int:
        return len(self._ids) - len(symbol_ids())

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._ids)[len(symbol_ids()) :])

    def add(self, string: str) -> int:
        """Store ``string`` and return its id. Raises :class:`DataError` if it isn't a string."""
        number = self._ids.get(string)
        if number is None:
            if not isinstance(string, str):
                raise DataError(
                    f"only strings can be stored, not {type(string).__name__} ({string!r:.60})"
                )
            number = hash_string(string)
            self._keep(string, number)
        return number

    def as_int(self, key: str | int) -> int:
        """The id of a string, and an id itself unchanged."""
        return self[key] if isinstance(key, str) else int(key)

    def as_string(self, key: str | int) -> str:
        """The string of an id, and a string itself unchanged."""
        return key if isinstance(key, str) else self[key]

    def ids(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        """Store all ``texts`` and return their ids, shape ``(len(texts),)``, hashed in bulk."""
        known = self._ids
        try:
            return np.fromiter(map(known.__getitem__, texts), dtype=np.uint64, count=len(texts))
        except KeyError:
            pass
        new = list(dict.fromkeys(text for text in texts if text not in known))
        if any(not isinstance(text, str) for text in new):
            bad = next(text for text in new if not isinstance(text, str))
            raise DataError(f"only strings can be stored, not {type(bad).__name__} ({bad!r:.60})")
        for text, number in zip(new, hash_strings(new).tolist(), strict=True):
            self._keep(text, number)
        return np.fromiter(map(known.__getitem__, texts), dtype=np.uint64, count=len(texts))

    def strings(self, ids: NDArray[np.uint64]) -> list[str]:
        """The strings of an array of ids. Raises :class:`KeyError` for an id that isn't stored."""
        known = self._texts
        numbers = ids.tolist()
        try:
            return [known[number] for number in numbers]
        except KeyError:
            return [self[number] for number in numbers]

    def _keep(self, text: str, number: int) -> None:
        # The text first: whoever finds an id can then always read it back.
        self._texts[number] = text
        self._ids[text] = number

    def to_bytes(self) -> bytes:
        """The strings as a JSON list in UTF-8, sorted."""
        return json.dumps(sorted(self)).encode("utf8")

    def from_bytes(self, bytes_data: bytes) -> StringStore:
        """Replace the strings by those of :meth:`to_bytes`; returns the store itself.

        Raises :class:`SerializationError` if ``bytes_data`` isn't a JSON list of strings.
        """
        return self._replace(bytes_data, "the strings given")

    def to_disk(self, path: str | Path) -> None:
        """Write the strings to the file ``path``, as a JSON list."""
        write_bytes(path, self.to_bytes())

    def from_disk(self, path: str | Path) -> StringStore:
        """Replace the strings by those in the file ``path``; returns the store itself."""
        return self._replace(existing(path).read_bytes(), str(path))

    def _replace(self, data: bytes, source: str) -> StringStore:
        try:
            strings = json.loads(data.decode("utf8"))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FormatError(source, line, f"not valid UTF-8 ({error.reason})") from error
        except json.JSONDecodeError as error:
            raise SerializationError(
                f"{source}: not the JSON list of a string store ({error})"
            ) from error
        if not isinstance(strings, list) or not all(isinstance(text, str) for text in strings):
            raise SerializationError(f"{source}: a string store is saved as a list of strings")
        self._ids = symbol_ids().copy()
        self._texts = _symbol_names().copy()
        self.ids(strings)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (list(self), self._parent)


@cache
def _symbol_names() -> dict[int, str]:
    return {number: name for name, number in symbol_ids().items()}


def _restore(strings: list[str], parent: StringStore | None) -> StringStore:
    return StringStore(strings, parent=parent)
