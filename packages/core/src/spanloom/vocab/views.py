"""Attributes of light views, and what those say that lexemes and tokens have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, overload

__all__ = ["LEXICAL_DOCS", "Attribute", "attribute"]

#: The docstrings of the attributes that depend on the word type alone.
LEXICAL_DOCS = {
    "orth": "The id of the word's text.",
    "orth_": "The word's text.",
    "lower": "The id of the word in lower case.",
    "lower_": "The word in lower case.",
    "norm": "The id of the norm.",
    "norm_": "The norm: an exception of the language, else the lower case.",
    "prefix": "The id of the first character.",
    "prefix_": "The first character.",
    "suffix": "The id of the last three characters.",
    "suffix_": "The last three characters.",
    "shape": "The id of the shape.",
    "shape_": 'The shape: "Xxxxx" for "Apple", "dd" for "42".',
    "is_alpha": "Whether all characters are letters.",
    "is_ascii": "Whether all characters are ASCII.",
    "is_bracket": "Whether it's a bracket.",
    "is_currency": "Whether it's a currency sign.",
    "is_digit": "Whether all characters are digits.",
    "is_left_punct": "Whether it's an opening bracket or quote.",
    "is_lower": "Whether all letters are in lower case.",
    "is_punct": "Whether all characters are punctuation.",
    "is_quote": "Whether it's a quotation mark.",
    "is_right_punct": "Whether it's a closing bracket or quote.",
    "is_space": "Whether all characters are white space.",
    "is_stop": "Whether it's one of the language's stop words.",
    "is_title": "Whether each word in it starts with its only capital.",
    "is_upper": "Whether all letters are in upper case.",
    "like_email": "Whether it looks like an e-mail address.",
    "like_num": "Whether it's a number, in digits or (in some languages) words.",
    "like_url": "Whether it looks like a web address.",
}

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
