"""What matchers of single documents do with a stream of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from spanloom.components.base import minibatch
from spanloom.tokens import Doc, Span

__all__ = ["StreamMatcher"]


class StreamMatcher:
    """A matcher that looks into several documents at once (:meth:`matches_of`)."""

    @abstractmethod
    def matches_of(self, doclikes: Sequence[Doc | Span]) -> list[list[Any]]:
        """The matches in each of several documents or spans."""

    def pipe(
        self,
        docs: Iterable[Any],
        batch_size: int = 1000,
        return_matches: bool = False,
        as_tuples: bool = False,
    ) -> Iterator[Any]:
        """Look into a stream of documents, ``batch_size`` at a time, and give them back.

        With ``return_matches`` each comes with its matches, as a pair. With ``as_tuples`` the
        stream is of pairs of a document and something else, which is given back beside it.
        """
        for group in minibatch(docs, batch_size):
            found = self.matches_of([doc for doc, _ in group] if as_tuples else group)
            for each, matches in zip(group, found):
                doc, *context = each if as_tuples else (each,)
                result = (doc, matches) if return_matches else doc
                yield (result, *context) if as_tuples else result
