"""Tokenizers of transformers, fast or slow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spanloom_onnx.pieces import PROBE, Encoded, FastTokenizer, Specials, encoded

from .offsets import find_offsets

__all__ = ["PieceTokenizer"]


class PieceTokenizer(FastTokenizer):
    """A tokenizer of transformers. One that isn't of the library `tokenizers` tells no offsets:
    they are found by the letters of its pieces."""

    def __init__(self, tokenizer: Any, *, text_is_text: bool = True) -> None:
        """Takes over ``tokenizer``; see :class:`FastTokenizer`."""
        self.tokenizer = tokenizer
        specials = Specials(
            tuple(tokenizer.all_special_ids),
            tokenizer.pad_token_id,
            tokenizer.unk_token,
            tokenizer.unk_token_id,
        )
        backend = getattr(tokenizer, "backend_tokenizer", None)
        super().__init__(backend, specials, text_is_text=text_is_text)

    @classmethod
    def load(cls, name: str | Path, **options: Any) -> PieceTokenizer:
        """The tokenizer of a folder, or of a model on the hub; ``options`` go to transformers."""
        from transformers import AutoTokenizer

        split = bool(options.pop("split_special_tokens", True))
        made = AutoTokenizer.from_pretrained(str(name), split_special_tokens=split, **options)
        return cls(made, text_is_text=split)

    @property
    def is_fast(self) -> bool:
        """Whether it's one of the library `tokenizers`, which knows offsets itself."""
        return self.backend is not None

    @property
    def kind(self) -> str:
        """What messages call it."""
        return type(self.tokenizer).__name__

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        self.tokenizer.save_pretrained(str(folder))

    def _encode(self, texts: Sequence[str]) -> Encoded:
        if self.is_fast:
            return super()._encode(texts)
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        lengths = []
        for text in texts:
            pieces = self.tokenizer.tokenize(text, split_special_tokens=self.text_is_text)
            ids += self.tokenizer.convert_tokens_to_ids(pieces)
            unknown = self.tokenizer.unk_token
            offsets += find_offsets(text, [None if p == unknown else p for p in pieces])
            lengths.append(len(pieces))
        return encoded(ids, offsets, lengths)

    def _names(self, ids: list[int]) -> list[str]:
        return list(self.tokenizer.convert_ids_to_tokens(ids)) if ids else []

    def _probe(self, special: bool) -> list[int]:
        if self.is_fast:
            return super()._probe(special)
        return list(self.tokenizer(PROBE, add_special_tokens=special)["input_ids"])
