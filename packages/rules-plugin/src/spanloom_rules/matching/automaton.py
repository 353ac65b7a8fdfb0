"""An automaton that reads classes of tokens and tells which patterns match, and where.

It's started at each token at which a pattern may begin, and read on until no pattern can go on.
What a state does for a class is found out when it's first needed, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from .index import ONE, OPTIONAL, REPEATED, Step

__all__ = ["Automaton", "Found"]

#: States that are kept at most; then all are found out anew.
MOST_STATES = 100_000


Found = tuple[int, int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""A pattern that matches, and the number of tokens that it took; at which tokens its way branched
off, the last first, and which branch it was, the first first, which say the order of matches; and
the number of the dict that each token answers to, if these are asked for."""

_Item = Found
"""A pattern on its way: the same, with the step that is next in the place of the length."""

_Move = tuple["_State | None", tuple[Found, ...]]


class _State(dict[int, _Move]):
    """Where the patterns are after ``taken`` tokens: class of the next -> what comes then."""

    def __init__(self, automaton: Automaton, taken: int, items: tuple[_Item, ...]) -> None:
        super().__init__()
        self.automaton, self.taken, self.ways = automaton, taken, items

    def __missing__(self, number: int) -> _Move:
        self[number] = move = self.automaton.move(self.ways, self.taken, number)
        return move

    @cached_property
    def at_the_end(self) -> tuple[Found, ...]:
        """The patterns that match if no token comes any more."""
        found = []
        for item in self.ways:
            rest = self.automaton.patterns[item[0]][item[1] :]
            if all(step.often != ONE for step in rest):
                found.append((item[0], self.taken, *item[2:]))
        return tuple(found)


class _Root(_State):
    """The state before the first token."""

    def __missing__(self, number: int) -> _Move:
        beginning = self.automaton.beginning(number)
        items: tuple[_Item, ...] = tuple((pattern, 0, (), (), ()) for pattern in beginning)
        self[number] = move = self.automaton.move(items, 0, number)
        return move


class _Alive(dict[int, bool]):
    """Class of a token -> whether anything may begin with it."""

    def __init__(self, root: _Root) -> None:
        super().__init__()
        self._root = root

    def __missing__(self, number: int) -> bool:
        self[number] = alive = self._root[number] != (None, ())
        return alive


@dataclass
class _Moved:
    """What comes of the items of a state: those that went on, those that are new, and matches."""

    on: list[_Item]
    new: list[_Item]
    found: list[Found]


