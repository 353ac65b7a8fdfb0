"""Token patterns as numbers: distinct conditions, distinct tests, and the steps of each pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spanloom.vocab.strings import StringStore

from .conditions import Condition
from .specs import conditions, repeats

__all__ = ["ONE", "OPTIONAL", "REPEATED", "PatternIndex", "Step"]

#: How often the token of a step comes: once, once or not at all, any number of times.
ONE, OPTIONAL, REPEATED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Step:
    """One token of a pattern: its test, whether that must fail, how often it comes, and the number
    of the dict that it's from."""

    test: int
    negated: bool
    often: int
    token: int


class PatternIndex:
    """Patterns with their rules' numbers, in the order in which they were added.

    ``tests[i]`` is a set of numbers of ``conditions``, which all must hold.
    """

    def __init__(self, strings: StringStore) -> None:
        self.strings = strings
        self.conditions: dict[Condition, int] = {}
        self.tests: dict[frozenset[int], int] = {}
        self.patterns: list[tuple[Step, ...]] = []
        self.keys: list[int] = []
        self._steps: dict[Step, Step] = {}

    def parse(self, pattern: Sequence[Mapping[Any, Any]]) -> tuple[Step, ...]:
        """The steps of a pattern. Raises :class:`DataError` for one that can't be."""
        steps: list[Step] = []
        for i, spec in enumerate(pattern):
            test = self._test(spec)
            op = next((spec[key] for key in spec if str(key).upper() == "OP"), "1")
            least, most = repeats(op)
            once = self._step(Step(test, op == "!", ONE, i))
            steps += [once] * least
            if most is None:
                steps.append(self._step(Step(test, False, REPEATED, i)))
            else:
                steps += [self._step(Step(test, False, OPTIONAL, i))] * (most - least)
        return tuple(steps)

    def _test(self, spec: Mapping[Any, Any]) -> int:
        numbers = frozenset(
            self.conditions.setdefault(each, len(self.conditions))
            for each in conditions(spec, self.strings)
        )
        return self.tests.setdefault(numbers, len(self.tests))

    def _step(self, step: Step) -> Step:
        return self._steps.setdefault(step, step)

    def add(self, key: int, patterns: Sequence[tuple[Step, ...]]) -> None:
        """Add patterns of the rule ``key``, as :meth:`parse` gave them."""
        self.patterns += patterns
        self.keys += [key] * len(patterns)

    def remove(self, key: int) -> None:
        """Leave out the patterns of a rule."""
        kept = [(pattern, k) for pattern, k in zip(self.patterns, self.keys) if k != key]
        self.patterns = [pattern for pattern, _ in kept]
        self.keys = [k for _, k in kept]
