"""Documents made of parts of documents, or of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.columns import COLUMNS, IOB_MISSING, STRING_COLUMNS
from .span import Span
from .text_bound import join_bound, part_of_bound

if TYPE_CHECKING:
    from ..vocab import Vocab
    from .doc import Doc

__all__ = ["concatenate", "copy_doc", "rows_in", "span_as_doc"]


def rows_in(doc: Doc, vocab: Vocab) -> NDArray[np.int32]:
    """The rows of a document's words in the present lexicon of ``vocab``."""
    lexicon = vocab.lexicon
    if doc.lexicon is lexicon:
        return doc.rows
    types, inverse = np.unique(doc.rows, return_inverse=True)
    old = doc.lexicon
    rows = [lexicon.row(old.texts[row], old.norm_given(row)) for row in types.tolist()]
    return np.array(rows, dtype=np.int32)[inverse] if rows else np.zeros(0, dtype=np.int32)


def _column_in(doc: Doc, name: str, target: Doc) -> NDArray[Any] | None:
    """A column, with the strings of its ids stored where ``target`` finds them."""
    column = doc.column(name)
    if column is None:
        return None
    if name in STRING_COLUMNS and doc.lexicon.strings is not target.lexicon.strings:
        target.strings_of(name).ids(doc.lexicon.strings.strings(np.unique(column)))
    return column


def copy_doc(doc: Doc) -> Doc:
    """A document with the same tokens and annotation, which can be changed by itself."""
    copy = doc.__class__.from_rows(doc.vocab, doc.text, doc.rows, doc.spaces, doc.lexicon)
    copy._starts = doc._starts
    if doc._columns:
        copy._columns = {name: column.copy() for name, column in doc._columns.items()}
    if doc._spans is not None:
        copy._spans = doc._spans.copy(copy)
    copy._cats = None if doc._cats is None else dict(doc._cats)
    copy._user_data = None if doc._user_data is None else dict(doc._user_data)
    if doc._more:
        copy._more = {k: v for k, v in doc._more.items() if k not in ("tree", "sents")}
    return copy


def span_as_doc(span: Span, *, copy_user_data: bool = False) -> Doc:
    """See :meth:`Span.as_doc`."""
    doc, start, end = span.doc, span.start, span.end
    part = doc.__class__.from_rows(
        doc.vocab, span.text_with_ws, doc.rows[start:end], doc.spaces[start:end], doc.lexicon
    )
    for name in COLUMNS:
        column = doc.column(name)
        if column is not None and name != "HEAD":
            part.set_column(name, column[start:end].copy())
    heads = doc.column("HEAD")
    if heads is not None:
        own = np.arange(end - start)
        inside = heads[start:end] - start
        cut = (inside < 0) | (inside >= end - start)
        part.set_column("HEAD", np.where(cut, own, inside))
    _drop_cut_entities(span, part)
    part.cats = doc.cats
    if doc.has_unknown_spaces:
        part._extra()["unknown_spaces"] = True
    if doc.tensor.size:
        part.tensor = doc.tensor[start:end]
    if copy_user_data:
        data = part_of_bound(doc.user_data, span)
        part.user_data = _moved(data, -span.start_char, len(span.text_with_ws))
        _set_hooks(part, _hooks_of(doc))
    return part


def _hooks_of(doc: Doc) -> dict[str, dict[str, Any]]:
    """The functions that stand in for vectors and the like, by kind."""
    hooks = (doc._more or {}).get("hooks", {})
    return {kind: dict(by_name) for kind, by_name in hooks.items() if by_name}


def _set_hooks(doc: Doc, hooks: dict[str, dict[str, Any]]) -> None:
    if hooks:
        doc._extra()["hooks"] = hooks


def _drop_cut_entities(span: Span, part: Doc) -> None:
    """Nothing is known any more of entities that reach beyond the part."""
    for entity in span.doc.ents:
        start, end = max(entity.start, span.start), min(entity.end, span.end)
        if start < end and (start, end) != (entity.start, entity.end):
            part.writable("ENT_IOB")[start - span.start : end - span.start] = IOB_MISSING
            part.writable("ENT_TYPE")[start - span.start : end - span.start] = 0


