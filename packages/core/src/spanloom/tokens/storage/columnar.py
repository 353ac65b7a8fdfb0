"""Many documents as one block of bytes, column by column.

A block holds the text of all documents once, a table of their distinct words, and for each token
its word's place in the table; annotation is one array for each column, with a table of its strings.
So it's written and read by a few array operations for the whole block, never token by token. Blocks
are the parts of a ``.loom`` file (:mod:`spanloom.tokens.storage.docfile`), and what travels between
processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SerializationError
from ...io import msgpack as _msgpack
from ...vocab.columns import COLUMNS, STRING_COLUMNS
from ..doc import Doc
from ..packing import bounds, pack, pack_strings, packing, smallest, unpack, unpack_strings
from ..vectors import warn_hooks
from .columnar_extras import extras, set_extras

if TYPE_CHECKING:
    from ...vocab import Vocab
    from ...vocab.lexicon import Lexicon

__all__ = ["FORMAT", "check_texts", "from_block", "lengths_of", "set_parts", "to_blocks"]

#: The version of a block's layout.
FORMAT = 1

#: The least and the most that a column of numbers may hold.
_RANGES = {"ENT_IOB": (0, 3), "SENT_START": (-1, 1)}


def to_blocks(docs: Sequence[Doc]) -> list[bytes]:
    """The documents as blocks: one, unless a bounded vocab began a new lexicon among them.

    Raises :class:`SerializationError` for user data that isn't plain.
    """
    return [
        _block(lexicon, list(group)) for lexicon, group in groupby(docs, lambda doc: doc.lexicon)
    ]


def _block(lexicon: Lexicon, docs: list[Doc]) -> bytes:
    for doc in docs:
        warn_hooks(doc, stacklevel=4)
    rows = np.concatenate([doc.rows for doc in docs])
    types = np.unique(rows)
    place = np.empty(int(types[-1]) + 1 if len(types) else 0, dtype=np.int32)
    place[types] = np.arange(len(types), dtype=np.int32)
    norms = {i: lexicon.norm_given(row) for i, row in enumerate(types.tolist())}
    state: dict[str, Any] = {
        "format": FORMAT,
        "texts": pack_strings([doc.text for doc in docs]),
        "lengths": pack(smallest(lengths_of(docs))),
        "words": pack_strings(lexicon.texts_of(types)),
        "tokens": pack(smallest(place[rows])),
        "spaces": np.packbits(np.concatenate([doc.spaces for doc in docs])).tobytes(),
        "norms": [(i, norm) for i, norm in norms.items() if norm is not None],
        "columns": {name: c for name in COLUMNS if (c := _column(name, lexicon, docs))},
        **extras(docs),
    }
    with packing(f"one of {len(docs)} documents, the first of them {docs[0].text[:40]!r},"):
        return _msgpack.dumps(state)


def lengths_of(docs: Sequence[Doc]) -> NDArray[np.int64]:
    """Tokens in each document, shape ``(len(docs),)``."""
    return np.fromiter((len(doc.rows) for doc in docs), dtype=np.int64, count=len(docs))


def _column(name: str, lexicon: Lexicon, docs: list[Doc]) -> dict[str, Any] | None:
    """A column of all documents that have it, and which they are; ``None`` if none has."""
    arrays = [doc._columns.get(name) if doc._columns else None for doc in docs]
    there = [array for array in arrays if array is not None]
    if not there:
        return None
    values = np.concatenate(there)
    state: dict[str, Any] = {}
    if len(there) < len(docs):
        state["have"] = np.packbits([array is not None for array in arrays]).tobytes()
    if name in STRING_COLUMNS:
        ids = np.unique(values)
        state["strings"] = pack_strings(lexicon.strings.strings(ids))
        values = smallest(np.searchsorted(ids, values))
    elif name == "HEAD":
        values = _narrow(values - np.concatenate([np.arange(len(array)) for array in there]))
    return {**state, "values": pack(values)}


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Signed integers in the smallest type that holds them."""
    if not len(values):
        return values.astype(np.int8)
    furthest = max(-int(values.min()), int(values.max()), 1)
    return values.astype(np.min_scalar_type(-furthest - 1))


