"""How tokens of a tree stand to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

__all__ = ["RELATIONS", "Tree"]


class Tree:
    """The trees of a document, given the head of each token (a root is its own)."""

    def __init__(self, heads: Sequence[int]) -> None:
        self.heads = heads
        self._related: dict[tuple[str, int], frozenset[int]] = {}

    @cached_property
    def children(self) -> list[list[int]]:
        """The children of each token, from left to right."""
        found: list[list[int]] = [[] for _ in self.heads]
        for i, head in enumerate(self.heads):
            if head != i:
                found[head].append(i)
        return found

    @cached_property
    def _roots(self) -> list[int]:
        roots = [-1] * len(self.heads)
        for i in range(len(self.heads)):
            way = []
            while roots[i] < 0 and self.heads[i] != i:
                way.append(i)
                i = self.heads[i]
            root = i if roots[i] < 0 else roots[i]
            for each in (*way, i):
                roots[each] = root
        return roots

    @cached_property
    def _bounds(self) -> dict[int, tuple[int, int]]:
        """First and last token of the tree of each root."""
        bounds: dict[int, tuple[int, int]] = {}
        for i, root in enumerate(self._roots):
            bounds[root] = bounds.get(root, (i, i))[0], i
        return bounds

    def root(self, i: int) -> int:
        """The root of the tree that a token is in."""
        return self._roots[i]

    def ancestors(self, i: int) -> list[int]:
        """The head of a token, the head of that, and so on to the root."""
        found = []
        while self.heads[i] != i:
            i = self.heads[i]
            found.append(i)
        return found

    def below(self, i: int) -> list[int]:
        """All tokens below one."""
        found = list(self.children[i])
        for each in found:  # which grows
            found += self.children[each]
        return found

    def before(self, i: int) -> range:
        """The tokens of a token's tree to its left, and what lies between them."""
        return range(self._bounds[self.root(i)][0], i)

    def after(self, i: int) -> range:
        """The tokens of a token's tree to its right, and what lies between them."""
        return range(i + 1, self._bounds[self.root(i)][1] + 1)

    def siblings(self, i: int) -> list[int]:
        """The children of a token's head; of a root, its own."""
        return self.children[self.heads[i]]

    def above(self, i: int) -> list[int]:
        """The head of a token, if it isn't a root."""
        return [] if self.heads[i] == i else [self.heads[i]]

    def related(self, relation: str, i: int) -> frozenset[int]:
        """The tokens that stand in a relation to token ``i``, the left one."""
        known = self._related.get((relation, i))
        if known is None:
            known = self._related[relation, i] = frozenset(RELATIONS[relation](self, i))
        return known


def _right(tokens: Iterable[int], i: int) -> list[int]:
    return [each for each in tokens if each > i]


def _left(tokens: Iterable[int], i: int) -> list[int]:
    return [each for each in tokens if each < i]


def _at(tokens: Iterable[int], place: int) -> list[int]:
    return [place] if place in tokens else []


#: What stands to the right of the left node, by the sign of the relation: heads and children,
#: order of words, siblings, each as such, next to it, or on one side.
RELATIONS: dict[str, Callable[[Tree, int], Iterable[int]]] = {
    "<": lambda tree, i: tree.above(i),
    ">": lambda tree, i: tree.children[i],
    "<<": lambda tree, i: tree.ancestors(i),
    ">>": lambda tree, i: tree.below(i),
    ".": lambda tree, i: _at(tree.after(i), i + 1),
    ".*": lambda tree, i: tree.after(i),
    ";": lambda tree, i: _at(tree.before(i), i - 1),
    ";*": lambda tree, i: tree.before(i),
    "$+": lambda tree, i: _at(tree.siblings(i), i + 1),
    "$-": lambda tree, i: _at(tree.siblings(i), i - 1),
    "$++": lambda tree, i: _right(tree.siblings(i), i),
    "$--": lambda tree, i: _left(tree.siblings(i), i),
    ">+": lambda tree, i: _at(tree.children[i], i + 1),
    ">-": lambda tree, i: _at(tree.children[i], i - 1),
    ">++": lambda tree, i: _right(tree.children[i], i),
    ">--": lambda tree, i: _left(tree.children[i], i),
    "<+": lambda tree, i: _at(tree.above(i), i + 1),
    "<-": lambda tree, i: _at(tree.above(i), i - 1),
    "<++": lambda tree, i: _right(tree.above(i), i),
    "<--": lambda tree, i: _left(tree.above(i), i),
}