class Automaton:
    """The automaton of ``patterns``, over classes of tokens: ``held[number]`` are the conditions
    that hold of one. ``tests`` are sets of conditions.

    With ``aligned``, the matches say which dict of the pattern each of their tokens answers to.
    """

    def __init__(
        self,
        patterns: Sequence[tuple[Step, ...]],
        tests: Iterable[frozenset[int]],
        held: Sequence[frozenset[int]],
        *,
        aligned: bool = False,
    ) -> None:
        self.patterns = patterns
        self.aligned = aligned
        self._held = held
        self._tests = list(tests)
        # Each test stands under the rarest of its conditions: under one, any will do.
        self._tests_by: dict[int, list[int]] = {}
        self._always: list[int] = []
        count = [0] * (1 + max((max(test) for test in self._tests if test), default=-1))
        for test in self._tests:
            for condition in test:
                count[condition] += 1
        for number, test in enumerate(self._tests):
            if test:
                rarest = min(test, key=lambda each: (count[each], each))
                self._tests_by.setdefault(rarest, []).append(number)
            else:
                self._always.append(number)
        # Test -> patterns that it may begin.
        self._begins: dict[int, list[int]] = {}
        self._begin_anywhere: list[int] = []
        for pattern, steps in enumerate(patterns):
            self._add_beginning(pattern, steps)
        self._passed: dict[int, frozenset[int]] = {}
        self._forget()

    def _add_beginning(self, pattern: int, steps: tuple[Step, ...]) -> None:
        tests = set()
        for step in steps:
            if step.negated:
                self._begin_anywhere.append(pattern)
                return
            tests.add(step.test)
            if step.often == ONE:
                break
        for test in tests:
            self._begins.setdefault(test, []).append(pattern)

    def _forget(self) -> None:
        self._root = _Root(self, 0, ())
        self._states: dict[tuple[int, tuple[_Item, ...]], _State] = {}
        self._alive = _Alive(self._root)

    def passed(self, number: int) -> frozenset[int]:
        """The tests that tokens of a class pass."""
        known = self._passed.get(number)
        if known is None:
            held = self._held[number]
            found = [
                test
                for condition in held
                for test in self._tests_by.get(condition, ())
                if self._tests[test] <= held
            ]
            known = self._passed[number] = frozenset([*self._always, *found])
        return known

    def beginning(self, number: int) -> list[int]:
        """The patterns that may begin with a token of a class, in order."""
        found = set(self._begin_anywhere)
        for test in self.passed(number):
            found.update(self._begins.get(test, ()))
        return sorted(found)

    def move(self, items: tuple[_Item, ...], taken: int, number: int) -> _Move:
        """The state that items come to with a token of a class, and what matches then."""
        moved = _Moved([], [], [])
        passed = self.passed(number)
        for item in items:
            self._read(item, taken, passed, moved)
        found = tuple(each for each in moved.found if each[1])
        rest = (*moved.on, *moved.new)
        if not rest:
            return None, found
        key = (taken + 1, rest)
        state = self._states.get(key)
        if state is None:
            state = self._states[key] = _State(self, taken + 1, rest)
        return state, found

    def _read(self, item: _Item, taken: int, passed: frozenset[int], moved: _Moved) -> None:
        """One token, for one item: a step that may be left out is, and it's taken too where the
        test is passed."""
        pattern, first, births, turns, tokens = item
        steps = self.patterns[pattern]
        turn = 0
        for at in range(first, len(steps)):
            step = steps[at]
            passes = (step.test in passed) != step.negated
            with_it = (*tokens, step.token) if self.aligned else tokens
            final = at == len(steps) - 1
            if step.often == ONE:
                if passes and final:
                    moved.found.append((pattern, taken + 1, births, turns, with_it))
                elif passes:
                    moved.on.append((pattern, at + 1, births, turns, with_it))
                return
            if passes and not final:
                following = at if step.often == REPEATED else at + 1
                moved.new.append((pattern, following, (taken, *births), (*turns, turn), with_it))
                turn += 1
            elif final:
                moved.found.append((pattern, taken, births, turns, tokens))
                if passes and step.often == OPTIONAL:
                    moved.found.append((pattern, taken + 1, births, turns, with_it))
                elif passes:
                    moved.on.append((pattern, at, births, turns, with_it))

    def starts(self, numbers: Sequence[int]) -> Iterator[int]:
        """The places at which something may begin in a text of tokens of these classes."""
        return compress(range(len(numbers)), map(self._alive.__getitem__, numbers))

    def alive_rows(self, table: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether something may begin with a token of each class in ``table``."""
        numbers, inverse = np.unique(table, return_inverse=True)
        alive = np.array([self._alive[number] for number in numbers.tolist()], dtype=np.bool_)
        return alive[inverse]

    def scan(
        self, numbers: Sequence[int], starts: Iterable[int]
    ) -> Iterator[tuple[int, int, tuple[Found, ...]]]:
        """All that matches in a text whose tokens are of the classes ``numbers``, for the places
        ``starts`` at which something may begin: the token at which it is known (one after the last
        for what the end of the text tells), where it begins, and what it is."""
        root, end = self._root, len(numbers)
        if len(self._states) > MOST_STATES:
            self._forget()
            root = self._root
        for start in starts:
            state: _State | None = root
            i = start
            while state is not None:
                state, found = state[numbers[i]]
                if found:
                    yield i, start, found
                i += 1
                if i == end and state is not None:
                    if state.at_the_end:
                        yield end, start, state.at_the_end
                    break
