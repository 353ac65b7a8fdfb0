"""Documents in spaCy's ``.spacy`` format, which its ``DocBin`` reads and writes.

A file is one msgpack value, compressed with zlib: the attributes of all tokens as one array of
uint64 (string ids, and small numbers in two's complement), the strings that the ids stand for, and
for each document its length, flags, categories, groups of spans and user data. The layout was
taken from files that spaCy 3.8 writes. Nothing in a file is executed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.io.files import existing, write_bytes
from spanloom.vocab.attrs import attr_id, attr_name
from spanloom.vocab.columns import COLUMNS, STRING_COLUMNS

from .reading import Packed, unpacked
from .spans import pack_groups

if TYPE_CHECKING:
    from spanloom.tokens.doc import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.lexicon import Lexicon

__all__ = ["DOCBIN_ATTRS", "DocBin"]

#: The attributes that are stored unless others are named: all that spaCy stores.
DOCBIN_ATTRS = ("ORTH", "NORM", *COLUMNS)

_VERSION = "0.1"
#: What a file may unpack to, unless another size is given: so many bytes, or times its own size.
_SMALL, _RATIO = 1 << 28, 100
#: Documents that are made into arrays at a time.
_CHUNK = 256


class DocBin:
    """A collection of documents, to be written as a ``.spacy`` file or read from one.

    ``attrs`` names the attributes to store; ORTH and SPACY always are. ``store_user_data`` keeps
    ``doc.user_data``, which must then hold plain values (what msgpack can: numbers, strings, lists,
    dicts, arrays). Documents are taken as they are when they are added.
    """

    def __init__(
        self,
        attrs: Iterable[str | int] = DOCBIN_ATTRS,
        store_user_data: bool = False,
        docs: Iterable[Doc] = (),
    ) -> None:
        names = {attr_name(attr) for attr in attrs} - {"ORTH", "SPACY"}
        self.attrs = ["ORTH", *sorted(names, key=attr_id)]
        self.store_user_data = store_user_data
        self._packed: list[Packed] = []
        self.extend(docs)

    def __len__(self) -> int:
        return sum(len(packed.lengths) for packed in self._packed)

    @property
    def n_tokens(self) -> int:
        """The number of tokens of all documents."""
        return sum(len(packed.tokens) for packed in self._packed)

    def add(self, doc: Doc) -> None:
        """Add a document. Raises :class:`SerializationError` for user data that isn't plain."""
        self._packed.append(_pack([doc], self.attrs, self.store_user_data))

    def extend(self, docs: Iterable[Doc]) -> None:
        """Add many documents, which is faster than one by one."""
        for _, group in groupby(enumerate(docs), lambda item: item[0] // _CHUNK):
            chunk = [doc for _, doc in group]
            self._packed.append(_pack(chunk, self.attrs, self.store_user_data))

    def merge(self, other: DocBin) -> None:
        """Add all documents of another collection.

        Raises :class:`DataError` if it stores other attributes, or only one of them stores user
        data.
        """
        mine, its = (self.attrs, self.store_user_data), (other.attrs, other.store_user_data)
        if mine != its:
            raise DataError(
                f"collections that store different things can't be merged: {self.attrs} with user "
                f"data {self.store_user_data}, and {other.attrs} with {other.store_user_data}"
            )
        self._packed.extend(other._packed)

    def get_docs(self, vocab: Vocab) -> Iterator[Doc]:
        """The documents, with ``vocab``, which learns their strings.

        A column that says nothing about any token is left out of the document. Raises
        :class:`SerializationError` where the file contradicts itself.
        """
        for packed in self._packed:
            yield from unpacked(packed, self.attrs, vocab)

    def to_bytes(self) -> bytes:
        """The collection as the bytes of a ``.spacy`` file."""
        parts = self._packed
        width = len(self.attrs)
        tokens = [part.tokens for part in parts] or [np.zeros((0, width), dtype=np.uint64)]
        state: dict[str, Any] = {
            "version": _VERSION,
            "attrs": [attr_id(attr) for attr in self.attrs],
            "tokens": np.concatenate(tokens).astype("<u8", copy=False).tobytes(),
            "spaces": b"".join(part.spaces.tobytes() for part in parts),
            "lengths": b"".join(part.lengths.astype("<i4").tobytes() for part in parts),
            "strings": sorted(set().union(*(part.strings for part in parts))),
            "cats": [cats for part in parts for cats in part.cats],
            "flags": [flags for part in parts for flags in part.flags],
            "span_groups": [groups for part in parts for groups in part.span_groups],
        }
        if self.store_user_data:
            state["user_data"] = [data for part in parts for data in part.user_data]
        return zlib.compress(_msgpack.dumps(state))

    def from_bytes(self, bytes_data: bytes, *, max_size: int | None = None) -> DocBin:
        """Replace the documents by those of a ``.spacy`` file; returns the collection itself.

        What the data unpack to may have ``max_size`` bytes: the default is a hundred times its own
        size, and 256 MiB at least. Raises :class:`SerializationError` if they have more, are
        something else, or damaged.
        """
        try:
            state = _msgpack.loads(_decompressed(bytes_data, max_size))
        except SerializationError:
            raise
        except zlib.error as error:
            raise SerializationError(
                f"this isn't a .spacy file, or it was cut short ({error})"
            ) from None
        except Exception as error:
            raise SerializationError(f"the .spacy file is damaged ({error})") from error
        try:
            attrs, packed = _read_state(state)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise SerializationError(
                f"the .spacy file isn't as a DocBin writes it ({type(error).__name__}: {error})"
            ) from error
        self.attrs, self._packed = attrs, [packed]
        self.store_user_data = "user_data" in state
        return self

    def to_disk(self, path: str | Path) -> None:
        """Write a ``.spacy`` file."""
        write_bytes(path, self.to_bytes())

    def from_disk(self, path: str | Path, *, max_size: int | None = None) -> DocBin:
        """Read a ``.spacy`` file; see :meth:`from_bytes`."""
        try:
            data = existing(path, "file of documents").read_bytes()
            return self.from_bytes(data, max_size=max_size)
        except SerializationError as error:
            raise SerializationError(f"{path}: {error}") from error


def _decompressed(data: bytes, max_size: int | None) -> bytes:
    limit = max(_SMALL, _RATIO * len(data)) if max_size is None else max(1, max_size)
    stream = zlib.decompressobj()
    unpacked = stream.decompress(data, limit)
    if not stream.eof and len(unpacked) == limit:
        raise SerializationError(
            f"the {len(data):,} bytes of the .spacy file unpack to {limit:,} or more, which would "
            f"fill the memory: if you trust them, read them with a larger max_size"
        )
    if not stream.eof:
        raise zlib.error("incomplete or truncated stream")
    return unpacked


def _read_state(state: dict[str, Any]) -> tuple[list[str], Packed]:
    attrs = [_known_attr(attr) for attr in state["attrs"]]
    if "ORTH" not in attrs:
        raise ValueError("the attribute ORTH isn't stored")
    lengths = np.frombuffer(state["lengths"], dtype="<i4").astype(np.int64)
    spaces = np.frombuffer(state["spaces"], dtype=np.uint8) != 0
    tokens = np.frombuffer(state["tokens"], dtype="<u8").astype(np.uint64, copy=False)
    total = int(lengths.sum())
    if (len(lengths) and int(lengths.min()) < 0) or len(spaces) != total:
        raise ValueError("the lengths of the documents don't add up to the spaces")
    if len(tokens) != total * len(attrs):
        raise ValueError(f"{len(tokens)} values for {total} tokens of {len(attrs)} attributes")
    count = len(lengths)
    packed = Packed(
        tokens=tokens.reshape(total, len(attrs)),
        spaces=spaces,
        lengths=lengths,
        strings=set(map(_string, state["strings"])),
        cats=_each("cats", state.get("cats"), count, {}),
        flags=_each("flags", state.get("flags"), count, {}),
        span_groups=_each("span_groups", state.get("span_groups"), count, b""),
        user_data=_each("user_data", state.get("user_data"), count, None),
    )
    return attrs, packed


def _known_attr(attr: Any) -> str:
    """The name of an attribute; "" for one that tokens don't have here, and is passed over."""
    try:
        return attr_name(attr)
    except DataError:
        return ""


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is among the strings")
    return value


def _each(name: str, values: Any, count: int, default: Any) -> list[Any]:
    if values is None:
        return [default] * count
    if len(values) != count:
        raise ValueError(f"{len(values)} {name} for {count} documents")
    return list(values)


def _pack(docs: Sequence[Doc], attrs: Sequence[str], store_user_data: bool) -> Packed:
    lengths = np.array([len(doc) for doc in docs], dtype=np.int64)
    tokens = np.zeros((int(lengths.sum()), len(attrs)), dtype=np.uint64)
    strings: set[str] = {""}
    start = 0
    for lexicon, group in groupby(docs, lambda doc: doc.lexicon):
        same = list(group)
        rows = np.concatenate([doc.rows for doc in same])
        part = tokens[start : start + len(rows)]
        start += len(rows)
        for i, attr in enumerate(attrs):
            part[:, i] = _flat(same, attr, rows)
            if attr in STRING_COLUMNS or attr in ("ORTH", "NORM"):
                ids = np.unique(part[:, i])
                strings.update(lexicon.strings.strings(ids))
    spans = [pack_groups(doc, strings) for doc in docs]
    names = [name for doc in docs for name in (*(doc._cats or ()), *(doc._spans or ()))]
    _check_strings([*strings, *names], docs)
    return Packed(
        tokens=tokens,
        spaces=np.concatenate([doc.spaces for doc in docs]) if docs else np.zeros(0, np.bool_),
        lengths=lengths,
        strings=strings,
        cats=[dict(doc._cats or {}) for doc in docs],
        flags=[{"has_unknown_spaces": doc.has_unknown_spaces} for doc in docs],
        span_groups=spans,
        user_data=[_pack_user_data(doc) if store_user_data else None for doc in docs],
    )


def _check_strings(strings: Iterable[str], docs: Sequence[Doc]) -> None:
    """Raise :class:`SerializationError` for half a surrogate pair, which UTF-8 can't hold."""
    for string in strings:
        try:
            string.encode("utf8")
        except UnicodeEncodeError:
            of = next((doc.text for doc in docs if string in doc.text), string)
            raise SerializationError(
                f"the document {of[:60]!r} holds half a surrogate pair, {string[:40]!r}, which a "
                f".spacy file can't hold: write .jsonl or .loom, or repair the text"
            ) from None


def _flat(docs: Sequence[Doc], attr: str, rows: NDArray[np.int32]) -> Any:
    """The values of an attribute for all documents of one lexicon, as uint64."""
    if attr == "NORM":
        return _norms_given(docs[0].lexicon, rows)
    if attr not in ("SENT_START", "IDX", "LANG", *COLUMNS):
        return docs[0].lexicon.column(attr)[rows].astype(np.int64).view(np.uint64)
    if all(doc.column(attr) is None for doc in docs) and attr in COLUMNS and attr != "SENT_START":
        return 0
    return np.concatenate([doc.to_array(attr) for doc in docs])


def _norms_given(lexicon: Lexicon, rows: NDArray[np.int32]) -> NDArray[np.uint64]:
    """The ids of norms that the tokenizer gave. Others are 0: whoever reads the file has rules."""
    types, inverse = np.unique(rows, return_inverse=True)
    norms = [lexicon.norm_given(row) or "" for row in types.tolist()]
    return np.asarray(lexicon.strings.ids(norms)[inverse])


def _pack_user_data(doc: Doc) -> bytes:
    try:
        return _msgpack.dumps(doc._user_data or {})
    except (TypeError, ValueError, OverflowError) as error:
        raise SerializationError(
            f"the document {doc.text[:40]!r} has user data that a .spacy file can't hold ({error}):"
            f" keep plain values in doc.user_data and custom attributes, or leave it out with "
            f"store_user_data=False"
        ) from error
