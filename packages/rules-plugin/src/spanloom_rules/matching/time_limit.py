"""A limit on the time that regular expressions take.

Python's own :mod:`re` can't be stopped while it searches, so with a limit the expressions are those
of the package ``regex``, which can.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from spanloom.errors import DataError

__all__ = ["RegexLimit", "RegexTimeoutError"]

WORDS = 1000
"""So many words of a vocabulary that are looked at for the first time have the time of one
document."""


class RegexTimeoutError(DataError):
    """The regular expressions of patterns took longer for a document than they may."""


class RegexLimit:
    """At most ``seconds`` for the expressions that are asked of one document.

    Raises :class:`DataError` for what is no number of seconds, and without the package ``regex``.
    """

    def __init__(self, seconds: float) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
            raise DataError(f"regex_timeout is {seconds!r}: give a number of seconds above 0")
        try:
            import regex
        except ImportError as error:
            raise DataError(
                "regex_timeout needs the package regex: pip install 'spanloom-rules[regex]'"
            ) from error
        self.seconds = seconds
        self._regex = regex
        self._until = 0.0

    def start(self, words: int = 0) -> None:
        """Begin with a document, or with so many words of the vocabulary that are new."""
        self._until = monotonic() + self.seconds * (1 + words // WORDS)

    def searcher(self, expression: str, attr: str) -> Callable[[str], bool]:
        """A function that says whether the expression is found in a text.

        It raises :class:`RegexTimeoutError` when the time is over. Raises :class:`DataError` for
        what is no expression.
        """
        try:
            search = self._regex.compile(expression, self._regex.VERSION0).search
        except (self._regex.error, TypeError, RecursionError) as error:
            raise DataError(
                f"{attr}: the regular expression {expression!r} can't be used: {error}"
            ) from error

        def found(text: str) -> bool:
            left = self._until - monotonic()
            try:
                if left > 0:
                    return search(text, timeout=left) is not None
            except TimeoutError:
                pass
            raise RegexTimeoutError(
                f"the regular expressions of the patterns took longer than {self.seconds:g} s "
                f"(regex_timeout) for a document, at last {attr}: {expression!r:.200} on "
                f"{text!r:.80}. Write it without repetitions inside of repetitions, or allow more "
                f"time"
            )

        return found
