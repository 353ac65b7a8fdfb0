"""Tokenizers of transformers, as they are used here: raw texts in, flat arrays of pieces out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import ConfigError, ConfigProblem

from .offsets import find_offsets

__all__ = ["Encoded", "PieceTokenizer"]

Ints = NDArray[np.int64]

#: A text whose pieces any tokenizer can tell from its special ones.
_PROBE = "a b"


@dataclass(frozen=True, slots=True)
class Encoded:
    """The pieces of several texts, flat; special pieces aren't among them.

    ``ids``, ``starts`` and ``ends`` (character offsets in the piece's text) have shape ``(n,)``,
    ``lengths`` has the number of pieces of each text.
    """

    ids: Ints
    starts: Ints
    ends: Ints
    lengths: Ints


class PieceTokenizer:
    """A tokenizer of transformers, fast or slow.

    ``prefix`` and ``suffix`` are the ids of the special pieces around a sequence.
    ``space_matters`` tells that a word with a space before it gives other pieces than at the start
    of a text (byte-level BPE): then a span is encoded together with the space before it.
    """

    def __init__(self, tokenizer: Any) -> None:
        """Takes over ``tokenizer``: truncation and padding that it came with are switched off."""
        self.tokenizer = tokenizer
        self._backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        if self._backend is not None:
            # Once and here: encoding doesn't change the object, so that threads can share it.
            self._backend.no_truncation()
            self._backend.no_padding()
        self.prefix, self.suffix = self._specials()
        first, second, spaced, both = (
            self.encode([t]).ids.tolist() for t in ("a", "b", " b", "a b")
        )
        self.space_matters = both == first + spaced and both != first + second

    @classmethod
    def load(cls, name: str | Path, **options: Any) -> PieceTokenizer:
        """The tokenizer of a folder, or of a model on the hub; ``options`` go to transformers."""
        from transformers import AutoTokenizer

        return cls(AutoTokenizer.from_pretrained(str(name), **options))

    @property
    def is_fast(self) -> bool:
        """Whether it's one of the library `tokenizers`, which knows offsets itself."""
        return self._backend is not None

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.tokenizer.save_pretrained(str(folder))

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The pieces of each text, without special ones, however long it is."""
        if self._backend is not None:
            return self._encode_fast(texts)
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        lengths = []
        for text in texts:
            pieces = self.tokenizer.tokenize(text)
            ids += self.tokenizer.convert_tokens_to_ids(pieces)
            unknown = self.tokenizer.unk_token
            offsets += find_offsets(text, [None if p == unknown else p for p in pieces])
            lengths.append(len(pieces))
        return _encoded(ids, offsets, lengths)

    def _encode_fast(self, texts: Sequence[str]) -> Encoded:
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        lengths = []
        for encoding in self._backend.encode_batch(list(texts), add_special_tokens=False):
            piece_ids = encoding.ids
            ids += piece_ids
            offsets += encoding.offsets
            lengths.append(len(piece_ids))
        return _encoded(ids, offsets, lengths)

    def strings(self, ids: Ints) -> list[str]:
        """The piece that each id stands for."""
        kinds, inverse = np.unique(ids, return_inverse=True)
        pieces = self.tokenizer.convert_ids_to_tokens(kinds.tolist()) if len(kinds) else []
        return [pieces[i] for i in inverse.tolist()]

    def _specials(self) -> tuple[Ints, Ints]:
        bare = self._probe(special=False)
        whole = self._probe(special=True)
        for start in range(len(whole) - len(bare) + 1):
            if whole[start : start + len(bare)] == bare:
                return _ints(whole[:start]), _ints(whole[start + len(bare) :])
        problem = ConfigProblem(
            "model.tokenizer_config",
            f"the special pieces of {type(self.tokenizer).__name__} don't stand around a text",
            "use a tokenizer that puts them at its ends",
        )
        raise ConfigError([problem], source="transformer")

    def _probe(self, special: bool) -> list[int]:
        if self._backend is not None:
            return list(self._backend.encode(_PROBE, add_special_tokens=special).ids)
        return list(self.tokenizer(_PROBE, add_special_tokens=special)["input_ids"])


def _ints(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _encoded(ids: list[int], offsets: list[tuple[int, int]], lengths: list[int]) -> Encoded:
    pairs = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    return Encoded(
        _ints(ids),
        np.ascontiguousarray(pairs[:, 0]),
        np.ascontiguousarray(pairs[:, 1]),
        _ints(lengths),
    )
