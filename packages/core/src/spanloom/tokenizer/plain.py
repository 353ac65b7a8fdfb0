"""Tokenizers without rules: at whitespace alone, or into characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..tokens import Doc
from .chunks import ChunkCache
from .pictures import characters_of
from .rules import Piece
from .tokenizer import TokenizerBase

if TYPE_CHECKING:
    from ..vocab import Vocab

__all__ = ["CharacterTokenizer", "WhitespaceTokenizer"]


class WhitespaceTokenizer(TokenizerBase):
    """Splits at whitespace and nowhere else."""

    def __init__(self, vocab: Vocab, *, max_cache_size: int = 100_000) -> None:
        self.vocab = vocab
        self.max_cache_size = max_cache_size
        self._cache: ChunkCache | None = None

    def batch(self, texts: Sequence[str]) -> list[Doc]:
        """Tokenize many texts. Raises :class:`DataError` for what isn't a string."""
        self._check(texts)
        cache = self._cache
        if cache is None or cache.lexicon is not self.vocab.lexicon:
            cache = ChunkCache(self.vocab.lexicon, _whole, self.max_cache_size)
            self._cache = cache
        tokens = cache.batch_tokens(texts) if texts else []
        return [
            Doc.from_rows(self.vocab, text, *each, cache.lexicon)
            for text, each in zip(texts, tokens, strict=True)
        ]


def _whole(chunk: str) -> list[Piece]:
    return [(chunk, None)]


class CharacterTokenizer(TokenizerBase):
    """Makes one token of each character, for scripts that put no spaces between words; an emoji of
    several characters is one.

    Whitespace is handled as in other tokenizers: one space belongs to the token before it, and
    what more there is makes one token.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def batch(self, texts: Sequence[str]) -> list[Doc]:
        """Tokenize many texts. Raises :class:`DataError` for what isn't a string."""
        self._check(texts)
        lexicon = self.vocab.lexicon
        words: list[str] = []
        flags: list[bool] = []
        ends = []
        for text in texts:
            before = len(words)
            for run in characters_of(text):
                if run[0] == " " and len(words) > before:
                    flags[-1] = True
                    run = run[1:]
                if run:
                    words.append(run)
                    flags.append(False)
            ends.append(len(words))
        rows = lexicon.rows_of(words)
        spaces = np.array(flags, dtype=np.bool_)
        return [
            Doc.from_rows(self.vocab, text, rows[start:end], spaces[start:end], lexicon)
            for text, start, end in zip(texts, [0, *ends[:-1]], ends, strict=bool(texts))
        ]
