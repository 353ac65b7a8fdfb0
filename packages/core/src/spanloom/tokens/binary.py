"""Documents as msgpack: columns as raw arrays, and the strings that their ids stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError, SerializationError
from ..io import msgpack as _msgpack
from ..vocab.columns import COLUMNS, STRING_COLUMNS
from .packing import pack, packing, smallest, unpack
from .span import Span
from .span_group import SpanGroup
from .vectors import warn_hooks

if TYPE_CHECKING:
    from ..vocab import Vocab
    from .forward import Doc

__all__ = ["FORMAT", "as_key", "from_bytes", "to_bytes", "unpickle"]

#: The version of the format that is written.
FORMAT = 1

#: What reading damaged data can raise; NumPy's reading of a dtype adds SyntaxError.
_DAMAGE = (AttributeError, IndexError, KeyError, OverflowError, SyntaxError, TypeError, ValueError)


def _encoded(text: str) -> bytes:
    # Any string that Python can hold, lone surrogates too.
    return text.encode("utf8", "surrogatepass")


def _decoded(data: bytes) -> str:
    return data.decode("utf8", "surrogatepass")


def to_bytes(doc: Doc, exclude: frozenset[str]) -> bytes:
    """See :meth:`Doc.to_bytes`."""
    warn_hooks(doc, stacklevel=4)
    lengths = doc.lexicon.column("LENGTH")[doc.rows] if len(doc) else np.zeros(0, dtype=np.int32)
    norms = {i: doc.lexicon.norm_given(row) for i, row in enumerate(doc.rows.tolist())}
    state: dict[str, Any] = {
        "format": FORMAT,
        "text": _encoded(doc.text),
        "lengths": pack(smallest(lengths)),
        "spaces": np.packbits(doc.spaces).tobytes(),
        "norms": [(i, _encoded(norm)) for i, norm in norms.items() if norm is not None],
        "columns": {},
        "strings": {},
        "unknown_spaces": doc.has_unknown_spaces,
    }
    for name in COLUMNS:
        column = doc.column(name)
        if column is not None and name in STRING_COLUMNS:
            ids, inverse = np.unique(column, return_inverse=True)
            state["strings"][name] = [_encoded(s) for s in doc.lexicon.strings.strings(ids)]
            state["columns"][name] = pack(smallest(inverse))
        elif column is not None:
            state["columns"][name] = pack(column)
    if doc._cats and "cats" not in exclude:
        state["cats"] = doc.cats
    if doc._spans and "spans" not in exclude:
        state["spans"] = [_group_state(group) for group in doc.spans.values()]
    if doc.tensor.size and "tensor" not in exclude:
        tensor = doc.tensor if isinstance(doc.tensor, np.ndarray) else doc.tensor.get()
        state["tensor"] = [tensor.shape, pack(tensor)]
    if doc._user_data and "user_data" not in exclude:
        state["user_data"] = [list(doc.user_data), list(doc.user_data.values())]
    instead = "leave it out with exclude=['user_data'], or "
    with packing(f"the document {doc.text[:40]!r}", instead):
        return _msgpack.dumps(state)


def _group_state(group: SpanGroup) -> list[Any]:
    spans = [(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in group]
    return [group.name, group.attrs, spans]


def from_bytes(doc: Doc, data: bytes, exclude: frozenset[str]) -> Doc:
    """See :meth:`Doc.from_bytes`."""
    if len(doc):
        raise DataError("from_bytes fills an empty document: use Doc(vocab).from_bytes(data)")
    state = _msgpack.loads_format(data, FORMAT, "a document")
    try:
        _fill(doc, state, exclude)
    except _DAMAGE as error:
        raise SerializationError(f"the bytes of the document are damaged ({error})") from error
    return doc


def _fill(doc: Doc, state: dict[str, Any], exclude: frozenset[str]) -> None:
    text = _decoded(state["text"])
    lengths = unpack(state["lengths"]).astype(np.int64)
    bits = np.unpackbits(np.frombuffer(state["spaces"], dtype=np.uint8), count=len(lengths))
    spaces = bits.astype(np.bool_)
    ends = np.cumsum(lengths + spaces) - spaces
    bounds = zip((ends - lengths).tolist(), ends.tolist(), strict=True)
    words = [text[start:end] for start, end in bounds]
    if text != "".join([w + " " if s else w for w, s in zip(words, spaces.tolist(), strict=True)]):
        raise SerializationError("the tokens don't give the text")
    doc.text, doc.spaces = text, spaces
    doc.lexicon = doc.vocab.lexicon
    doc.rows = doc.lexicon.rows_of(words)
    for i, norm in state["norms"]:
        doc.rows[i] = doc.lexicon.row(words[i], _decoded(norm))
    doc._starts = None
    for name, packed in state["columns"].items():
        values = unpack(packed).copy()
        if name in STRING_COLUMNS:
            ids = doc.strings_of(name).ids([_decoded(item) for item in state["strings"][name]])
            values = ids[values] if len(values) else ids[:0]
        elif name == "HEAD" and len(values) and not 0 <= values.min() <= values.max() < len(doc):
            raise SerializationError("a head lies outside of the document")
        doc.set_column(name, values)
    if state["unknown_spaces"]:
        doc._extra()["unknown_spaces"] = True
    _fill_extras(doc, state, exclude)


def _fill_extras(doc: Doc, state: dict[str, Any], exclude: frozenset[str]) -> None:
    if "cats" in state and "cats" not in exclude:
        doc.cats = state["cats"]
    if "spans" in state and "spans" not in exclude:
        for name, attrs, spans in state["spans"]:
            members = [Span(doc, start, end, *map(_text, ids)) for start, end, *ids in spans]
            doc.spans[name] = SpanGroup(doc, name=name, attrs=attrs, spans=members)
    if "user_data" in state and "user_data" not in exclude:
        keys, values = state["user_data"]
        doc.user_data = dict(zip(map(as_key, keys), values, strict=True))
    if "tensor" in state and "tensor" not in exclude:
        shape, packed = state["tensor"]
        doc.tensor = unpack(packed).copy().reshape(shape)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise SerializationError(f"{value!r} should be a string")
    return value


def as_key(value: Any) -> Any:
    """A key of ``user_data``: msgpack makes lists of tuples."""
    return tuple(map(as_key, value)) if isinstance(value, list) else value


def unpickle(cls: type[Doc], vocab: Vocab, data: bytes) -> Doc:
    """A document from its pickle."""
    return cls(vocab).from_bytes(data)
