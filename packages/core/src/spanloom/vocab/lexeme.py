"""Lexemes, as light views on a row of the lexicon."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .absent import absent
from .attrs import attr_name
from .lexicon import STRING_FEATURES, Lexicon
from .vectors import HasVector, cosine
from .views import WordView

if TYPE_CHECKING:
    from .vocab import Vocab

__all__ = ["Lexeme"]


@absent("Lexeme")
class Lexeme(WordView):
    """A word type, as a light view on its row. Its features can be set, for all of the text."""

    __slots__ = ("lexicon", "row", "vocab")

    vocab: Vocab

    def __init__(self, vocab: Vocab, lexicon: Lexicon, row: int) -> None:
        self.vocab = vocab
        self.lexicon = lexicon
        self.row = row

    @staticmethod
    def _accessors(
        feature: str, string: bool
    ) -> tuple[Callable[[Lexeme], Any], Callable[[Lexeme, str | int | bool], None]]:
        def number(lexeme: Lexeme) -> int:
            return lexeme.lexicon.value(feature, lexeme.row)

        def text(lexeme: Lexeme) -> str:
            return lexeme.lexicon.strings[lexeme.lexicon.value(feature, lexeme.row)]

        def write(lexeme: Lexeme, value: str | int | bool) -> None:
            strings = lexeme.lexicon.strings
            known = strings.as_string(value) if feature in STRING_FEATURES else bool(value)
            lexeme.lexicon.set_value(feature, lexeme.text, known)

        return text if string else number, write

    def __repr__(self) -> str:
        return f"Lexeme({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lexeme) and (self.text, self.norm) == (other.text, other.norm)

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def text(self) -> str:
        """The word."""
        return self.lexicon.texts[self.row]

    @property
    def is_oov(self) -> bool:
        """Whether the vocab's vectors have no row for the word."""
        return not self.has_vector

    @property
    def has_vector(self) -> bool:
        """Whether the vocab's vectors have a row for the word."""
        return self.vocab.has_vector(self.text)

    @property
    def vector(self) -> NDArray[np.float32]:
        """The word's vector, shape ``(width,)``: zeros when there is none."""
        return self.vocab.get_vector(self.text)

    @property
    def vector_norm(self) -> float:
        """The L2 norm of the vector."""
        return float(np.linalg.norm(self.vector))

    def check_flag(self, flag_id: str | int) -> bool:
        """Whether a flag, by name (``"IS_ALPHA"``) or number, is true."""
        return bool(self.lexicon.value(attr_name(flag_id), self.row))

    def similarity(self, other: HasVector) -> float:
        """The cosine of the vectors of this word and of a word, token, span or document."""
        return cosine(self, other)
