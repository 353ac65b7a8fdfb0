"""Documents made from the arrays of a ``.spacy`` file, all columns at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from srsly import msgpack

from spanloom.errors import SerializationError
from spanloom.vocab.columns import COLUMNS, STRING_COLUMNS
from spanloom.vocab.morphology import EMPTY_MORPH
from spanloom.vocab.strings import StringStore, hash_strings

from .spans import unpack_groups

if TYPE_CHECKING:
    from spanloom.tokens.doc import Doc
    from spanloom.vocab import Vocab
    from spanloom.vocab.lexicon import Lexicon

__all__ = ["Packed", "unpacked"]

#: Mixes two ids into one, so that pairs can be told apart by one look.
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Packed:
    """Documents as arrays: ``tokens`` uint64 of shape ``(n, len(attrs))``, ``spaces`` bool ``(n,)``
    and ``lengths`` int64 ``(n_docs,)``; the other lists have one value for each document."""

    tokens: NDArray[np.uint64]
    spaces: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    strings: set[str]
    cats: list[dict[str, float]]
    flags: list[dict[str, bool]]
    span_groups: list[bytes]
    user_data: list[bytes | None]


def unpacked(packed: Packed, attrs: Sequence[str], vocab: Vocab) -> Iterator[Doc]:
    """The documents; see :meth:`DocBin.get_docs`."""
    from spanloom.tokens.doc import Doc

    lexicon = vocab.lexicon
    strings = _learn(packed.strings, lexicon.strings)
    flat = {attr: packed.tokens[:, i] for i, attr in enumerate(attrs) if attr}
    rows = _rows(flat["ORTH"], flat.get("NORM"), strings, lexicon)
    ends = np.cumsum(packed.lengths)
    starts = ends - packed.lengths
    columns = {name: _column(name, flat[name], strings, vocab) for name in COLUMNS if name in flat}
    present = {
        name: _said(name, column, packed.lengths, starts) for name, column in columns.items()
    }
    if "HEAD" in columns:
        # A document whose words are all roots has heads, too.
        present["HEAD"] |= present.get("DEP", False)
        columns["HEAD"] = _heads(columns["HEAD"], packed.lengths, starts)
    texts = lexicon.texts
    for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        unknown = bool(packed.flags[i].get("has_unknown_spaces"))
        spaces = np.ones(end - start, np.bool_) if unknown else packed.spaces[start:end]
        pairs = zip(rows[start:end].tolist(), spaces.tolist(), strict=True)
        text = "".join([texts[row] + " " if space else texts[row] for row, space in pairs])
        doc = Doc.from_rows(vocab, text, rows[start:end], spaces, lexicon)
        for name, column in columns.items():
            if present[name][i]:
                doc.set_column(name, column[start:end])
        if unknown and end > start:
            doc._extra()["unknown_spaces"] = True
        _hang(doc, packed, i)
        yield doc


def _hang(doc: Doc, packed: Packed, i: int) -> None:
    try:
        if packed.cats[i]:
            doc.cats = packed.cats[i]
        data = packed.user_data[i]
        if data:
            # Tuples stay tuples: the keys of custom attributes are.
            values = msgpack.unpackb(data, raw=False, use_list=False, strict_map_key=False)
            doc.user_data.update(values)
    except Exception as error:
        raise SerializationError(
            f"the categories or user data of document {i} are damaged ({error})"
        ) from error
    unpack_groups(doc, packed.span_groups[i])


def _learn(strings: set[str], store: StringStore) -> dict[int, str]:
    """Keep the strings of a file; returns them by id, those of the symbols too."""
    # The morphology's id of "no features" is written without its string.
    texts = [*sorted(strings), EMPTY_MORPH]
    try:
        return dict(zip(hash_strings(texts).tolist(), texts, strict=True))
    finally:
        store.ids(texts)


def _rows(
    orths: NDArray[np.uint64],
    norms: NDArray[np.uint64] | None,
    strings: dict[int, str],
    lexicon: Lexicon,
) -> NDArray[np.int32]:
    """The lexicon's rows, shape ``(n,)``. Norms that the lexicon's own rules don't give make word
    types of their own."""
    if not len(orths):
        return np.zeros(0, dtype=np.int32)
    keys = orths if norms is None else orths ^ (norms * _MIX)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    words = [_known(orth, "ORTH", strings, lexicon.strings) for orth in orths[first].tolist()]
    if "" in words:
        raise SerializationError("a token of the .spacy file has no text")
    if norms is None:
        rows = lexicon.rows_of(words)
    else:
        given = [strings.get(norm) or None for norm in norms[first].tolist()]
        pairs = zip(words, given, strict=True)
        rows = np.array([lexicon.row(word, norm) for word, norm in pairs], dtype=np.int32)
    return np.asarray(rows[inverse])


def _column(
    name: str, values: NDArray[np.uint64], strings: dict[int, str], vocab: Vocab
) -> NDArray[Any]:
    """The values as the column of a document has them; HEAD still as offsets."""
    if name in STRING_COLUMNS:
        ids = np.unique(values).tolist()
        known = vocab.lexicon.strings
        texts = [_known(key, name, strings, known) for key in ids if key]
        if name not in ("LEMMA", "ENT_ID", "ENT_KB_ID"):
            vocab.strings.ids(texts)
        else:
            known.ids(texts)
        return np.ascontiguousarray(values)
    signed = np.ascontiguousarray(values).view(np.int64)
    if name == "HEAD":
        return signed
    low, high = (0, 3) if name == "ENT_IOB" else (-1, 1)
    if len(signed) and not low <= int(signed.min()) <= int(signed.max()) <= high:
        raise SerializationError(f"values of {name} in the .spacy file are outside {low} to {high}")
    return signed.astype(np.int8)


def _known(key: int, name: str, strings: dict[int, str], store: StringStore) -> str:
    text = strings.get(key)
    if text is None and key not in store:
        raise SerializationError(
            f"the .spacy file has the id {key} as a value of {name}, and not its string"
        )
    return store[key] if text is None else text


def _said(
    name: str, values: NDArray[Any], lengths: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether the values say anything, for each document; shape ``(n_docs,)``."""
    marks = values != 0
    if name == "SENT_START" and len(marks):
        # The first token always starts a sentence: that alone isn't annotation.
        marks[starts[lengths > 0]] = False
    counts = np.concatenate([[0], np.cumsum(marks)])
    return np.asarray(counts[starts + lengths] > counts[starts])


def _heads(
    offsets: NDArray[np.int64], lengths: NDArray[np.int64], starts: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Heads as indices within their documents, shape ``(n,)``."""
    places = np.arange(len(offsets)) - np.repeat(starts, lengths)
    heads = places + offsets
    if ((heads < 0) | (heads >= np.repeat(lengths, lengths))).any():
        raise SerializationError("a head in the .spacy file lies outside its document")
    return heads.astype(np.int32)
