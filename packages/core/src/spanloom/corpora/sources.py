"""Texts that readers of data tokenize themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..tokens import Doc
    from ..vocab import Vocab

__all__ = ["default_tokenizer", "tokenized"]


def default_tokenizer(vocab: Vocab) -> Callable[[str], Doc]:
    """The tokenizer of the vocab's language."""
    from ..pipeline.build import blank

    tokenizer: Callable[[str], Doc] = blank(vocab.lang or "xx", vocab=vocab).tokenizer
    return tokenizer


def tokenized(texts: Sequence[str], tokenizer: Any) -> Iterable[Doc]:
    """The documents of texts, in bulk where the tokenizer can."""
    docs: Iterable[Doc] = (
        tokenizer.batch(texts) if hasattr(tokenizer, "batch") else map(tokenizer, texts)
    )
    return docs
