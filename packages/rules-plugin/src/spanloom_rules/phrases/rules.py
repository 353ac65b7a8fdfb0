"""What the rules of most languages share: words of some relations, and where their phrases end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .trees import Trees

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["NOMINALS", "Bounds", "PhraseRules", "names"]

NOMINALS = frozenset(["NOUN", "PROPN", "PRON"])

Bounds = Callable[[Trees, int, bool], tuple[int, int]]
"""Given the trees, a word and whether it is coordinated to another: the first token of its phrase,
and the last."""


def names(text: str) -> frozenset[str]:
    """Names in a line."""
    return frozenset(text.split())


@dataclass(frozen=True)
class PhraseRules:
    """A phrase for each word of the parts of speech ``parts`` whose relation is one of ``labels``,
    or that is coordinated to such a word, unless it would reach into the phrase before it."""

    labels: frozenset[str]
    bounds: Bounds
    parts: frozenset[str] = NOMINALS
    coordinated: bool = True

    def __call__(self, doc: Doc) -> Iterator[tuple[int, int]]:
        """The first token of each phrase, and the one after its last."""
        trees, last = Trees(doc), -1
        for i in trees.of_parts(self.parts):
            if trees.left[i] <= last:
                continue
            joined = trees.dep[i] not in self.labels
            if joined and not self._joined(trees, i):
                continue
            start, last = self.bounds(trees, i, joined)
            yield start, last + 1

    def _joined(self, trees: Trees, i: int) -> bool:
        if not self.coordinated or trees.dep[i] != "conj":
            return False
        return trees.dep[trees.first_conjunct(i)] in self.labels
