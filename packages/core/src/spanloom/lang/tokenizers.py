"""What ``[nlp.tokenizer]`` can name: functions that return ``nlp -> tokenizer``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..tokenizer.plain import CharacterTokenizer, WhitespaceTokenizer
from ..tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:
    from ..vocab.protocols import PipelineLike

__all__ = ["character_tokenizer", "rule_tokenizer", "whitespace_tokenizer"]


def rule_tokenizer() -> Callable[[PipelineLike], Tokenizer | CharacterTokenizer]:
    """``spanloom.Tokenizer.v1``: the rules of the pipeline's language. Where that is written
    without spaces, one token for each character."""

    def make(nlp: PipelineLike) -> Tokenizer | CharacterTokenizer:
        from . import language

        defaults = language(nlp.lang)
        if not defaults.spaced:
            return CharacterTokenizer(nlp.vocab)
        return Tokenizer(nlp.vocab, defaults.tokenizer_rules)

    return make


def character_tokenizer() -> Callable[[PipelineLike], CharacterTokenizer]:
    """``spanloom.CharacterTokenizer.v1``: one token for each character."""
    return lambda nlp: CharacterTokenizer(nlp.vocab)


def whitespace_tokenizer() -> Callable[[PipelineLike], WhitespaceTokenizer]:
    """``spanloom.WhitespaceTokenizer.v1``: split at whitespace alone."""
    return lambda nlp: WhitespaceTokenizer(nlp.vocab)
