"""What tables of documents share: values of tokens as Arrow arrays of lists, one for each document.

The functions need pyarrow, which whoever calls them requires.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...vocab.columns import COLUMNS, STRING_COLUMNS

if TYPE_CHECKING:
    from ...vocab.lexicon import Lexicon
    from ..doc import Doc

__all__ = ["as_lists", "column_lists", "decoded"]


def decoded(places: NDArray[Any], texts: Sequence[str | None]) -> Any:
    """The strings at ``places`` of a table, as an Arrow array."""
    import pyarrow as pa

    table = pa.array(texts, pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), table).dictionary_decode()


def as_lists(values: Any, lengths: NDArray[np.int64], have: NDArray[Any] | None = None) -> Any:
    """An Arrow array of values as one list for each document; null for those that ``have`` says
    have none, which have no values."""
    import pyarrow as pa

    have = np.ones(len(lengths), dtype=np.bool_) if have is None else have
    offsets = np.concatenate([[0], np.cumsum(np.where(have, lengths, 0))])
    mask = None if have.all() else pa.array(~have)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, mask=mask)


def column_lists(
    name: str, lexicon: Lexicon, docs: Sequence[Doc], lengths: NDArray[np.int64]
) -> Any:
    """A column of documents of one lexicon as lists, strings for ids; null for a document without
    it."""
    import pyarrow as pa

    arrays = [doc.column(name) for doc in docs]
    have = np.array([array is not None for array in arrays], dtype=np.bool_)
    empty = np.zeros(0, dtype=COLUMNS[name])
    values = np.concatenate([*(array for array in arrays if array is not None), empty])
    if name not in STRING_COLUMNS:
        return as_lists(pa.array(values), lengths, have)
    ids, places = np.unique(values, return_inverse=True)
    return as_lists(decoded(places, lexicon.strings.strings(ids)), lengths, have)
