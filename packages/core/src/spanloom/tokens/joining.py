"""One document made of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.columns import COLUMNS, STRING_COLUMNS
from .slicing import hooks_of, moved, set_hooks
from .span import Span
from .text_bound import join_bound

if TYPE_CHECKING:
    from ..vocab import Vocab
    from .forward import Doc

__all__ = ["concatenate", "rows_in"]


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
        for key, value in moved(data, text_start, len(joined.text)).items():
            joined.user_data.setdefault(key, value)
        joined.cats.update(doc._cats or {})
        tokens += len(doc)
    joined.user_data.update({key: value for key, value in bound.items() if value is not None})
    hooks = hooks_of(docs[0])
    if all(hooks_of(doc) == hooks for doc in docs):
        set_hooks(joined, hooks)
    if all(doc.tensor.size for doc in docs):
        joined.tensor = np.concatenate([doc.tensor for doc in docs])
    if any(doc.has_unknown_spaces for doc in docs):
        joined._extra()["unknown_spaces"] = True
