"""Features of a word type as attributes, for the views that stand for one: lexemes and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from .lexicon import Lexicon

__all__ = ["STRING_FEATURES", "LexicalView"]

#: Features that are strings: their columns hold uint64 string ids.
STRING_FEATURES = ("ORTH", "LOWER", "NORM", "PREFIX", "SUFFIX", "SHAPE")

T = TypeVar("T", int, str, bool)


class _Feature(Generic[T]):
    """A feature, read from its column of the lexicon."""

    def __init__(self, name: str, doc: str) -> None:
        self.name = name
        self.__doc__ = doc

    @overload
    def __get__(self, view: None, owner: Any = None) -> _Feature[T]: ...
    @overload
    def __get__(self, view: LexicalView, owner: Any = None) -> T: ...
    def __get__(self, view: LexicalView | None, owner: Any = None) -> T | _Feature[T]:
        if view is None:
            return self
        lexicon, row = view._place()
        return self.read(lexicon, row)

    def __set__(self, view: LexicalView, value: T) -> None:
        view._set(self.name, value)

    def read(self, lexicon: Lexicon, row: int) -> T:
        raise NotImplementedError


class _Number(_Feature[int]):
    def read(self, lexicon: Lexicon, row: int) -> int:
        return int(lexicon.column(self.name)[row])


class _String(_Feature[str]):
    def read(self, lexicon: Lexicon, row: int) -> str:
        return lexicon.strings[int(lexicon.column(self.name)[row])]


class _Flag(_Feature[bool]):
    def read(self, lexicon: Lexicon, row: int) -> bool:
        return bool(lexicon.column(self.name)[row])


class LexicalView:
    """Attributes that depend on the word type alone.

    Names that end in ``_`` are strings, the same without it their ids.
    """

    __slots__ = ()

    def _place(self) -> tuple[Lexicon, int]:
        """The lexicon and the row that the view stands for."""
        raise NotImplementedError

    def _set(self, name: str, value: str | int | bool) -> None:
        raise AttributeError(
            f"{name} belongs to the word, not to one token: set it on the lexeme, vocab['word']"
        )

    orth = _Number("ORTH", "The id of the word's text.")
    orth_ = _String("ORTH", "The word's text.")
    lower = _Number("LOWER", "The id of the word in lower case.")
    lower_ = _String("LOWER", "The word in lower case.")
    norm = _Number("NORM", "The id of the norm.")
    norm_ = _String("NORM", "The norm: an exception of the language, else the lower case.")
    prefix = _Number("PREFIX", "The id of the first character.")
    prefix_ = _String("PREFIX", "The first character.")
    suffix = _Number("SUFFIX", "The id of the last three characters.")
    suffix_ = _String("SUFFIX", "The last three characters.")
    shape = _Number("SHAPE", "The id of the shape.")
    shape_ = _String("SHAPE", 'The shape: "Xxxxx" for "Apple", "dd" for "42".')
    is_alpha = _Flag("IS_ALPHA", "Whether all characters are letters.")
    is_ascii = _Flag("IS_ASCII", "Whether all characters are ASCII.")
    is_bracket = _Flag("IS_BRACKET", "Whether it's a bracket.")
    is_currency = _Flag("IS_CURRENCY", "Whether it's a currency sign.")
    is_digit = _Flag("IS_DIGIT", "Whether all characters are digits.")
    is_left_punct = _Flag("IS_LEFT_PUNCT", "Whether it's an opening bracket or quote.")
    is_lower = _Flag("IS_LOWER", "Whether all letters are in lower case.")
    is_punct = _Flag("IS_PUNCT", "Whether all characters are punctuation.")
    is_quote = _Flag("IS_QUOTE", "Whether it's a quotation mark.")
    is_right_punct = _Flag("IS_RIGHT_PUNCT", "Whether it's a closing bracket or quote.")
    is_space = _Flag("IS_SPACE", "Whether all characters are white space.")
    is_stop = _Flag("IS_STOP", "Whether it's one of the language's stop words.")
    is_title = _Flag("IS_TITLE", "Whether each word in it starts with its only capital.")
    is_upper = _Flag("IS_UPPER", "Whether all letters are in upper case.")
    like_email = _Flag("LIKE_EMAIL", "Whether it looks like an e-mail address.")
    like_num = _Flag("LIKE_NUM", "Whether it's a number, in digits or (in some languages) words.")
    like_url = _Flag("LIKE_URL", "Whether it looks like a web address.")
