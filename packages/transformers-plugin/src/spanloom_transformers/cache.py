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
    from spanloom.tokens import Doc

__all__ = ["OutputCache"]

Key = tuple[str, bytes]


class OutputCache:
    """Output by text and tokens, on the CPU, up to ``megabytes``; what wasn't used longest goes
    first. Whoever changes the weights must call :meth:`clear`."""

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
        self, docs: Sequence[Doc], predict: Callable[[Batch], FullTransformerBatch], ops: Any
    ) -> FullTransformerBatch:
        """The output for ``docs``, of which only those that aren't known go through ``predict``."""
        keys = [self._key(doc) for doc in docs]
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
        return _joined(docs, [found[key] for key in keys], ops)

    def _key(self, doc: Doc) -> Key:
        # Tokens may start elsewhere in the same text, and spans may follow sentences.
        starts = doc.column("SENT_START")
        return doc.text, doc.starts.tobytes() + (b"" if starts is None else starts.tobytes())

    def _add(self, key: Key, data: TransformerData) -> None:
        self._kept[key] = data
        self._used += _bytes(data)
        while self._used > self.size and self._kept:
            self._used -= _bytes(self._kept.popitem(last=False)[1])


def _bytes(data: TransformerData) -> int:
    return 200 + sum(int(tensor.nbytes) for tensor in data.tensors) + 32 * len(data.pieces)


def _joined(
    docs: Sequence[Doc], parts: Sequence[TransformerData], ops: Any
) -> FullTransformerBatch:
    rows = np.array([len(data.pieces) for data in parts], dtype=np.int64)
    firsts = np.cumsum(rows) - rows
    pieces = [data.pieces for data in parts]
    return FullTransformerBatch(
        [[doc[:]] * len(data.pieces.lengths) for doc, data in zip(docs, parts)],
        tuple(
            ops.asarray(np.concatenate(layer)) for layer in zip(*(data.tensors for data in parts))
        ),
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
    )
