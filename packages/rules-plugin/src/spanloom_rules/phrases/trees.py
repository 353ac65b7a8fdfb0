"""The trees of a document as lists, for rules that go from word to word."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError

from ..matching.relations import Tree

if TYPE_CHECKING:
    from spanloom.tokens import Doc

__all__ = ["Trees"]


class Trees:
    """Parts of speech, relations, heads and edges of the tokens of a document, by index.

    Raises :class:`DataError` if the document has no relations or parts of speech.
    """

    def __init__(self, doc: Doc) -> None:
        for column, attr in (("DEP", "token.dep"), ("POS", "token.pos")):
            if not doc.has_annotation(column):
                raise DataError(
                    f"noun phrases are found by relations and parts of speech, and no token of the "
                    f"document has {attr}: run a component that sets it before, such as "
                    f"{'parser' if column == 'DEP' else 'morphologizer or attribute_ruler'}"
                )
        strings, size = doc.lexicon.strings, len(doc)
        self.pos, self.dep = (
            strings.strings(np.zeros(size, np.uint64) if column is None else column)
            for column in (doc.column("POS"), doc.column("DEP"))
        )
        heads = doc.column("HEAD")
        self._heads: NDArray[np.int32] = np.arange(size, dtype=np.int32) if heads is None else heads
        self.heads: list[int] = self._heads.tolist()
        self._tree = Tree(self.heads)

    @cached_property
    def left(self) -> list[int]:
        """The first token of each token's subtree."""
        return self._edges(np.minimum)

    @cached_property
    def right(self) -> list[int]:
        """The last token of each token's subtree."""
        return self._edges(np.maximum)

    def _edges(self, further: np.ufunc) -> list[int]:
        edges = np.arange(len(self._heads))
        while True:  # once for each level of the deepest tree
            higher = edges.copy()
            further.at(higher, self._heads, edges)
            if (higher == edges).all():
                found: list[int] = edges.tolist()
                return found
            edges = higher

    def children(self, i: int) -> list[int]:
        """The children of a token, in order."""
        return self._tree.children[i]

    def lefts(self, i: int) -> list[int]:
        """The children to the left of it, in order."""
        return [child for child in self.children(i) if child < i]

    def rights(self, i: int) -> list[int]:
        """The children to the right of it, in order."""
        return [child for child in self.children(i) if child > i]

    def first_conjunct(self, i: int) -> int:
        """The head of a token; if that is itself coordinated to one before it, the head of that,
        and so on."""
        head = self.heads[i]
        while self.dep[head] == "conj" and self.heads[head] < head:
            head = self.heads[head]
        return head

    def below(self, i: int) -> list[int]:
        """The tokens of its subtree, in order."""
        return sorted([i, *self._tree.below(i)])

    def of_parts(self, parts: Collection[str]) -> list[int]:
        """The tokens that are of these parts of speech."""
        return [i for i, pos in enumerate(self.pos) if pos in parts]
