"""Features of a word type as attributes, for the views that stand for one: lexemes and tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from .lexicon import Lexicon

__all__ = ["STRING_FEATURES", "Attribute", "LexicalView", "attribute"]

#: Features that are strings: their columns hold uint64 string ids.
STRING_FEATURES = ("ORTH", "LOWER", "NORM", "PREFIX", "SUFFIX", "SHAPE")

T = TypeVar("T")


class Attribute(Generic[T]):
    """The type of a property that :func:`attribute` makes: it's read and set as a ``T``."""

    @overload
    def __get__(self, view: None, owner: Any = None) -> Attribute[T]: ...
    @overload
    def __get__(self, view: object, owner: Any = None) -> T: ...
    def __get__(self, view: object, owner: Any = None) -> Any:
        raise NotImplementedError

    def __set__(self, view: Any, value: T) -> None:
        raise NotImplementedError


def attribute(read: Callable[[Any], T], write: Callable[[Any, T], None], doc: str) -> Attribute[T]:
    """A property with a type. Python runs a property faster than a descriptor of our own."""
    return cast("Attribute[T]", property(read, write, doc=doc))


def _number(name: str, doc: str) -> Attribute[int]:
    def read(view: LexicalView) -> int:
        lexicon, row = view._place()
        return lexicon.value(name, row)

    return attribute(read, lambda view, value: view._set(name, value), doc)


def _string(name: str, doc: str) -> Attribute[str]:
    def read(view: LexicalView) -> str:
        lexicon, row = view._place()
        return lexicon.strings[lexicon.value(name, row)]

    return attribute(read, lambda view, value: view._set(name, value), doc)


def _flag(name: str, doc: str) -> Attribute[bool]:
    def read(view: LexicalView) -> bool:
        lexicon, row = view._place()
        return cast(bool, lexicon.value(name, row))

    return attribute(read, lambda view, value: view._set(name, value), doc)


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

    orth = _number("ORTH", "The id of the word's text.")
    orth_ = _string("ORTH", "The word's text.")
    lower = _number("LOWER", "The id of the word in lower case.")
    lower_ = _string("LOWER", "The word in lower case.")
    norm = _number("NORM", "The id of the norm.")
    norm_ = _string("NORM", "The norm: an exception of the language, else the lower case.")
    prefix = _number("PREFIX", "The id of the first character.")
    prefix_ = _string("PREFIX", "The first character.")
    suffix = _number("SUFFIX", "The id of the last three characters.")
    suffix_ = _string("SUFFIX", "The last three characters.")
    shape = _number("SHAPE", "The id of the shape.")
    shape_ = _string("SHAPE", 'The shape: "Xxxxx" for "Apple", "dd" for "42".')
    is_alpha = _flag("IS_ALPHA", "Whether all characters are letters.")
    is_ascii = _flag("IS_ASCII", "Whether all characters are ASCII.")
    is_bracket = _flag("IS_BRACKET", "Whether it's a bracket.")
    is_currency = _flag("IS_CURRENCY", "Whether it's a currency sign.")
    is_digit = _flag("IS_DIGIT", "Whether all characters are digits.")
    is_left_punct = _flag("IS_LEFT_PUNCT", "Whether it's an opening bracket or quote.")
    is_lower = _flag("IS_LOWER", "Whether all letters are in lower case.")
    is_punct = _flag("IS_PUNCT", "Whether all characters are punctuation.")
    is_quote = _flag("IS_QUOTE", "Whether it's a quotation mark.")
    is_right_punct = _flag("IS_RIGHT_PUNCT", "Whether it's a closing bracket or quote.")
    is_space = _flag("IS_SPACE", "Whether all characters are white space.")
    is_stop = _flag("IS_STOP", "Whether it's one of the language's stop words.")
    is_title = _flag("IS_TITLE", "Whether each word in it starts with its only capital.")
    is_upper = _flag("IS_UPPER", "Whether all letters are in upper case.")
    like_email = _flag("LIKE_EMAIL", "Whether it looks like an e-mail address.")
    like_num = _flag("LIKE_NUM", "Whether it's a number, in digits or (in some languages) words.")
    like_url = _flag("LIKE_URL", "Whether it looks like a web address.")
