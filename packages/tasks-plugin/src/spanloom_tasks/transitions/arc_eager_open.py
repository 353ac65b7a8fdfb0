"""Arc-eager parsing as spaCy's trained parsers know it, of all documents of a batch in lock step.

It differs from :mod:`~spanloom_tasks.transitions.arc_eager` in what an action may do and undo:

- Break says that a sentence starts at the *second* token of the input, and is an action like any
  other. A token that starts a sentence can't be shifted while the stack isn't empty, nor get or be
  a dependent across.
- Left may take a top that has a head from it.
- Reduce of a top without a head returns it to the input, unless it is the last one, which becomes a
  root. What was returned isn't shifted again until it has got a dependent.
- Each decision is scored, also with an empty stack; a state of one possible action isn't.

Sentences are the trees that come out. Stacks and the tokens that returned to the input are chains
through one array, since a token is in one of them at most.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arc_eager import BREAK, LEFT, REDUCE, RIGHT, SHIFT, ParserActions

__all__ = ["CAN_ARC", "CAN_BREAK", "CAN_REDUCE", "CAN_SHIFT", "OpenActions", "OpenStates"]

Array = Any
Flags = NDArray[np.bool_] | None

CAN_SHIFT, CAN_REDUCE, CAN_ARC, CAN_BREAK = 1, 2, 4, 8
NOTHING = -1


class OpenActions(ParserActions):
    """Actions whose table of what is barred has shape ``(16, size)``: the number of a state is the
    sum of what can be done in it (``CAN_SHIFT`` and so on)."""

    states = 16

    def possible(self, number: int, kinds: NDArray[np.int8]) -> NDArray[np.bool_]:
        """See :class:`ParserActions`."""
        found: NDArray[np.bool_] = (kinds == SHIFT) & bool(number & CAN_SHIFT)
        found |= (kinds == REDUCE) & bool(number & CAN_REDUCE)
        found |= ((kinds == LEFT) | (kinds == RIGHT)) & bool(number & CAN_ARC)
        found |= (kinds == BREAK) & bool(number & CAN_BREAK)
        return found


class OpenStates:
    """The states of a batch of documents, and the arcs so far.

    Arrays over tokens have one more place, ``none``, which stands for no token: ``heads`` (``none``
    of a root), ``relations`` (numbers, -1 for roots) and ``starts``, which tokens are marked as
    starts of sentences.
    """

    def __init__(
        self, lengths: NDArray[np.int64], *, starts: Flags = None, denied: Flags = None
    ) -> None:
        """Arguments are on the CPU. ``starts`` and ``denied``, shape ``(tokens,)``: where sentences
        are known to start, and not to. The lengths must be above 0."""
        size = self.none = int(lengths.sum())
        self.heads, self.below = (np.full(size + 1, size) for _ in range(2))
        self.left_child, self.right_child = (np.full(size + 1, size) for _ in range(2))
        #: The dependent on the same side that the same head had before.
        self.sibling = np.full(size + 1, size)
        self.relations = np.full(size + 1, -1)
        self.stuck, self.starts, self.denied = (np.zeros(size + 1, dtype=bool) for _ in range(3))
        if starts is not None:
            self.starts[:-1] = starts
        if denied is not None:
            self.denied[:-1] = denied
        #: Of the documents that aren't parsed yet: numbers, tops of the stacks, tokens that
        #: returned to the input last, next tokens, and ends.
        self.docs = np.arange(len(lengths))
        self.end = np.cumsum(lengths)
        self.next = self.end - lengths
        self.top, self.back = (np.full(len(lengths), size) for _ in range(2))
        self._describe()
        self._go_on()

    def _describe(self) -> None:
        """What actions and states are made from: the first two tokens of the input, and the number
        of what can be done."""
        none = self.none
        top, back, end = self.top, self.back, self.end
        returned = back != none
        following = np.where(self.next < end, self.next, none)
        after = np.where(self.next + 1 < end, self.next + 1, none)
        deeper = self.below[back]
        self.front = front = np.where(returned, back, following)
        self.second = np.where(returned, np.where(deeper != none, deeper, following), after)
        second = self.second
        empty = top == none
        free = ~self.starts[front]
        more = second != none
        inner = ~empty & (front != none)
        number = (empty | (more & free & ~self.stuck[front])).astype("int8")
        lone = ~empty & (self.below[top] == none)
        # `none` is never denied.
        number += CAN_REDUCE * (~empty & ~(lone & self.denied[front]))
        number += CAN_ARC * (inner & free)
        number += CAN_BREAK * (
            more & (second == front + 1) & ~self.starts[second] & ~self.denied[second]
        )
        self.number = number

    def ids(self, size: int) -> Array:
        """The tokens of the states, int64 of shape ``(states, size)``."""
        top, front, below = self.top, self.front, self.below
        under = below[top]
        ids = np.empty((len(top), size), dtype="int64")
        if size == 13:
            left, right, sibling = self.left_child, self.right_child, self.sibling
            # The first of the right takes the place of the second on the left, as in spaCy.
            ids[:, 5], ids[:, 6] = left[top], right[top]
            ids[:, 7] = left[front]
            ids[:, 8] = sibling[right[top]]
            ids[:, 9], ids[:, 10] = left[under], sibling[left[under]]
            ids[:, 11], ids[:, 12] = right[under], sibling[right[under]]
        else:
            ids[:, 5] = self.left_child[front]
            ids[:, 6] = self.left_child[top]
            ids[:, 7] = self.right_child[top]
        ids[:, 0] = front
        ids[:, 1] = self.second
        ids[:, 2] = top
        ids[:, 3] = under
        ids[:, 4] = below[under]
        return ids

    def apply(self, kinds: Array, relations: Array) -> None:
        """Take one action in each state, and those after it that are the only possible ones."""
        self._take(kinds, relations)
        self._describe()
        self._go_on()

    def _take(self, kinds: Array, relations: Array) -> None:
        none = self.none
        top, front, back = self.top, self.front, self.back
        under = self.below[top]
        left, right = kinds == LEFT, kinds == RIGHT
        # Writing to the place `none` is how a state is left out; it is put right below.
        self.starts[np.where(kinds == BREAK, self.second, none)] = True
        # Left: the top leaves the head that it may have had.
        child = np.where(left, top, none)
        former = self.heads[child]
        self.right_child[former] = self.sibling[child]
        onto = np.where(left, front, none)
        self.sibling[child] = self.left_child[onto]
        self.left_child[onto] = top
        self.stuck[onto] = False
        self.heads[child] = front
        self.relations[child] = relations
        # Right.
        child = np.where(right, front, none)
        self.heads[child] = top
        self.relations[child] = relations
        onto = np.where(right, top, none)
        self.sibling[child] = self.right_child[onto]
        self.right_child[onto] = front
        # Reduce: a top without a head returns to the input.
        reduce = kinds == REDUCE
        returning = reduce & (self.heads[top] == none) & (under != none)
        push = right | (kinds == SHIFT)
        returned = back != none
        taken_back = push & returned
        deeper = self.below[back]
        self.stuck[np.where(returning, top, none)] = True
        moved = np.where(push, front, np.where(returning, top, none))
        self.below[moved] = np.where(push, top, back)
        for array in (self.heads, self.below, self.left_child, self.right_child, self.sibling):
            array[none] = none
        self.starts[none] = self.stuck[none] = False
        self.top = np.where(push, front, np.where(left | reduce, under, top))
        self.back = np.where(taken_back, deeper, np.where(returning, top, back))
        self.next = self.next + (push & ~returned)

    def _go_on(self) -> None:
        """Take out the documents that are parsed, and do what needs no decision, until all states
        have a choice."""
        none = self.none
        while True:
            done = (self.top == none) & (self.front == none)
            if done.any():
                self._keep(~done)
            forced = (self.number == CAN_SHIFT) | (self.number == CAN_REDUCE)
            if not forced.any():
                return
            kinds = np.where(forced, np.where(self.number == CAN_SHIFT, SHIFT, REDUCE), NOTHING)
            self._take(kinds, -1)
            self._describe()

    def _keep(self, going: Array) -> None:
        for name in ("docs", "top", "back", "next", "end", "front", "second", "number"):
            setattr(self, name, getattr(self, name)[going])
