"""Sentence boundaries, character offsets, what is annotated, and columns to write to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.attrs import LEXICAL_ATTRS, attr_name
from ..vocab.columns import COLUMNS
from . import tree

if TYPE_CHECKING:
    from .forward import Doc

__all__ = [
    "has_annotation",
    "sent_starts",
    "sentence_at",
    "sentences",
    "sentences_of",
    "set_sent_start",
    "tokens_at",
    "writable",
]

_MODES = ("strict", "contract", "expand")


def sent_starts(doc: Doc) -> NDArray[np.int8]:
    """See :attr:`Doc.sent_starts`."""
    column = doc.column("SENT_START")
    if column is not None:
        return column
    heads = doc.column("HEAD")
    if heads is None:
        return np.zeros(len(doc), dtype=np.int8)
    missing = _without_head(doc, heads)
    known = doc._extra().get("sents")
    if known is None or not all(map(np.array_equal, known[:2], (heads, missing))):
        known = (heads.copy(), missing, tree.tree_starts(heads, missing))
        doc._extra()["sents"] = known
    starts: NDArray[np.int8] = known[2]
    return starts


def _without_head(doc: Doc, heads: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which tokens are no roots, though they are their own heads: those without a relation, where
    others have one."""
    deps = doc.column("DEP")
    if deps is None or not deps.any():
        return np.zeros(len(heads), dtype=bool)
    missing: NDArray[np.bool_] = (deps == 0) & (heads == np.arange(len(heads)))
    return missing


def set_sent_start(doc: Doc, i: int, value: bool | None) -> None:
    """See :meth:`Doc.set_sent_start`."""
    if doc.column("SENT_START") is None:
        doc.set_column("SENT_START", sent_starts(doc).copy())
    doc.writable("SENT_START")[i] = 0 if value is None else 1 if value else -1


def _bounds(doc: Doc) -> NDArray[np.int64]:
    """The first token of each sentence. Raises :class:`DataError` if they aren't known."""
    if not has_annotation(doc, "SENT_START"):
        raise DataError(
            "The document has no sentence boundaries: add a component that sets them to the "
            "pipeline (nlp.add_pipe('sentencizer')), or set token.is_sent_start. In training, "
            "list that component under annotating_components in [training]."
        )
    starts = sent_starts(doc) == 1
    if len(doc) and not starts[0]:
        starts[0] = True
    return np.flatnonzero(starts)


def sentences(doc: Doc) -> tuple[list[int], list[int]]:
    """The first token of each sentence, and the one after its last. Raises :class:`DataError` if
    nothing has set their boundaries."""
    starts = _bounds(doc).tolist()
    # An empty document has no sentence.
    return starts, [*starts[1:], len(doc)] if starts else []


def sentence_at(doc: Doc, i: int) -> tuple[int, int]:
    """Start and end of the sentence that token ``i`` is in, which is all that is looked at."""
    starts = sent_starts(doc)
    start = next((at for at in _nearby(starts, i, -1) if starts[at] == 1), None)
    end = next((at for at in _nearby(starts, i + 1, 1) if starts[at] == 1), None)
    if not start and end is None:
        _bounds(doc)  # raises where the document knows of no sentences at all
    return start or 0, len(doc) if end is None else end


def _nearby(starts: NDArray[np.int8], at: int, step: int) -> Iterator[int]:
    """Places of sentence starts from ``at`` on, to the left or right, looked for bit by bit."""
    size = 64
    while 0 <= at < len(starts):
        low, high = (at, at + size) if step > 0 else (max(0, at + 1 - size), at + 1)
        found = np.flatnonzero(starts[low:high] == 1) + low
        yield from found.tolist()[::step]
        at, size = (high if step > 0 else low - 1), 2 * size


def sentences_of(doc: Doc, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence that tokens from ``start`` to ``end`` are part of."""
    at = max(0, min(start, len(doc) - 1))
    while at < len(doc):
        first, last = sentence_at(doc, at)
        if first >= end:
            return
        if start < last:
            yield first, last
        at = last


def _end_char(doc: Doc, i: int) -> int:
    return int(doc.starts[i]) + len(doc.lexicon.texts[doc.rows[i]])


def has_annotation(doc: Doc, attr: str | int, *, require_complete: bool = False) -> bool:
    """See :meth:`Doc.has_annotation`."""
    name = "SENT_START" if attr == "IS_SENT_END" else attr_name(attr)
    if len(doc) == 0 or name in LEXICAL_ATTRS or name in ("SPACY", "IDX", "LANG"):
        return True
    values: NDArray[Any] | None
    if name == "SENT_START":
        # The first token says nothing: it always starts a sentence.
        values = sent_starts(doc)[1:]
        if not len(values):
            return True
    elif name == "HEAD":
        # A head can't be told from a missing one: relations can.
        deps = doc.column("DEP")
        values = np.ones(len(doc)) if deps is None else deps
        if doc.column("HEAD") is None:
            return False
    else:
        values = doc.column(name)
    if values is None:
        return False
    return bool((values != 0).all() if require_complete else (values != 0).any())


def writable(doc: Doc, name: str) -> NDArray[Any]:
    """See :meth:`Doc.writable`."""
    array = doc.column(name)
    if array is None:
        dtype, size = COLUMNS[name], len(doc)
        array = np.arange(size, dtype=dtype) if name == "HEAD" else np.zeros(size, dtype=dtype)
        doc.set_column(name, array)
    elif not array.flags.writeable:
        array = array.copy()
        doc.set_column(name, array)
    return array


def tokens_at(
    doc: Doc, start_idx: int, end_idx: int, alignment_mode: str
) -> tuple[int, int] | None:
    """The run of tokens from one character offset to another, see :meth:`Doc.char_span`."""
    if alignment_mode not in _MODES:
        raise DataError(
            f"alignment_mode must be one of {', '.join(map(repr, _MODES))}, not {alignment_mode!r}"
        )
    if not 0 <= start_idx < end_idx <= len(doc.text):
        return None
    # Searched in the starts, which the document keeps: ends are made anew for whole documents.
    if alignment_mode == "expand":
        start = int(np.searchsorted(doc.starts, start_idx, side="right"))
        start -= start > 0 and _end_char(doc, start - 1) > start_idx
        end = int(np.searchsorted(doc.starts, end_idx, side="left"))
    else:
        start = int(np.searchsorted(doc.starts, start_idx, side="left"))
        end = int(np.searchsorted(doc.starts, end_idx, side="left"))
        end -= end > 0 and _end_char(doc, end - 1) > end_idx
    if start >= end:
        return None
    exact = int(doc.starts[start]) == start_idx and _end_char(doc, end - 1) == end_idx
    return None if alignment_mode == "strict" and not exact else (start, end)
