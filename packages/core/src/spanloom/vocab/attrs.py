"""Names and numbers of token attributes, as arrays of annotation and rules refer to them."""

from __future__ import annotations

from functools import cache

from ..errors import DataError
from .columns import COLUMNS
from .lexicon import FLAGS, STRING_FEATURES
from .strings import symbol_ids

__all__ = ["ATTRS", "ID_ATTRS", "LEXICAL_ATTRS", "attr_id", "attr_name"]

#: Attributes that depend on the word alone.
LEXICAL_ATTRS = frozenset([*STRING_FEATURES, *FLAGS, "LENGTH"])

#: Attributes whose values are string ids.
ID_ATTRS = frozenset(
    [*STRING_FEATURES, "LANG", *(name for name, dtype in COLUMNS.items() if dtype().itemsize == 8)]
)

#: Every attribute of a token. SPACY is whether a space follows, IDX the character offset.
ATTRS = frozenset([*LEXICAL_ATTRS, *COLUMNS, "SPACY", "IDX", "LANG"])

_ALIASES = {"TEXT": "ORTH", "IS_SENT_START": "SENT_START"}


@cache
def attr_name(attr: str | int) -> str:
    """The name of an attribute that is given by name (in any case) or number.

    Raises :class:`DataError` for one that tokens don't have.
    """
    if isinstance(attr, str):
        name = _ALIASES.get(attr.upper(), attr.upper())
    else:
        name = next((name for name, number in symbol_ids().items() if number == attr), str(attr))
    if name not in ATTRS:
        raise DataError(f"Tokens have no attribute {attr!r}. There are: {', '.join(sorted(ATTRS))}")
    return name


def attr_id(attr: str | int) -> int:
    """The number of an attribute, see :func:`attr_name`."""
    return symbol_ids()[attr_name(attr)]
