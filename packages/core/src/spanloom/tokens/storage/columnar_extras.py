"""What some documents of a block have beside their columns: categories, spans, user data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..binary import as_key
from ..packing import pack, pack_strings, unpack, unpack_strings
from ..span import Span
from ..span_group import SpanGroup

if TYPE_CHECKING:
    from ..doc import Doc

__all__ = ["extras", "set_extras"]


def extras(docs: Sequence[Doc]) -> dict[str, Any]:
    """The parts of a block's state, by document number; those that nobody has are left out."""
    numbered = list(enumerate(docs))
    tensors = [(i, doc.tensor) for i, doc in numbered if doc._more and "tensor" in doc._more]
    state: dict[str, Any] = {
        "unknown_spaces": [i for i, doc in numbered if doc.has_unknown_spaces],
        "cats": [(i, doc._cats) for i, doc in numbered if doc._cats],
        "spans": _spans(docs),
        "user_data": [
            (i, list(doc._user_data), list(doc._user_data.values()))
            for i, doc in numbered
            if doc._user_data
        ],
        "tensors": [(i, tensor.shape, pack(_on_cpu(tensor).ravel())) for i, tensor in tensors],
    }
    return {name: value for name, value in state.items() if value}


def _on_cpu(tensor: Any) -> Any:
    return tensor if isinstance(tensor, np.ndarray) else tensor.get()


def _spans(docs: Sequence[Doc]) -> dict[str, Any] | None:
    """All spans of all groups as one array of five columns, with a table of their strings."""
    groups: list[tuple[int, str, dict[str, Any], int]] = []
    numbers: list[int] = []
    table: dict[str, int] = {}
    for i, doc in enumerate(docs):
        for name, group in (doc._spans or {}).items():
            groups.append((i, name, group.attrs, len(group)))
            for span in group:
                texts = (span.label_, span.kb_id_, span.id_)
                numbers += (span.start, span.end)
                numbers += [table.setdefault(text, len(table)) for text in texts]
    if not groups:
        return None
    values = np.array(numbers, dtype=np.int32)
    return {"groups": groups, "values": pack(values), "strings": pack_strings(list(table))}


def set_extras(docs: Sequence[Doc], state: dict[str, Any]) -> None:
    """Give documents what :func:`extras` took. Raises :class:`ValueError` and the like where the
    state contradicts itself."""
    for i in state.get("unknown_spaces", ()):
        docs[i]._extra()["unknown_spaces"] = True
    for i, cats in state.get("cats", ()):
        docs[i].cats = cats
    for i, keys, values in state.get("user_data", ()):
        docs[i].user_data = dict(zip(map(as_key, keys), values, strict=True))
    for i, shape, packed in state.get("tensors", ()):
        docs[i].tensor = unpack(packed).reshape(shape).copy()
    if "spans" in state:
        _set_spans(docs, **state["spans"])


def _set_spans(docs: Sequence[Doc], groups: list[Any], values: Any, strings: Any) -> None:
    texts = unpack_strings(strings)
    rows = unpack(values).reshape(-1, 5).tolist()
    at = 0
    for i, name, attrs, count in groups:
        doc = docs[i]
        spans = []
        for start, end, label, kb_id, span_id in rows[at : at + count]:
            if not 0 <= start <= end <= len(doc) or min(label, kb_id, span_id) < 0:
                raise ValueError(f"a span from token {start} to {end} of {len(doc)}")
            spans.append(Span(doc, start, end, texts[label], texts[kb_id], texts[span_id]))
        at += count
        doc.spans[name] = SpanGroup(doc, name=name, attrs=attrs, spans=spans)
    if at != len(rows):
        raise ValueError(f"{len(rows)} spans for groups of {at}")
