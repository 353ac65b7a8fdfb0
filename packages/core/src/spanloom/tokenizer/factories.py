"""What ``[nlp.tokenizer]`` can name: functions that return ``nlp -> tokenizer``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import ConfigError, ConfigProblem
from .plain import CharacterTokenizer, WhitespaceTokenizer
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from ..pipeline import Pipeline

__all__ = ["character_tokenizer", "chinese_tokenizer", "rule_tokenizer", "whitespace_tokenizer"]


def rule_tokenizer() -> Callable[[Pipeline], Tokenizer | CharacterTokenizer]:
    """``spanloom.Tokenizer.v1``: the rules of the pipeline's language. Where that is written
    without spaces, one token for each character."""

    def make(nlp: Pipeline) -> Tokenizer | CharacterTokenizer:
        from ..lang import language

        defaults = language(nlp.lang)
        if not defaults.spaced:
            return CharacterTokenizer(nlp.vocab)
        return Tokenizer(nlp.vocab, defaults.tokenizer_rules())

    return make


def character_tokenizer() -> Callable[[Pipeline], CharacterTokenizer]:
    """``spanloom.CharacterTokenizer.v1``: one token for each character."""
    return lambda nlp: CharacterTokenizer(nlp.vocab)


def whitespace_tokenizer() -> Callable[[Pipeline], WhitespaceTokenizer]:
    """``spanloom.WhitespaceTokenizer.v1``: split at whitespace alone."""
    return lambda nlp: WhitespaceTokenizer(nlp.vocab)


def chinese_tokenizer(segmenter: str = "char") -> Callable[[Pipeline], CharacterTokenizer]:
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
