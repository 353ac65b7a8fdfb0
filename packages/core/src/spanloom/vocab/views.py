"""Attributes of light views, and those that lexemes and tokens have in common: their word's."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

if TYPE_CHECKING:
    from .vocab import Vocab

__all__ = ["Attribute", "InLanguage", "WordView", "alias", "attribute"]

T = TypeVar("T")


class Attribute(Generic[T]):
    """The type of a property that :func:`attribute` makes: it's read and set as a ``T``. On
    :class:`WordView`, the declaration of one."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

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


def alias(name: str, doc: str) -> Attribute[Any]:
    """Another name of an attribute."""
    return attribute(attrgetter(name), lambda view, value: setattr(view, name, value), doc)


class InLanguage:
    """What has a vocab, and so a language."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def vocab(self) -> Vocab:
            """The vocab."""

    @property
    def lang(self) -> int:
        """The id of the vocab's language."""
        return self.vocab.strings.add(self.vocab.lang)

    @property
    def lang_(self) -> str:
        """The vocab's language."""
        return self.vocab.lang


class WordView(InLanguage):
    """What lexemes and tokens say of their word type.

    Each attribute declared here is made a property of a subclass, which says how a feature of the
    word is read and set (:meth:`_accessors`).
    """

    __slots__ = ()

    orth = Attribute[int]("The id of the word's text.")
    orth_ = Attribute[str]("The word's text.")
    lower = Attribute[int]("The id of the word in lower case.")
    lower_ = Attribute[str]("The word in lower case.")
    norm = Attribute[int]("The id of the norm.")
    norm_ = Attribute[str]("The norm: an exception of the language, else the lower case.")
    prefix = Attribute[int]("The id of the first character.")
    prefix_ = Attribute[str]("The first character.")
    suffix = Attribute[int]("The id of the last three characters.")
    suffix_ = Attribute[str]("The last three characters.")
    shape = Attribute[int]("The id of the shape.")
    shape_ = Attribute[str]('The shape: "Xxxxx" for "Apple", "dd" for "42".')
    is_alpha = Attribute[bool]("Whether all characters are letters.")
    is_ascii = Attribute[bool]("Whether all characters are ASCII.")
    is_bracket = Attribute[bool]("Whether it's a bracket.")
    is_currency = Attribute[bool]("Whether it's a currency sign.")
    is_digit = Attribute[bool]("Whether all characters are digits.")
    is_left_punct = Attribute[bool]("Whether it's an opening bracket or quote.")
    is_lower = Attribute[bool]("Whether all letters are in lower case.")
    is_punct = Attribute[bool]("Whether all characters are punctuation.")
    is_quote = Attribute[bool]("Whether it's a quotation mark.")
    is_right_punct = Attribute[bool]("Whether it's a closing bracket or quote.")
    is_space = Attribute[bool]("Whether all characters are white space.")
    is_stop = Attribute[bool]("Whether it's one of the language's stop words.")
    is_title = Attribute[bool]("Whether each word in it starts with its only capital.")
    is_upper = Attribute[bool]("Whether all letters are in upper case.")
    like_email = Attribute[bool]("Whether it looks like an e-mail address.")
    like_num = Attribute[bool]("Whether it's a number, in digits or (in some languages) words.")
    like_url = Attribute[bool]("Whether it looks like a web address.")

    def __init_subclass__(cls) -> None:
        if WordView not in cls.__bases__:
            return
        for name, declared in vars(WordView).items():
            if isinstance(declared, Attribute):
                read, write = cls._accessors(name.rstrip("_").upper(), name.endswith("_"))
                setattr(cls, name, property(read, write, doc=declared.__doc__))

    @staticmethod
    def _accessors(
        feature: str, string: bool
    ) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
        """What reads a feature of the word, the string of it or its number, and what sets it."""
        raise NotImplementedError
