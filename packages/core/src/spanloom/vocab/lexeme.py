"""Lexemes, as light views on a row of the lexicon."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from .absent import absent
from .attrs import attr_name
from .lexicon import STRING_FEATURES, Lexicon
from .vectors import HasVector, cosine
from .views import LEXICAL_DOCS, Attribute, attribute

if TYPE_CHECKING:
    from .vocab import Vocab

__all__ = ["Lexeme"]


def _number(name: str) -> Attribute[int]:
    def read(lexeme: Lexeme) -> int:
        return lexeme.lexicon.value(name, lexeme.row)

    return attribute(read, _setter(name), LEXICAL_DOCS[name.lower()])


def _string(name: str) -> Attribute[str]:
    def read(lexeme: Lexeme) -> str:
        return lexeme.lexicon.strings[lexeme.lexicon.value(name, lexeme.row)]

    return attribute(read, _setter(name), LEXICAL_DOCS[name.lower() + "_"])


def _flag(name: str) -> Attribute[bool]:
    def read(lexeme: Lexeme) -> bool:
        return cast(bool, lexeme.lexicon.value(name, lexeme.row))

    return attribute(read, _setter(name), LEXICAL_DOCS[name.lower()])


def _setter(name: str) -> Callable[[Lexeme, str | int | bool], None]:
    return lambda lexeme, value: lexeme._set(name, value)


@absent("Lexeme")
class Lexeme:
    """A word type, as a light view on its row. Its features can be set, for all of the text."""

    __slots__ = ("lexicon", "row", "vocab")

    def __init__(self, vocab: Vocab, lexicon: Lexicon, row: int) -> None:
        self.vocab = vocab
        self.lexicon = lexicon
        self.row = row

    orth = _number("ORTH")
    orth_ = _string("ORTH")
    lower = _number("LOWER")
    lower_ = _string("LOWER")
    norm = _number("NORM")
    norm_ = _string("NORM")
    prefix = _number("PREFIX")
    prefix_ = _string("PREFIX")
    suffix = _number("SUFFIX")
    suffix_ = _string("SUFFIX")
    shape = _number("SHAPE")
    shape_ = _string("SHAPE")
    is_alpha = _flag("IS_ALPHA")
    is_ascii = _flag("IS_ASCII")
    is_bracket = _flag("IS_BRACKET")
    is_currency = _flag("IS_CURRENCY")
    is_digit = _flag("IS_DIGIT")
    is_left_punct = _flag("IS_LEFT_PUNCT")
    is_lower = _flag("IS_LOWER")
    is_punct = _flag("IS_PUNCT")
    is_quote = _flag("IS_QUOTE")
    is_right_punct = _flag("IS_RIGHT_PUNCT")
    is_space = _flag("IS_SPACE")
    is_stop = _flag("IS_STOP")
    is_title = _flag("IS_TITLE")
    is_upper = _flag("IS_UPPER")
    like_email = _flag("LIKE_EMAIL")
    like_num = _flag("LIKE_NUM")
    like_url = _flag("LIKE_URL")

    def __repr__(self) -> str:
        return f"Lexeme({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lexeme) and (self.text, self.norm) == (other.text, other.norm)

    def __hash__(self) -> int:
        return hash(self.text)

    def _set(self, name: str, value: str | int | bool) -> None:
        if name in STRING_FEATURES:
            self.lexicon.set_value(name, self.text, self.lexicon.strings.as_string(value))
        else:
            self.lexicon.set_value(name, self.text, bool(value))

    @property
    def text(self) -> str:
        """The word."""
        return self.lexicon.texts[self.row]

    @property
    def lang(self) -> int:
        """The id of the vocab's language."""
        return self.vocab.strings.add(self.vocab.lang)

    @property
    def lang_(self) -> str:
        """The vocab's language."""
        return self.vocab.lang

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
