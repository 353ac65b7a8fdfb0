"""Tokenizers: from a text to a document of tokens.

`Tokenizer` splits by rules, `CharacterTokenizer` into characters, `WhitespaceTokenizer` at
whitespace alone. None of them loses a character: the text comes back from its tokens.
"""

from __future__ import annotations

from .plain import CharacterTokenizer, WhitespaceTokenizer
from .rules import (
    TokenizerRules,
    base_infixes,
    base_prefixes,
    base_suffixes,
    compile_infixes,
    compile_prefixes,
    compile_suffixes,
)
from .tokenizer import Tokenizer

__all__ = [
    "CharacterTokenizer",
    "Tokenizer",
    "TokenizerRules",
    "WhitespaceTokenizer",
    "base_infixes",
    "base_prefixes",
    "base_suffixes",
    "compile_infixes",
    "compile_prefixes",
    "compile_suffixes",
]
