"""From the dict of a token to conditions and how often it may come."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from spanloom.errors import DataError
from spanloom.vocab.attrs import ID_ATTRS, attr_name
from spanloom.vocab.strings import StringStore, hash_string

from .conditions import COMPARISONS, CUSTOM, SETS, Condition

__all__ = ["OPERATORS", "attribute", "conditions", "repeats"]

#: Least and most tokens that a sign stands for, ``None`` for any number; "!" is one token that the
#: conditions don't hold of.
OPERATORS: dict[str, tuple[int, int | None]] = {
    "1": (1, 1),
    "!": (1, 1),
    "?": (0, 1),
    "*": (0, None),
    "+": (1, None),
}
_RANGE = re.compile(r"\{(?:(\d+)|(\d*),(\d*))\}", re.ASCII)
_IOB = ("", "I", "O", "B")
#: Attributes of spaCy's that aren't known before a pipeline is.
_BY_HAND = re.compile(r"is_oov(_deprecated)?|flag\d+", re.ASCII | re.IGNORECASE)
_FUZZY = re.compile(r"FUZZY([1-9]?)")


def repeats(op: Any) -> tuple[int, int | None]:
    """Least and most tokens for the operator ``op``. Raises :class:`DataError` for another one."""
    if op in OPERATORS:
        return OPERATORS[op]
    found = _RANGE.fullmatch(op) if isinstance(op, str) else None
    if found is not None:
        exactly, low, high = found.groups()
        if exactly:
            return int(exactly), int(exactly)
        least, most = int(low or 0), int(high) if high else None
        if (low or high) and (most is None or least <= most):
            return least, most
    raise DataError(
        f"unknown operator {op!r}: there are {', '.join(OPERATORS)}, {{n}}, {{n,m}}, {{n,}} and "
        f"{{,m}}, where n and m are numbers and n isn't above m"
    )


def attribute(key: str | int) -> str:
    """The name of an attribute. Raises :class:`DataError` for one that tokens don't have."""
    if isinstance(key, str) and _BY_HAND.fullmatch(key):
        raise DataError(
            f"patterns can't ask for {key!r} (spaCy's matcher refuses it, too): declare an "
            f"attribute of your own, such as Token.set_extension('oov', "
            f"getter=lambda token: token.is_oov), and ask for it under '_'"
        )
    return attr_name(key)


def conditions(spec: Mapping[Any, Any], strings: StringStore) -> Iterator[Condition]:
    """The conditions of a token's dict, without its operator.

    Raises :class:`DataError` for attributes and values that can't be. An operator that isn't known
    (``{"BEFORE": 1}``) is left out with a warning.
    """
    for key, value in spec.items():
        if isinstance(key, str) and key.upper() == "OP":
            continue
        if key == "_":
            if not isinstance(value, Mapping):
                raise DataError(f"'_' needs a dict of custom attributes, not {value!r}")
            for name, wanted in value.items():
                yield from _conditions(f"{CUSTOM}{name}", wanted, strings)
        else:
            yield from _conditions(attribute(key), value, strings)


def _conditions(attr: str, value: Any, strings: StringStore) -> Iterator[Condition]:
    if isinstance(value, Mapping):
        yield from _operators(attr, value)
    elif attr == "ENT_IOB" and value in _IOB:
        yield Condition(attr, "IS", _IOB.index(value))
    elif isinstance(value, str):
        custom = attr.startswith(CUSTOM)
        yield Condition(attr, "IS", value if custom else strings.add(value))
    elif isinstance(value, int) or (attr.startswith(CUSTOM) and isinstance(value, float)):
        yield Condition(attr, "IS", value)
    else:
        raise DataError(
            f"{attr} can't be {value!r:.60}: give a string, a whole number, true or false, or a "
            f"dict of operators"
        )


def _operators(
    attr: str, value: Mapping[str, Any], within: str = "", edits: int = -1
) -> Iterator[Condition]:
    for name, wanted in value.items():
        op = str(name).upper()
        fuzzy = _FUZZY.fullmatch(op)
        kind = "FUZZY" if fuzzy else op
        if kind in ("REGEX", "FUZZY"):
            allowed = int(fuzzy[1] or -1) if fuzzy else -1
            if isinstance(wanted, Mapping):
                yield from _operators(attr, wanted, kind, allowed)
            else:
                yield Condition(attr, kind, _plain(attr, op, wanted), edits=allowed)
        elif op in SETS:
            if isinstance(wanted, str | Mapping) or not hasattr(wanted, "__iter__"):
                raise DataError(f"{attr}: {op} needs a list, not {wanted!r:.60}")
            members = tuple(_plain(attr, op, each) for each in wanted)
            yield Condition(attr, op, members, within, edits)
        elif op in COMPARISONS:
            yield Condition(attr, op, _number(attr, _plain(attr, op, wanted)))
        else:
            warnings.warn(
                f"{attr}: {dict(value)!r:.80} has an unknown operator {name!r}, which is left out",
                stacklevel=2,
            )


def _plain(attr: str, op: str, value: Any) -> Any:
    if isinstance(value, str | int | float):
        return value
    raise DataError(f"{attr}: {op} can't compare with {value!r:.60}: give a string or a number")


def _number(attr: str, value: Any) -> Any:
    """What a comparison is with: for strings, their ids."""
    return hash_string(value) if isinstance(value, str) and attr in ID_ATTRS else value
