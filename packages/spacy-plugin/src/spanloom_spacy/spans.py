"""Groups of spans as a ``.spacy`` file holds them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from spanloom.errors import SerializationError
from spanloom.io import msgpack as _msgpack
from spanloom.tokens.span import Span
from spanloom.tokens.span_group import SpanGroup

if TYPE_CHECKING:
    from spanloom.tokens.doc import Doc

__all__ = ["pack_groups", "unpack_groups"]

#: id, kb_id, label; then first token, token after the last, and the same in characters.
_SPAN = struct.Struct(">QQQllll")
_NONE = _msgpack.dumps([])


def pack_groups(doc: Doc, strings: set[str]) -> bytes:
    """The groups of a document as msgpack: the bytes of each group, and the names it has. The
    strings of labels and ids are added to ``strings``."""
    if not doc._spans:
        return _NONE
    groups: dict[bytes, list[str]] = {}
    for name, group in doc.spans.items():
        packed = []
        for span in group:
            ids = (int(span.id), int(span.kb_id), int(span.label))
            places = (span.start, span.end, span.start_char, span.end_char)
            packed.append(_SPAN.pack(*ids, *places))
            strings.add(span.label_)
            strings.update(
                doc.lexicon.strings[key] for key in ids[:2] if key in doc.lexicon.strings
            )
        try:
            state = {"name": group.name, "attrs": group.attrs, "spans": packed}
            groups.setdefault(_msgpack.dumps(state), []).append(name)
        except (TypeError, ValueError, OverflowError) as error:
            raise SerializationError(
                f"the attrs of the group of spans '{name}' aren't plain values ({error})"
            ) from error
    return _msgpack.dumps(groups)


def unpack_groups(doc: Doc, data: bytes) -> None:
    """Give a document the groups of :func:`pack_groups`, or of older files, which have a list."""
    if not data or data == _NONE:
        return
    try:
        packed = _msgpack.loads(data)
        named = packed.items() if isinstance(packed, dict) else ((item, None) for item in packed)
        for state, names in named:
            group = _msgpack.loads(state)
            spans = [_span(doc, item) for item in group["spans"]]
            for name in [group["name"]] if names is None else names:
                doc.spans[name] = SpanGroup(doc, name=name, attrs=group["attrs"], spans=spans)
    except (AttributeError, KeyError, TypeError, ValueError, struct.error) as error:
        raise SerializationError(
            f"the groups of spans of the document {doc.text[:40]!r} are damaged ({error})"
        ) from error


def _span(doc: Doc, item: Any) -> Span:
    key, kb_id, label, start, end, _, _ = _SPAN.unpack(item)
    if not 0 <= start <= end <= len(doc):
        raise ValueError(f"a span from token {start} to {end} of {len(doc)}")
    if any(number and number not in doc.lexicon.strings for number in (label, kb_id, key)):
        raise ValueError("a span has an id whose string isn't there")
    return Span(doc, start, end, label, kb_id, key)
