"""Norms of words as spaCy's pipelines have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spanloom.vocab.features import LexicalRules
from spanloom.vocab.strings import hash_string

__all__ = ["TableNorms"]


@dataclass(frozen=True)
class TableNorms(LexicalRules):
    """Lexical rules as spaCy's pipelines have them: norms by the id of the word, then those of
    signs, then lower case."""

    table: Mapping[int, str] = field(default_factory=dict)

    def norm(self, text: str) -> str:
        """The norm of a word."""
        found = self.table.get(hash_string(text)) if self.table else None
        if found is None:
            found = self.norm_exceptions.get(text)
        return text.lower() if found is None else found
