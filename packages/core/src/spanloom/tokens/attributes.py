"""What makes the attributes of tokens, of their annotation columns and words, and of spans."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

from ..vocab.columns import check_strings
from ..vocab.views import Attribute, attribute

if TYPE_CHECKING:
    from .forward import Doc, Span, Token

__all__ = ["column_number", "column_string", "id_string", "string_id", "word_accessors"]


def column_number(name: str, doc: str) -> Attribute[int]:
    """A column of string ids as an attribute: the id."""

    def read(token: Token) -> int:
        columns = token.doc._columns
        column = None if columns is None else columns.get(name)
        return 0 if column is None else cast(int, column.item(token.i))

    def write(token: Token, value: int) -> None:
        if name == "POS":
            check_strings(name, (token.doc.lexicon.strings[value],), f"token {token.i}")
        token.doc.set_value(name, token.i, value)

    return attribute(read, write, doc)


def column_string(name: str, doc: str) -> Attribute[str]:
    """A column of string ids as an attribute: the string."""

    def read(token: Token) -> str:
        columns = token.doc._columns
        column = None if columns is None else columns.get(name)
        return "" if column is None else token.doc.lexicon.strings[column.item(token.i)]

    def write(token: Token, value: str) -> None:
        check_strings(name, (value,), f"token {token.i}")
        doc = token.doc
        doc.set_value(name, token.i, doc.strings_of(name).add(value))

    return attribute(read, write, doc)


def string_id(doc: Doc, column: str, value: str | int) -> int:
    """The id of a string in a column; an id is its own."""
    return doc.strings_of(column).add(value) if isinstance(value, str) else int(value)


def id_string(name: str, column: str, doc: str) -> Attribute[str]:
    """The string of an id that a span has as the attribute ``name``."""
    number: Callable[[Span], int] = attrgetter(name)

    def read(span: Span) -> str:
        return span.doc.lexicon.strings[number(span)]

    def write(span: Span, value: str) -> None:
        setattr(span, name, string_id(span.doc, column, value))

    return attribute(read, write, doc)


def word_accessors(
    feature: str, string: bool
) -> tuple[Callable[[Token], Any], Callable[[Token, Any], None]]:
    """What reads a feature of a token's word, the string of it or its number, and what sets it."""

    def number(token: Token) -> int:
        doc = token.doc
        return doc.lexicon.value(feature, doc.rows.item(token.i))

    def text(token: Token) -> str:
        doc = token.doc
        return doc.lexicon.strings[doc.lexicon.value(feature, doc.rows.item(token.i))]

    def refuse(token: Token, value: Any) -> None:  # noqa: ARG001
        raise AttributeError(
            f"{feature} belongs to the word, not to one token: set it on the lexeme, vocab['word']"
        )

    return text if string else number, _set_norm if feature == "NORM" else refuse


def _set_norm(token: Token, value: str | int) -> None:
    """The norm alone can be one token's own: it gets a row of the lexicon with that norm."""
    doc = token.doc
    norm = value if isinstance(value, str) else doc.lexicon.strings[value]
    doc.rows[token.i] = doc.lexicon.row(doc.lexicon.texts[doc.rows[token.i]], norm)
