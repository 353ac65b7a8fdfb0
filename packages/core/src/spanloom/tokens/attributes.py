"""What makes the attributes of tokens: of their annotation columns, and of their words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..vocab.columns import check_strings
from ..vocab.views import LEXICAL_DOCS, Attribute, attribute

if TYPE_CHECKING:
    from .protocols import OneToken

__all__ = ["column_number", "column_string", "word_flag", "word_number", "word_string"]


def column_number(name: str, doc: str) -> Attribute[int]:
    """A column of string ids as an attribute: the id."""

    def read(token: OneToken) -> int:
        columns = token.doc._columns
        column = None if columns is None else columns.get(name)
        return 0 if column is None else cast(int, column.item(token.i))

    def write(token: OneToken, value: int) -> None:
        if name == "POS":
            check_strings(name, (token.doc.lexicon.strings[value],), f"token {token.i}")
        token.doc.set_value(name, token.i, value)

    return attribute(read, write, doc)


def column_string(name: str, doc: str) -> Attribute[str]:
    """A column of string ids as an attribute: the string."""

    def read(token: OneToken) -> str:
        columns = token.doc._columns
        column = None if columns is None else columns.get(name)
        return "" if column is None else token.doc.lexicon.strings[column.item(token.i)]

    def write(token: OneToken, value: str) -> None:
        check_strings(name, (value,), f"token {token.i}")
        doc = token.doc
        doc.set_value(name, token.i, doc.strings_of(name).add(value))

    return attribute(read, write, doc)


def _of_word(name: str) -> Callable[[OneToken, Any], None]:
    """What setting a feature of the word does to a token."""

    def write(token: OneToken, value: Any) -> None:  # noqa: ARG001
        raise AttributeError(
            f"{name} belongs to the word, not to one token: set it on the lexeme, vocab['word']"
        )

    return write


def _set_norm(token: OneToken, value: str | int) -> None:
    """The norm alone can be one token's own: it gets a row of the lexicon with that norm."""
    doc = token.doc
    norm = value if isinstance(value, str) else doc.lexicon.strings[value]
    doc.rows[token.i] = doc.lexicon.row(doc.lexicon.texts[doc.rows[token.i]], norm)


def word_number(name: str) -> Attribute[int]:
    """A string feature of the word as an attribute: the id."""

    def read(token: OneToken) -> int:
        doc = token.doc
        return doc.lexicon.value(name, doc.rows.item(token.i))

    return attribute(
        read, _set_norm if name == "NORM" else _of_word(name), LEXICAL_DOCS[name.lower()]
    )


def word_string(name: str) -> Attribute[str]:
    """A string feature of the word as an attribute: the string."""

    def read(token: OneToken) -> str:
        doc = token.doc
        return doc.lexicon.strings[doc.lexicon.value(name, doc.rows.item(token.i))]

    write = _set_norm if name == "NORM" else _of_word(name)
    return attribute(read, write, LEXICAL_DOCS[name.lower() + "_"])


def word_flag(name: str) -> Attribute[bool]:
    """A flag of the word as an attribute."""

    def read(token: OneToken) -> bool:
        doc = token.doc
        return cast(bool, doc.lexicon.value(name, doc.rows.item(token.i)))

    return attribute(read, _of_word(name), LEXICAL_DOCS[name.lower()])
