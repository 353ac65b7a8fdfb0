"""Annotation as columns of an Arrow table: a row is a document, and a column has a list for it.

Offsets count characters of the text, and a span ends before ``end``. A column is null for a
document without that annotation. Values are made for whole groups of documents, from their columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spanloom import Doc
from spanloom.errors import DataError
from spanloom.tokens.entities import fields
from spanloom.tokens.storage.arrow import as_lists, column_lists, decoded
from spanloom.tokens.storage.columnar import lengths_of

__all__ = ["COLUMNS", "DEFAULT", "annotation_arrays", "annotation_fields"]

_PLACE = [("start", pa.int32()), ("end", pa.int32())]
_NAMED = [(name, pa.string()) for name in ("label", "kb_id", "id")]

#: The columns that there are, with their types. In order: where each token lies; its tag, part of
#: speech, morphological features and lemma; the index of its head, and its relation to it;
#: sentences; entities; spans of groups; categories and scores; and ``Doc.to_bytes()``.
COLUMNS: dict[str, Any] = {
    "offsets": pa.list_(pa.struct(_PLACE)),
    **dict.fromkeys(("tags", "pos", "morphs", "lemmas"), pa.list_(pa.string())),
    "heads": pa.list_(pa.int32()),
    "deps": pa.list_(pa.string()),
    "sentences": pa.list_(pa.struct(_PLACE)),
    "entities": pa.list_(pa.struct([*_PLACE, *_NAMED])),
    "spans": pa.list_(pa.struct([("group", pa.string()), *_PLACE, *_NAMED])),
    "cats": pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())])),
    "doc": pa.binary(),
}

#: The columns that there are unless others are asked for.
DEFAULT = ("offsets", "tags", "heads", "entities")

#: The names of columns of a document, by ours.
_OF_DOC = {
    "tags": "TAG",
    "pos": "POS",
    "morphs": "MORPH",
    "lemmas": "LEMMA",
    "heads": "HEAD",
    "deps": "DEP",
}


def annotation_fields(columns: Iterable[str]) -> list[Any]:
    """The fields that columns add to a schema, and ``error`` after them.

    Raises :class:`DataError` for a name that isn't one of `COLUMNS`, or is there twice.
    """
    names = list(columns)
    for name in names:
        if name not in COLUMNS:
            near = get_close_matches(name, COLUMNS, n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            raise DataError(f"no column '{name}' ({hint}There are: {', '.join(COLUMNS)})")
    if len({*names}) < len(names):
        raise DataError(f"a column is there twice: {', '.join(names)}")
    return [pa.field(name, COLUMNS[name]) for name in names] + [pa.field("error", pa.string())]


def annotation_arrays(docs: Sequence[Doc], columns: Iterable[str]) -> dict[str, Any]:
    """The columns of documents of one lexicon, as ``pyarrow.Array``.

    Raises :class:`SerializationError` if ``doc`` is among them and a document holds data that isn't
    plain.
    """
    lengths = lengths_of(docs)
    return {name: _array(name, docs, lengths) for name in columns}


def _array(name: str, docs: Sequence[Doc], lengths: NDArray[np.int64]) -> Any:
    if not docs:
        return pa.array([], COLUMNS[name])
    if name in _OF_DOC:
        return column_lists(_OF_DOC[name], docs, lengths)
    return _MAKERS[name](docs, lengths)


def _offsets(docs: Sequence[Doc], lengths: NDArray[np.int64]) -> Any:
    starts = np.concatenate([doc.starts for doc in docs])
    return as_lists(_places(starts, np.concatenate([doc.ends for doc in docs])), lengths)


def _places(starts: NDArray[Any], ends: NDArray[Any]) -> Any:
    values = [pa.array(each, pa.int32()) for each in (starts, ends)]
    return pa.StructArray.from_arrays(values, fields=list(map(pa.field, *zip(*_PLACE))))


def _sentences(docs: Sequence[Doc], _: NDArray[np.int64]) -> Any:
    have = np.array([doc.has_annotation("SENT_START") for doc in docs], dtype=np.bool_)
    starts, ends, counts = [], [], []
    for doc, there in zip(docs, have.tolist()):
        first = np.flatnonzero(doc.sent_starts == 1) if there and len(doc) else np.zeros(0, int)
        if len(first) or (there and len(doc)):
            first = first if len(first) and first[0] == 0 else np.concatenate([[0], first])
        starts.append(doc.starts[first])
        last = np.concatenate([first[1:], [len(doc)]])[: len(first)] - 1
        ends.append(doc.ends[last])
        counts.append(len(first))
    values = _places(np.concatenate(starts), np.concatenate(ends))
    return as_lists(values, np.array(counts, dtype=np.int64), have)


def _entities(docs: Sequence[Doc], _: NDArray[np.int64]) -> Any:
    strings = docs[0].lexicon.strings
    have = np.array([doc.column("ENT_IOB") is not None for doc in docs], dtype=np.bool_)
    starts, ends, ids, counts = [], [], [], []
    for doc in docs:
        first, last, *named = fields(doc)
        starts.append(doc.starts[first] if first else doc.starts[:0])
        ends.append(doc.ends[np.array(last) - 1] if last else doc.starts[:0])
        ids.append(np.array(named, dtype=np.uint64).reshape(len(_NAMED), -1))
        counts.append(len(first))
    places = _places(np.concatenate(starts), np.concatenate(ends))
    names = []
    for values in np.concatenate(ids, axis=1):
        found, index = np.unique(values, return_inverse=True)
        names.append(decoded(index, strings.strings(found)))
    entities = pa.StructArray.from_arrays(
        [*places.flatten(), *names], fields=list(map(pa.field, *zip(*_PLACE, *_NAMED)))
    )
    return as_lists(entities, np.array(counts, dtype=np.int64), have)


def _spans(docs: Sequence[Doc], _: NDArray[np.int64]) -> Any:
    rows = [
        [
            {
                "group": name,
                "start": span.start_char,
                "end": span.end_char,
                "label": span.label_,
                "kb_id": span.kb_id_,
                "id": span.id_,
            }
            for name, group in doc.spans.items()
            for span in group
        ]
        if doc.spans
        else None
        for doc in docs
    ]
    return pa.array(rows, COLUMNS["spans"])


def _cats(docs: Sequence[Doc], _: NDArray[np.int64]) -> Any:
    rows = [
        [{"label": label, "score": score} for label, score in doc.cats.items()] or None
        for doc in docs
    ]
    return pa.array(rows, COLUMNS["cats"])


def _doc(docs: Sequence[Doc], _: NDArray[np.int64]) -> Any:
    return pa.array([doc.to_bytes() for doc in docs], COLUMNS["doc"])


_MAKERS: dict[str, Callable[[Sequence[Doc], NDArray[np.int64]], Any]] = {
    "offsets": _offsets,
    "sentences": _sentences,
    "entities": _entities,
    "spans": _spans,
    "cats": _cats,
    "doc": _doc,
}
