"""Classes of tokens: tokens of which the same conditions hold are of one class.

What depends on the word alone is looked up by its row of the lexicon, in a table that is filled
once for each word type. Values of annotation are looked up by value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spanloom.tokens import Doc
from spanloom.vocab.attrs import ID_ATTRS, LEXICAL_ATTRS
from spanloom.vocab.lexicon import Lexicon
from spanloom.vocab.strings import StringStore

from ..fuzzy import FuzzyCompare
from .columns import annotated
from .conditions import CUSTOM, Check, Condition, checker, on_text, text_checker
from .time_limit import RegexLimit

__all__ = ["TokenClasses"]

_NOTHING: frozenset[int] = frozenset()


class TokenClasses:
    """Gives each token the number of its class; ``held[number]`` are the conditions of it.

    Class 0 is that of tokens of which no condition holds. Numbers stay what they are while words
    and values are added.
    """

    def __init__(
        self,
        conditions: Mapping[Condition, int],
        strings: StringStore,
        compare: FuzzyCompare,
        limit: RegexLimit | None = None,
    ) -> None:
        self._limit = limit
        self.held: list[frozenset[int]] = [_NOTHING]
        self._numbers: dict[frozenset[int], int] = {_NOTHING: 0}
        self._strings = strings
        self._lexicon: Lexicon | None = None
        self._words = np.zeros(0, dtype=np.int32)
        self._columns: list[Any] = []
        by_attr: dict[str, dict[Condition, int]] = {}
        for condition, number in conditions.items():
            by_attr.setdefault(condition.attr, {})[condition] = number
        self._values = {
            attr: self._attribute(group, compare) for attr, group in sorted(by_attr.items())
        }
        self._asked = {each.attr for each in conditions if each.op == "IS"}
        self._lexical = [attr for attr in self._values if attr in LEXICAL_ATTRS]
        self._annotated = [attr for attr in self._values if attr not in LEXICAL_ATTRS]
        self._unions = _Unions(self)

    def _attribute(self, group: Mapping[Condition, int], compare: FuzzyCompare) -> _Values:
        equal: dict[Any, set[int]] = {}
        checks = []
        text_checks = []
        for condition, number in group.items():
            members: Iterable[Any] = ()
            if condition.op == "IS":
                members = [condition.value]
            elif condition.op == "IN" and not condition.within and condition.attr in LEXICAL_ATTRS:
                wanted = condition.value
                members = wanted if isinstance(wanted, tuple) else (wanted,)
                members = [self._strings.add(x) if isinstance(x, str) else x for x in members]
            elif on_text(condition):
                text_checks.append((number, text_checker(condition, compare, self._limit)))
            else:
                checks.append((number, checker(condition, self.strings)))
            for member in members:
                equal.setdefault(member, set()).add(number)
        known = {value: frozenset(numbers) for value, numbers in equal.items()}
        attr = next(iter(group)).attr
        text = self.text if attr in ID_ATTRS else None
        return _Values(known, checks, text_checks, text, self.number, attr in LEXICAL_ATTRS)

    def strings(self) -> StringStore:
        """The strings of the present lexicon."""
        return self._strings

    def text(self, value: int) -> str:
        """The string of an id."""
        return self._strings[value]

    def number(self, held: frozenset[int]) -> int:
        """The number of the class of which exactly these conditions hold."""
        number = self._numbers.get(held)
        if number is None:
            number = self._numbers[held] = len(self.held)
            self.held.append(held)
        return number

    def wanted(self, attrs: Iterable[str]) -> list[str]:
        """Which of ``attrs`` a pattern asks a value of."""
        return [attr for attr in attrs if attr in self._asked]

    @property
    def by_word(self) -> bool:
        """Whether the classes depend on the words alone."""
        return not self._annotated

    def table(self, lexicon: Lexicon) -> NDArray[np.int32]:
        """The classes of the words of a lexicon by row, by their words alone. It's the same array
        until there are more, or a feature of a word was set."""
        if lexicon is not self._lexicon:
            self._forget(lexicon)
        columns = [lexicon.column(attr) for attr in self._lexical]
        count = len(columns[0]) if columns else len(lexicon)
        for column, known in zip(columns, self._columns):
            if column.base is not known:
                self._words = self._words[:0]  # arrays that grew, or a feature that was set
        if len(self._words) < count or not self._columns:
            self._fill(columns, count)
        return self._words

    def of(self, doc: Doc, start: int, end: int) -> list[int]:
        """The class of each token from ``start`` to ``end``."""
        columns: list[list[int]] = []
        if self._lexical or not self._annotated:
            columns.append(self.table(doc.lexicon)[doc.rows[start:end]].tolist())
        elif doc.lexicon is not self._lexicon:
            self._forget(doc.lexicon)
        for attr in self._annotated:
            values = self._values[attr]
            if attr.startswith(CUSTOM):
                name = attr.removeprefix(CUSTOM)
                columns.append([values.of_any(token._.get(name)) for token in doc[start:end]])
            else:
                found = annotated(doc, attr)[start:end].tolist()
                columns.append(list(map(values.__getitem__, found)))
        if len(columns) == 1:
            return columns[0]
        return list(map(self._unions.__getitem__, zip(*columns)))

    def _forget(self, lexicon: Lexicon) -> None:
        """Forget what belongs to another lexicon than this one."""
        self._lexicon, self._strings = lexicon, lexicon.strings
        self._words = np.zeros(0, dtype=np.int32)
        self._columns = []
        for values in self._values.values():
            values.clear()

    def _fill(self, columns: list[NDArray[Any]], count: int) -> None:
        """Classes of the words that are new."""
        known = len(self._words)
        if self._limit is not None:
            self._limit.start(words=count - known)
        fresh = [0] * (count - known)
        numbers = [
            list(map(self._values[attr].__getitem__, column[known:count].tolist()))
            for attr, column in zip(self._lexical, columns)
        ]
        if numbers:
            fresh = numbers[0]
        if len(numbers) > 1:
            fresh = list(map(self._unions.__getitem__, zip(*numbers)))
        if self._limit is not None:
            self._limit.start()
        self._words = np.concatenate([self._words, np.array(fresh, dtype=np.int32)])
        self._columns = [column.base for column in columns]


class _Values(dict[Any, int]):
    """Value of one attribute -> number of the class of which its conditions hold."""

    def __init__(
        self,
        equal: Mapping[Any, frozenset[int]],
        checks: list[tuple[int, Check]],
        text_checks: list[tuple[int, Check]],
        text: Callable[[int], str] | None,
        number: Callable[[frozenset[int]], int],
        of_words: bool,
    ) -> None:
        super().__init__()
        self._equal, self._number, self._text = equal, number, text
        self._checks, self._text_checks = checks, text_checks
        self._of_words = of_words

    def of_any(self, value: Any) -> int:
        """The number for whatever a custom attribute has."""
        try:
            return self[value]
        except TypeError:  # a list, say, which can be no key
            return self._number(self._held(value, ()))

    def __missing__(self, value: Any) -> int:
        equal = self._equal.get(value, _NOTHING)
        if self._of_words and not equal and not self._checks and not self._text_checks:
            return 0  # not kept: words are looked up once
        self[value] = number = self._number(self._held(value, equal))
        return number

    def _held(self, value: Any, equal: Iterable[int]) -> frozenset[int]:
        held = {*equal, *(number for number, check in self._checks if check(value))}
        if self._text_checks:
            text = value if self._text is None else self._text(value)
            held.update(number for number, check in self._text_checks if check(text))
        return frozenset(held)


class _Unions(dict[tuple[int, ...], int]):
    """Classes by one attribute each -> the class by all of them."""

    def __init__(self, classes: TokenClasses) -> None:
        super().__init__()
        self._classes = classes

    def __missing__(self, numbers: tuple[int, ...]) -> int:
        held = self._classes.held
        union: frozenset[int] = frozenset().union(*(held[number] for number in numbers))
        self[numbers] = number = self._classes.number(union)
        return number
