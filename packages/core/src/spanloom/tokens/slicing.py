"""Copies of documents and of their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..vocab.columns import COLUMNS, IOB_MISSING
from . import entities
from .text_bound import part_of_bound

if TYPE_CHECKING:
    from .forward import Doc, Span

__all__ = ["copy_doc", "hooks_of", "moved", "set_hooks", "span_as_doc"]


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
        part.user_data = moved(data, -span.start_char, len(span.text_with_ws))
        set_hooks(part, hooks_of(doc))
    return part


def hooks_of(doc: Doc) -> dict[str, dict[str, Any]]:
    """The functions that stand in for vectors and the like, by kind."""
    hooks = (doc._more or {}).get("hooks", {})
    return {kind: dict(by_name) for kind, by_name in hooks.items() if by_name}


def set_hooks(doc: Doc, hooks: dict[str, dict[str, Any]]) -> None:
    """Give a document what :func:`hooks_of` gave."""
    if hooks:
        doc._extra()["hooks"] = hooks


def _drop_cut_entities(span: Span, part: Doc) -> None:
    """Nothing is known any more of entities that reach beyond the part."""
    for first, last, *_ in entities.within(span.doc, span.start, span.end):
        start, end = max(first, span.start), min(last, span.end)
        if start < end and (start, end) != (first, last):
            part.writable("ENT_IOB")[start - span.start : end - span.start] = IOB_MISSING
            part.writable("ENT_TYPE")[start - span.start : end - span.start] = 0


def moved(data: dict[Any, Any], by: int, size: int) -> dict[Any, Any]:
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
