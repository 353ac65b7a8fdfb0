"""Conditions on one attribute of a token, and the functions that check them."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from spanloom.errors import DataError
from spanloom.vocab.morphology import MorphAnalysis, normalize_feats
from spanloom.vocab.strings import StringStore

from ..fuzzy import FuzzyCompare
from .time_limit import RegexLimit

__all__ = [
    "COMPARISONS",
    "CUSTOM",
    "SETS",
    "Check",
    "Condition",
    "checker",
    "on_text",
    "text_checker",
]

#: What the names of custom attributes begin with.
CUSTOM = "_."
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda value, wanted: bool(value == wanted),
    "!=": lambda value, wanted: bool(value != wanted),
    ">=": lambda value, wanted: bool(value >= wanted),
    "<=": lambda value, wanted: bool(value <= wanted),
    ">": lambda value, wanted: bool(value > wanted),
    "<": lambda value, wanted: bool(value < wanted),
}
SETS = ("IN", "NOT_IN", "IS_SUBSET", "IS_SUPERSET", "INTERSECTS")

Check = Callable[[Any], bool]


@dataclass(frozen=True)
class Condition:
    """What is asked of one attribute.

    ``attr`` is its name, with ``_.`` before a custom one. ``op`` is ``IS`` (it has this value: for
    strings, this id), a comparison, one of :data:`SETS`, ``REGEX`` or ``FUZZY``. ``within`` says
    how the members of a set are compared: ``REGEX``, ``FUZZY``, or as they are. ``edits`` are
    those allowed by ``FUZZY``, -1 by the length.
    """

    attr: str
    op: str
    value: Hashable
    within: str = ""
    edits: int = -1


def on_text(condition: Condition) -> bool:
    """Whether a condition is about the text of a value (:func:`text_checker`), not the value."""
    return condition.op in ("REGEX", "FUZZY") or bool(condition.within)


def text_checker(
    condition: Condition, compare: FuzzyCompare, limit: RegexLimit | None = None
) -> Check:
    """A function that says whether ``condition`` holds of the text of a value, or of what a custom
    attribute has. Regular expressions keep to the ``limit``.

    Raises :class:`DataError` for a regular expression that isn't one.
    """
    if not condition.within:
        return _one(condition, condition.value, compare, condition.op, limit)
    checks = [
        _one(condition, each, compare, condition.within, limit) for each in _members(condition)
    ]
    inside = condition.op == "IN"
    return lambda text: isinstance(text, str) and any(check(text) for check in checks) == inside


def _one(
    condition: Condition, wanted: Any, compare: FuzzyCompare, how: str, limit: RegexLimit | None
) -> Check:
    """A check of a text by a regular expression or fuzzily."""
    if how == "REGEX" and limit is not None:
        found = limit.searcher(wanted, condition.attr)
        return lambda text: isinstance(text, str) and found(text)
    if how == "REGEX":
        search = _pattern(wanted, condition).search
        return lambda text: isinstance(text, str) and search(text) is not None
    edits = condition.edits
    return lambda text: (
        isinstance(text, str) and (text == wanted or bool(compare(text, wanted, edits)))
    )


def _pattern(text: Any, condition: Condition) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, TypeError, RecursionError) as error:
        raise DataError(
            f"{condition.attr}: the regular expression {text!r} can't be used: {error}"
        ) from error


def checker(condition: Condition, strings: Callable[[], StringStore]) -> Check:
    """A function that says whether ``condition`` holds of a value of its attribute: the id of a
    string, a number, or what a custom attribute has."""
    op = condition.op
    if op in COMPARISONS:
        return _comparison(COMPARISONS[op], condition.value)
    members = _members(condition)
    if op not in ("IN", "NOT_IN") and condition.attr == "MORPH":
        parts = frozenset(map(normalize_feats, members))
        return lambda value: _subsets(op, _feats(strings(), value), parts)
    known = frozenset(_value(condition, each, strings()) for each in members)
    if op in ("IN", "NOT_IN"):
        inside = op == "IN"
        return lambda value: _plain(value) and (value in known) == inside
    return lambda value: _subsets(op, _as_set(value), known)


def _members(condition: Condition) -> tuple[Any, ...]:
    value = condition.value
    return value if isinstance(value, tuple) else (value,)


def _comparison(compare: Callable[[Any, Any], bool], wanted: Any) -> Check:
    def check(value: Any) -> bool:
        try:
            return compare(value, wanted)
        except TypeError:  # such as None and a number
            return False

    return check


def _plain(value: Any) -> bool:
    return isinstance(value, str | int)


def _value(condition: Condition, member: Any, strings: StringStore) -> Any:
    """A member of a set as the attribute holds it."""
    if not isinstance(member, str) or condition.attr.startswith(CUSTOM):
        return member
    return strings.add(normalize_feats(member) if condition.attr == "MORPH" else member)


def _as_set(value: Any) -> frozenset[Any] | None:
    """The values that one stands for; ``None`` if it's nothing that can be in a set."""
    if _plain(value):
        return frozenset([value])
    if isinstance(value, Iterable):
        values = list(value)
        if all(map(_plain, values)):
            return frozenset(values)
    return None


def _feats(strings: StringStore, value: int) -> frozenset[str]:
    """Each feature of an analysis with each of its values."""
    feats = MorphAnalysis(strings, strings[value]).to_dict()
    return frozenset(f"{name}={one}" for name, many in feats.items() for one in many.split(","))


def _subsets(op: str, values: frozenset[Any] | None, members: frozenset[Any]) -> bool:
    if values is None:
        return False
    if op == "IS_SUBSET":
        return values <= members
    return values >= members if op == "IS_SUPERSET" else not values.isdisjoint(members)
