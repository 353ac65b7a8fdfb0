"""Masking of the cloze kind: some words are hidden, and must be guessed from those around them.

Source: Devlin et al. (2018), https://arxiv.org/abs/1810.04805, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spanloom import Batch, Doc

if TYPE_CHECKING:
    from spanloom.vocab.lexicon import Lexicon

__all__ = ["MASK", "Masked", "mask_words"]

MASK = "[MASK]"
"""The word that stands in the place of a hidden one."""

_HIDDEN = 0.8
_RANDOM = 0.1


@dataclass(frozen=True)
class Masked:
    """Documents with hidden words: ``batch`` is what the encoder sees, ``places``, int64 of shape
    ``(m,)``, are those of the words to guess in the flat batch, and ``rows``, int32 of the same
    shape, say which words of ``lexicon`` they were."""

    batch: Batch
    places: NDArray[np.int64]
    rows: NDArray[np.int32]
    lexicon: Lexicon


def mask_words(docs: Sequence[Doc], rng: np.random.Generator, share: float = 0.15) -> Masked:
    """Choose ``share`` of the words that aren't white space, at least one if there is any. Of these
    80 % are hidden, 10 % become another word of the batch, and 10 % stay as they are. ``docs``
    aren't changed."""
    batch = Batch.of(docs)
    rows = batch.rows
    if not len(rows):
        return Masked(batch, np.zeros(0, np.int64), rows, batch[0].lexicon)
    lexicon = batch[0].lexicon
    allowed = np.flatnonzero(~lexicon.column("IS_SPACE")[rows])
    places = allowed[rng.random(len(allowed)) < share]
    if not len(places) and len(allowed):
        places = allowed[rng.integers(len(allowed), size=1)]
    roll = rng.random(len(places))
    others = rows[rng.integers(len(rows), size=len(places))]
    new = rows.copy()
    new[places] = np.select(
        [roll < _HIDDEN, roll < _HIDDEN + _RANDOM],
        [np.int32(lexicon.row(MASK)), others],
        rows[places],
    )
    return Masked(_with_rows(batch, new, lexicon), places, rows[places], lexicon)


def _with_rows(batch: Batch, rows: NDArray[np.int32], lexicon: Lexicon) -> Batch:
    """Documents of other words with the same spaces."""
    words = lexicon.texts_of(rows)
    spaces = np.concatenate([doc.spaces for doc in batch])
    parts = [word + " " if space else word for word, space in zip(words, spaces.tolist())]
    docs = []
    start = 0
    for doc in batch:
        end = start + len(doc)
        text = "".join(parts[start:end])
        docs.append(Doc.from_rows(doc.vocab, text, rows[start:end], doc.spaces, lexicon))
        start = end
    masked = Batch(docs)
    masked.__dict__["types"] = _types(rows)
    return masked


def _types(rows: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """As :attr:`Batch.types`, in the order in which types occur in the batch. Row numbers depend on
    what was read before, and sums of floats on their order: so a run that goes on in another
    process gives the same sums."""
    types, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return types[order], rank[inverse]
