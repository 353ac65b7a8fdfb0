"""Values of tokens as Arrow arrays of lists, one for each document. Callers require pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...vocab.columns import COLUMNS, STRING_COLUMNS

if TYPE_CHECKING:
    from ..doc import Doc

__all__ = ["as_lists", "column_lists", "decoded"]


def decoded(places: NDArray[Any], texts: Sequence[str | None]) -> Any:
    """The strings at ``places`` of a table, as an Arrow array."""
    import pyarrow as pa

    table, indices = pa.array(texts, pa.string()), pa.array(places, pa.int32())
    return pa.DictionaryArray.from_arrays(indices, table).dictionary_decode()


def as_lists(values: Any, lengths: NDArray[np.int64], have: NDArray[Any] | None = None) -> Any:
    """An Arrow array of values as lists; null where ``have`` is false, which has no values."""
    import pyarrow as pa

    have = np.ones(len(lengths), dtype=np.bool_) if have is None else have
    offsets = pa.array(np.concatenate([[0], np.cumsum(np.where(have, lengths, 0))]), pa.int32())
    mask = None if have.all() else pa.array(~have)
    return pa.ListArray.from_arrays(offsets, values, mask=mask)


def column_lists(name: str, docs: Sequence[Doc], lengths: NDArray[np.int64]) -> Any:
    """A column of documents of one lexicon, strings for ids; null for one without it."""
    arrays = [doc.column(name) for doc in docs]
    have = np.array([array is not None for array in arrays], dtype=np.bool_)
    empty = np.zeros(0, dtype=COLUMNS[name])
    values = np.concatenate([*(array for array in arrays if array is not None), empty])
    if name not in STRING_COLUMNS:
        import pyarrow as pa

        return as_lists(pa.array(values), lengths, have)
    ids, places = np.unique(values, return_inverse=True)
    return as_lists(decoded(places, docs[0].lexicon.strings.strings(ids)), lengths, have)
