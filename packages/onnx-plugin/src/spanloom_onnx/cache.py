"""Output of a frozen transformer for documents that come again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.tokens.batch import Batch

from .align import PieceAlignment
from .data import FullTransformerBatch, Pieces, TransformerData

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Span

__all__ = ["OutputCache"]

Key = tuple[str, bytes, bytes]
GetSpans = Callable[[Sequence["Doc"]], Sequence[Sequence["Span"]]]


class OutputCache:
    """Output by text, tokens and spans, on the CPU, up to ``megabytes``; what wasn't used longest
    goes first. Whoever changes the weights must call :meth:`clear`."""

    def __init__(self, megabytes: int) -> None:
        self.size = megabytes * 2**20
        self.hits = 0
        self._used = 0
        self._kept: OrderedDict[Key, TransformerData] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._used = 0

    def through(
        self,
        docs: Sequence[Doc],
        get_spans: GetSpans,
        predict: Callable[[Batch], FullTransformerBatch],
        ops: Any,
    ) -> FullTransformerBatch:
        """The output for ``docs``, of which only those that aren't known go through ``predict``.
        ``get_spans`` is what the model asks for the spans that it sees: it may read anything on a
        document, so that what it gives belongs to the key."""
        spans = [list(each) for each in get_spans(docs)]
        keys = list(map(_key, docs, spans))
        found = {key: self._kept[key] for key in keys if key in self._kept}
        self.hits += sum(key in found for key in keys)
        new = {key: doc for key, doc in zip(keys, docs) if key not in found}
        if new:
            output = predict(Batch(new.values()))
            arrays = [ops.to_numpy(tensor) for tensor in output.tensors]
            for key, data in zip(new, output.parts(arrays)):
                data.tensors = tuple(np.array(tensor) for tensor in data.tensors)
                found[key] = data
                self._add(key, data)
        for key in keys:
            if key in self._kept:
                self._kept.move_to_end(key)
        return _joined(docs, spans, [found[key] for key in keys], ops)

    def _add(self, key: Key, data: TransformerData) -> None:
        self._kept[key] = data
        self._used += _bytes(data)
        while self._used > self.size and self._kept:
            self._used -= _bytes(self._kept.popitem(last=False)[1])


def _key(doc: Doc, spans: Sequence[Span]) -> Key:
    # Tokens may start elsewhere in the same text.
    bounds = np.array([(span.start, span.end) for span in spans], dtype=np.int64)
    return doc.text, doc.starts.tobytes(), bounds.tobytes()


def _bytes(data: TransformerData) -> int:
    arrays = [*data.tensors, *(array for values in data.extra.values() for array in values)]
    return 200 + sum(int(array.nbytes) for array in arrays) + 32 * len(data.pieces)


def _joined(
    docs: Sequence[Doc], spans: list[list[Span]], parts: Sequence[TransformerData], ops: Any
) -> FullTransformerBatch:
    rows = np.array([len(data.pieces) for data in parts], dtype=np.int64)
    firsts = np.cumsum(rows) - rows
    pieces = [data.pieces for data in parts]
    # A document without pieces says nothing of how many layers, nor of what else, there are.
    full = [data for data in parts if len(data.pieces)]
    layers = [data.tensors for data in full or parts]
    extra = {
        name: [data.extra.get(name, []) for data in parts] for name in (full or parts)[0].extra
    }
    return FullTransformerBatch(
        spans,
        tuple(ops.asarray(np.concatenate(layer)) for layer in zip(*layers)),
        PieceAlignment(
            np.concatenate([data.align.rows + first for data, first in zip(parts, firsts)]),
            np.concatenate([data.align.lengths for data in parts]),
        ),
        np.array([len(doc) for doc in docs], dtype=np.int64),
        rows,
        Pieces(
            np.concatenate([each.ids for each in pieces]),
            np.concatenate([each.starts for each in pieces]),
            np.concatenate([each.ends for each in pieces]),
            np.concatenate([each.lengths for each in pieces]),
            pieces[0].vocabulary,
        ),
        {number: list(data.truncated) for number, data in enumerate(parts) if data.truncated},
        extra,
    )