def from_block(data: bytes, vocab: Vocab) -> list[Doc]:
    """The documents of a block, with ``vocab``, which learns their strings.

    Raises :class:`SerializationError` if the block is damaged or of an unknown version.
    """
    state = _msgpack.loads_format(data, FORMAT, "a block of documents")
    try:
        return _documents(state, vocab)
    except SerializationError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise SerializationError(
            f"the block of documents is damaged ({type(error).__name__}: {error})"
        ) from error


def _documents(state: dict[str, Any], vocab: Vocab) -> list[Doc]:
    lexicon = vocab.lexicon
    texts = unpack_strings(state["texts"])
    lengths = unpack(state["lengths"]).astype(np.int64)
    words = unpack_strings(state["words"])
    types = lexicon.rows_of(words)
    for i, norm in state["norms"]:
        types[i] = lexicon.row(words[i], norm)
    tokens = unpack(state["tokens"])
    bits = np.frombuffer(state["spaces"], dtype=np.uint8)
    if len(bits) != (len(tokens) + 7) // 8:
        raise ValueError("there isn't a space for each token")
    spaces = np.unpackbits(bits, count=len(tokens)).astype(np.bool_)
    check_texts(texts, words, tokens, spaces, lengths)
    rows = types[tokens] if len(tokens) else np.zeros(0, dtype=np.int32)
    docs = [
        Doc.from_rows(vocab, text, rows[start:end], spaces[start:end], lexicon)
        for text, (start, end) in zip(texts, bounds(lengths), strict=True)
    ]
    for name, column in state["columns"].items():
        _set_column(docs, lengths, name, column)
    set_extras(docs, state)
    return docs


def check_texts(
    texts: list[str],
    words: list[str],
    tokens: NDArray[Any],
    spaces: NDArray[np.bool_],
    lengths: NDArray[np.int64],
) -> None:
    """Raise :class:`ValueError` unless the words with their spaces are as long as the texts."""
    if len(texts) != len(lengths) or int(lengths.sum()) != len(tokens) or (lengths < 0).any():
        raise ValueError("the lengths of the documents don't add up")
    if "" in words:
        raise ValueError("a word has no characters")
    sizes = np.array([len(word) for word in words], dtype=np.int64)
    characters = (sizes[tokens] if len(tokens) else np.zeros(0, np.int64)) + spaces
    sums = np.concatenate([[0], np.cumsum(characters)])
    ends = np.cumsum(lengths)
    if (sums[ends] - sums[ends - lengths]).tolist() != [len(text) for text in texts]:
        raise ValueError("the words don't add up to the texts")


def _set_column(
    docs: list[Doc], lengths: NDArray[np.int64], name: str, state: dict[str, Any]
) -> None:
    if "have" in state:
        have = np.unpackbits(np.frombuffer(state["have"], dtype=np.uint8), count=len(docs))
        where = np.flatnonzero(have)
        docs, lengths = [docs[i] for i in where.tolist()], lengths[where]
    values = unpack(state["values"])
    if len(values) != int(lengths.sum()):
        raise ValueError(f"{len(values)} values of {name} for {int(lengths.sum())} tokens")
    if name in STRING_COLUMNS:
        ids = docs[0].strings_of(name).ids(unpack_strings(state["strings"]))
        values = ids[values] if len(values) else ids[:0]
    elif name == "HEAD":  # from offsets to indices in their document
        starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        values = np.arange(len(values)) - starts + values
    set_parts(docs, lengths, name, values)


def set_parts(docs: list[Doc], lengths: NDArray[np.int64], name: str, values: NDArray[Any]) -> None:
    """Give each document its part of a column: ids, indices in the document, or codes.

    Raises :class:`ValueError` for numbers that can't be.
    """
    if name == "HEAD":
        if ((values < 0) | (values >= np.repeat(lengths, lengths))).any():
            raise ValueError("a head lies outside its document")
        values = values.astype(np.int32)
    elif name in _RANGES:
        low, high = _RANGES[name]
        if len(values) and not low <= int(values.min()) <= int(values.max()) <= high:
            raise ValueError(f"values of {name} are outside {low} to {high}")
        values = values.astype(np.int8)
    for doc, (start, end) in zip(docs, bounds(lengths), strict=True):
        if doc._columns is None:
            doc._columns = {}
        doc._columns[name] = values[start:end]
