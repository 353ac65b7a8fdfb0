"""Attributes of tokens as one array of integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.attrs import attr_name
from ..vocab.columns import COLUMNS
from .annotation import sent_starts
from .build import check_trees

if TYPE_CHECKING:
    from .forward import Doc

__all__ = ["count_by", "from_array", "to_array"]


def to_array(doc: Doc, names: str | int | Sequence[str | int]) -> NDArray[np.uint64]:
    """See :meth:`Doc.to_array`."""
    if isinstance(names, str | int):
        return _values(doc, attr_name(names))
    out = np.zeros((len(doc), len(names)), dtype=np.uint64)
    for i, name in enumerate(names):
        out[:, i] = _values(doc, attr_name(name))
    return out


def _values(doc: Doc, name: str) -> NDArray[np.uint64]:
    values: Any
    if name == "SPACY":
        values = doc.spaces
    elif name == "IDX":
        values = doc.starts
    elif name == "LANG":
        values = np.full(len(doc), doc.vocab.strings.add(doc.vocab.lang), dtype=np.uint64)
    elif name == "SENT_START":
        values = sent_starts(doc).astype(np.int64)
        if len(doc) and values[0] == 0:
            values[0] = 1
    elif name in COLUMNS:
        values = doc.column(name)
        if values is None:
            return np.zeros(len(doc), dtype=np.uint64)
        if name == "HEAD":
            values = values - np.arange(len(doc), dtype=np.int64)
    else:
        values = doc.lexicon.column(name)[doc.rows]
    if values.dtype == np.uint64:
        return cast("NDArray[np.uint64]", values)
    if values.dtype.kind == "i":
        return np.ascontiguousarray(values, dtype=np.int64).view(np.uint64)
    return np.asarray(values, dtype=np.uint64)


def count_by(doc: Doc, attr: str | int) -> dict[int, int]:
    """See :meth:`Doc.count_by`."""
    values, counts = np.unique(to_array(doc, attr), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def from_array(doc: Doc, names: str | int | Sequence[str | int], array: NDArray[Any]) -> None:
    """See :meth:`Doc.from_array`."""
    if isinstance(names, str | int):
        names = [names]
        array = np.reshape(array, (-1, 1))
    array = np.asarray(array)
    if array.ndim == 1 and len(names) == 1:
        array = array.reshape(-1, 1)
    if array.shape != (len(doc), len(names)):
        raise DataError(
            f"an array of the shape {array.shape} for {len(names)} attributes of {len(doc)} tokens:"
            f" it must be ({len(doc)}, {len(names)})"
        )
    known = [attr_name(name) for name in names]
    for name, values in zip(known, array.T, strict=True):
        _assign(doc, name, values.astype(np.uint64) if values.dtype.kind == "f" else values)
    if "HEAD" in known and "SENT_START" not in known:
        # Old boundaries would speak against the new trees.
        doc.set_column("SENT_START", None)


def _assign(doc: Doc, name: str, values: NDArray[Any]) -> None:
    signed = np.ascontiguousarray(values).astype(np.int64)
    if name == "HEAD":
        heads = signed + np.arange(len(doc))
        outside = np.flatnonzero((heads < 0) | (heads >= len(doc)))
        if len(outside):
            i = int(outside[0])
            raise DataError(
                f"the head of token {i} ({doc.words[i]!r}) would be token {int(heads[i])} of "
                f"{len(doc)}: HEAD holds offsets from the token"
            )
        check_trees(doc, heads)
        doc.set_column("HEAD", heads)
    elif name in ("SENT_START", "ENT_IOB"):
        doc.set_column(name, signed)
    elif name in COLUMNS:
        doc.set_column(name, values.astype(np.uint64))
    elif name == "SPACY":
        doc.set_spaces(values.astype(np.bool_))
    elif not np.array_equal(_values(doc, name), values.astype(np.uint64)):
        raise DataError(f"{name} follows from the words of a document and can't be set")
