"""The actions of :mod:`~spanloom_tasks.transitions.arc_eager_open` for a few documents, one after
the other, over plain numbers. The result is the same; see
:mod:`~spanloom_tasks.transitions.arc_eager_few` for the reason."""

from __future__ import annotations

from collections.abc import Sequence

from .arc_eager import BREAK, LEFT, REDUCE, RIGHT, SHIFT, Trees
from .arc_eager_few import ArcsFew, OneScorer
from .arc_eager_open import CAN_ARC, CAN_BREAK, CAN_REDUCE, CAN_SHIFT, OpenActions

__all__ = ["parse_open_few"]


def parse_open_few(
    scorer: OneScorer,
    lengths: Sequence[int],
    actions: OpenActions,
    starts: Sequence[bool] | None = None,
    denied: Sequence[bool] | None = None,
) -> Trees:
    """Heads (as many as there are tokens stands for none), relations and marked starts; the
    arguments are as for :class:`~spanloom_tasks.transitions.arc_eager_open.OpenStates`."""
    parser = _Parser(scorer, actions, sum(lengths))
    if starts is not None:
        parser.starts[:-1] = starts
    if denied is not None:
        parser.denied[:-1] = denied
    return parser.trees(lengths)


class _Parser(ArcsFew):
    def __init__(self, scorer: OneScorer, actions: OpenActions, size: int) -> None:
        super().__init__(scorer, actions, size)
        self.extra = scorer.size == 13
        self.denied, self.stuck = ([False] * (size + 1) for _ in range(2))
        self.left_child, self.right_child, self.sibling = ([size] * (size + 1) for _ in range(3))

    def parse(self, token: int, end: int) -> None:
        """Parse the document of the tokens from ``token`` to ``end``."""
        none, heads = self.none, self.heads
        stack: list[int] = []
        back: list[int] = []
        while stack or back or token < end:
            following = token if token < end else none
            if back:
                front, second = back[-1], back[-2] if len(back) > 1 else following
            else:
                front, second = following, token + 1 if token + 1 < end else none
            kind, label = self._chosen(stack, front, second)
            if kind in (SHIFT, RIGHT):
                if kind == RIGHT:
                    self._attach_right(front, stack[-1], label)
                stack.append(front)
                if back:
                    back.pop()
                else:
                    token += 1
            elif kind == LEFT:
                self._attach_left(stack.pop(), front, label)
            elif kind == REDUCE:
                top = stack.pop()
                if stack and heads[top] == none:
                    self.stuck[top] = True
                    back.append(top)
            elif kind == BREAK:
                self.starts[second] = True

    def _chosen(self, stack: list[int], front: int, second: int) -> tuple[int, int]:
        """The kind and the label of the next action."""
        number = self._possible(stack, front, second)
        if number == CAN_SHIFT:
            return SHIFT, -1
        if number == CAN_REDUCE:
            return REDUCE, -1
        none, left_child = self.none, self.left_child
        top = stack[-1] if stack else none
        under = stack[-2] if len(stack) > 1 else none
        below = stack[-3] if len(stack) > 2 else none
        if self.extra:
            children = self._more_children(front, top, under)
        else:
            children = [left_child[front], left_child[top], self.right_child[top]]
        action = self.best([front, second, top, under, below, *children], number)
        return self.kinds[action], self.names[action]

    def _more_children(self, front: int, top: int, under: int) -> list[int]:
        left, right, sibling = self.left_child, self.right_child, self.sibling
        first, last = left[under], right[under]
        children = [left[top], right[top], left[front], sibling[right[top]]]
        return [*children, first, sibling[first], last, sibling[last]]

    def _possible(self, stack: list[int], front: int, second: int) -> int:
        """The number of what can be done."""
        starts, denied = self.starts, self.denied
        free = not starts[front]
        more = second != self.none
        adjacent = more and second == front + 1
        number = CAN_BREAK if adjacent and not (starts[second] or denied[second]) else 0
        if not stack:
            return number + CAN_SHIFT
        if more and free and not self.stuck[front]:
            number += CAN_SHIFT
        if front != self.none and free:
            number += CAN_ARC
        if len(stack) > 1 or not denied[front]:
            number += CAN_REDUCE
        return number

    def _attach_right(self, child: int, head: int, relation: int) -> None:
        self.heads[child], self.relations[child] = head, relation
        self.sibling[child], self.right_child[head] = self.right_child[head], child

    def _attach_left(self, child: int, head: int, relation: int) -> None:
        former = self.heads[child]
        if former != self.none:
            self.right_child[former] = self.sibling[child]
        self.heads[child], self.relations[child] = head, relation
        self.sibling[child], self.left_child[head] = self.left_child[head], child
        self.stuck[head] = False
