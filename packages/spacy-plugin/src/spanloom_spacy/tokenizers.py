"""Tokenizers that configs of spaCy's name."""

from __future__ import annotations

from collections.abc import Callable

from spanloom.errors import ConfigError, ConfigProblem
from spanloom.lang.tokenizers import character_tokenizer
from spanloom.tokenizer import CharacterTokenizer
from spanloom.vocab.protocols import PipelineLike

__all__ = ["chinese_tokenizer"]


def chinese_tokenizer(segmenter: str = "char") -> Callable[[PipelineLike], CharacterTokenizer]:
    """``spacy.zh.ChineseTokenizer`` with the segmenter "char", which is one token for each
    character. Raises :class:`ConfigError` for another segmenter: none is part of Spanloom."""
    if segmenter != "char":
        problem = ConfigProblem(
            "nlp.tokenizer.segmenter",
            f"there is no segmenter '{segmenter}'",
            "set 'char', or register a tokenizer of your own that calls a segmenter",
        )
        raise ConfigError([problem])
    return character_tokenizer()
