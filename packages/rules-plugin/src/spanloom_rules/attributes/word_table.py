"""Patterns of one token that ask for values: found by looking the values up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spanloom.errors import DataError
from spanloom.vocab.attrs import LEXICAL_ATTRS, attr_name
from spanloom.vocab.columns import STRING_COLUMNS
from spanloom.vocab.lexicon import FLAGS, STRING_FEATURES

if TYPE_CHECKING:
    from spanloom.vocab.lexicon import Lexicon
    from spanloom.vocab.strings import StringStore

__all__ = ["WordTable", "value_tests"]

#: Attributes whose values are looked up: those of words, and the columns of strings.
_NAMES = frozenset([*LEXICAL_ATTRS, *STRING_COLUMNS])

_SETS = {"IN": True, "NOT_IN": False}


@dataclass(frozen=True)
class ValueTest:
    """Whether the value of an attribute is among some (``wanted``), or isn't."""

    name: str
    values: frozenset[int]
    wanted: bool = True


def value_tests(pattern: Sequence[Any], strings: StringStore) -> list[ValueTest] | None:
    """The tests of a pattern of one token that asks for nothing but values; ``None`` for others,
    which a :class:`~spanloom_rules.Matcher` is for."""
    if len(pattern) != 1 or not isinstance(pattern[0], Mapping):
        return None
    tests: list[ValueTest] = []
    for key, wanted in pattern[0].items():
        try:
            name = attr_name(key)
        except DataError:
            return None
        sets = wanted if isinstance(wanted, Mapping) else {"IN": [wanted]}
        if name not in _NAMES or not sets or not sets.keys() <= _SETS.keys():
            return None
        for kind, values in sets.items():
            ids = [_number(name, value, strings) for value in values]
            known = frozenset(number for number in ids if number is not None)
            if None in ids:
                return None
            tests.append(ValueTest(name, known, _SETS[kind]))
    return tests


def _number(name: str, value: Any, strings: StringStore) -> int | None:
    """A value as columns have it; ``None`` for one of another type."""
    if name in FLAGS:
        return int(value) if isinstance(value, bool | int) else None
    if name in STRING_FEATURES or name in STRING_COLUMNS:
        if isinstance(value, str):
            return strings.add(value)
        return value if type(value) is int else None
    return value if type(value) is int else None


class WordTable:
    """Which rules hold of a token, by its word and the columns that their tests name."""

    def __init__(self) -> None:
        self._tests: list[tuple[int, list[ValueTest]]] = []
        # Tests are tried only where the value of one of them is there.
        self._by_value: dict[str, dict[int, list[int]]] = {}
        self._always: list[int] = []

    def add(self, rule: int, tests: list[ValueTest]) -> None:
        """Add a pattern of a rule."""
        at = len(self._tests)
        self._tests.append((rule, tests))
        wanted = [test for test in tests if test.wanted]
        if not wanted:
            self._always.append(at)
            return
        # Few values of a word are the rarest.
        best = min(wanted, key=lambda test: (test.name not in STRING_FEATURES, len(test.values)))
        values = self._by_value.setdefault(best.name, {})
        for value in best.values:
            values.setdefault(value, []).append(at)

    @property
    def names(self) -> list[str]:
        """The attributes that are tested."""
        return sorted({test.name for _, tests in self._tests for test in tests})

    def rules(self, lexicon: Lexicon, row: int, values: Mapping[str, int]) -> tuple[int, ...]:
        """The rules that hold of a word with these values of columns, in order."""
        tried = list(self._always)
        for name, by_value in self._by_value.items():
            tried += by_value.get(_value(lexicon, row, values, name), ())
        found = {
            rule
            for rule, tests in map(self._tests.__getitem__, tried)
            if all((_value(lexicon, row, values, t.name) in t.values) is t.wanted for t in tests)
        }
        return tuple(sorted(found))


def _value(lexicon: Lexicon, row: int, values: Mapping[str, int], name: str) -> int:
    return int(lexicon.value(name, row)) if name in LEXICAL_ATTRS else values[name]