def _moved(data: dict[Any, Any], by: int, size: int) -> dict[Any, Any]:
    """User data with the character offsets of custom attributes moved; what then lies outside of
    the text of ``size`` characters is left out."""
    out: dict[Any, Any] = {}
    for key, value in data.items():
        custom = isinstance(key, tuple) and len(key) == 4 and key[0] == "._."
        if not custom or key[2] is None:
            out[key] = value
            continue
        start, end = key[2] + by, None if key[3] is None else key[3] + by
        if 0 <= start < size and (end is None or end <= size):
            out[key[0], key[1], start, end] = value
    return out


def concatenate(
    cls: type[Doc], docs: Sequence[Doc], *, ensure_whitespace: bool = True
) -> Doc | None:
    """One document of the tokens of several, see :meth:`Doc.from_docs`."""
    docs = [doc for doc in docs if len(doc)]
    if not docs:
        return None
    vocab = docs[0].vocab
    if any(doc.vocab is not vocab for doc in docs):
        raise DataError("documents of different vocabs can't be joined: make them with one vocab")
    spaces = np.concatenate([doc.spaces for doc in docs])
    texts = [doc.text for doc in docs]
    ends = np.cumsum([len(doc) for doc in docs]) - 1
    for i, doc in enumerate(docs[:-1]):
        # As a text would be joined: by a space, unless there is white space already.
        if ensure_whitespace and not spaces[ends[i]] and not doc.text[-1].isspace():
            spaces[ends[i]] = True
            texts[i] += " "
    rows = np.concatenate([rows_in(doc, vocab) for doc in docs])
    joined = cls.from_rows(vocab, "".join(texts), rows, spaces)
    for name in COLUMNS:
        _join_column(joined, name, docs)
    _join_extras(joined, docs, texts)
    return joined


def _join_column(joined: Doc, name: str, docs: Sequence[Doc]) -> None:
    columns: list[NDArray[Any] | None]
    columns = [_column_in(doc, name, joined) for doc in docs]
    if name == "SENT_START":
        if not any(doc.has_annotation(name) and len(doc) > 1 for doc in docs):
            return
        columns = [np.where(np.arange(len(doc)) == 0, 1, doc.sent_starts) for doc in docs]
    if all(column is None for column in columns):
        return
    parts = []
    offset = 0
    for doc, column in zip(docs, columns, strict=True):
        if name == "HEAD":
            own = np.arange(len(doc), dtype=np.int32) if column is None else column
            parts.append(own + offset)
        else:
            empty = np.zeros(len(doc), dtype=COLUMNS[name])
            parts.append(empty if column is None else column)
        offset += len(doc)
    joined.set_column(name, np.concatenate(parts))


def _join_extras(joined: Doc, docs: Sequence[Doc], texts: Sequence[str]) -> None:
    starts = np.cumsum([0, *map(len, texts[:-1])]).tolist()
    bound = join_bound(docs, starts)
    tokens = 0
    for doc, text_start in zip(docs, starts, strict=True):
        for name, group in doc.spans.items() if doc._spans else ():
            target = joined.spans.setdefault(name)
            target.attrs.update(group.attrs)
            for s in group:
                place = (s.start + tokens, s.end + tokens)
                target.append(Span(joined, *place, s.label_, s.kb_id_, s.id_))
        data = {key: v for key, v in (doc._user_data or {}).items() if key not in bound}
        for key, value in _moved(data, text_start, len(joined.text)).items():
            joined.user_data.setdefault(key, value)
        joined.cats.update(doc._cats or {})
        tokens += len(doc)
    joined.user_data.update({key: value for key, value in bound.items() if value is not None})
    hooks = _hooks_of(docs[0])
    if all(_hooks_of(doc) == hooks for doc in docs):
        _set_hooks(joined, hooks)
    if all(doc.tensor.size for doc in docs):
        joined.tensor = np.concatenate([doc.tensor for doc in docs])
    if any(doc.has_unknown_spaces for doc in docs):
        joined._extra()["unknown_spaces"] = True
