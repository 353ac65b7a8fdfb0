"""The rules of a matcher of token patterns, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from spanloom import Vocab
from spanloom.errors import DataError

from .validation import UnknownRuleError

__all__ = ["RuleMatcher"]

P = TypeVar("P")
C = TypeVar("C")


class RuleMatcher(Generic[P, C]):
    """What matchers have in common whose rules are patterns ``P``, lists of dicts, and maybe a
    function ``C`` that is called on a match."""

    def __init__(self, vocab: Vocab, *, validate: bool) -> None:
        self.vocab = vocab
        self.validate = validate
        self._patterns: dict[int, list[P]] = {}
        self._callbacks: dict[int, C] = {}

    def __len__(self) -> int:
        return len(self._patterns)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str | int) and self._key(key) in self._patterns

    def has_key(self, key: str | int) -> bool:
        """Whether there is a rule of this name."""
        return key in self

    def get(self, key: str | int, default: Any = None) -> tuple[C | None, list[P]] | Any:
        """What is called on a match of a rule, and its patterns; ``default`` if there is none."""
        number = self._key(key)
        if number not in self._patterns:
            return default
        return self._callbacks.get(number), self._patterns[number]

    def _key(self, key: str | int) -> int:
        return self.vocab.strings.add(key) if isinstance(key, str) else key

    def _check(self, key: str | int, patterns: Any, on_match: Any) -> None:
        if on_match is not None and not callable(on_match):
            raise DataError(f"on_match of the rule {key!r} can't be called: {on_match!r:.60}")
        if not isinstance(patterns, list | tuple):
            raise DataError(
                f"the rule {key!r} needs a list of patterns, each a list of dicts, and was given "
                f"{type(patterns).__name__}"
            )

    def _put(self, number: int, patterns: Sequence[P], on_match: C | None) -> None:
        self._patterns.setdefault(number, []).extend(patterns)
        self._callbacks.pop(number, None)
        if on_match is not None:
            self._callbacks[number] = on_match

    def _take_out(self, key: str | int) -> int:
        """Forget a rule; returns its number."""
        number = self._key(key)
        if number not in self._patterns:
            raise UnknownRuleError(f"there is no rule {key!r} to remove")
        del self._patterns[number]
        self._callbacks.pop(number, None)
        return number
