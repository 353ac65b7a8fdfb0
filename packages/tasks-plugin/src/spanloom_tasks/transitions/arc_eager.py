"""Arc-eager parsing (Nivre 2003) of all documents of a batch in lock step.

A state has a stack and an input. Shift puts the next token on the stack, Left makes it the head of
the stack's top, which goes away, Right makes it the top's dependent and puts it on the stack,
Reduce takes away a top that has a head, and Break ends the sentence before the next token. A
sentence at its end is finished without asking: tops that have a head go away; one that has none, if
others lie under it, returns to the input (the "unshift" of Nivre and Fernández-González 2014,
https://aclanthology.org/J14-2002); and the last one is the root. So each sentence is one tree.

Every scored state has a top and a next token. A token is on a stack at most once, so stacks are
chains through one array, and all arrays have one value for each token of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BREAK",
    "LARGEST",
    "LEFT",
    "REDUCE",
    "RIGHT",
    "SHIFT",
    "ParserActions",
    "ParserStates",
    "Trees",
    "advance",
    "check_finite",
    "parse",
]

Array = Any

SHIFT, REDUCE, BREAK, LEFT, RIGHT = range(5)


class ParserActions:
    """The actions with labels: Shift, Reduce, Break (``breaks`` times, where several mean it), then
    Left and Right with each of theirs.

    ``left`` and ``right`` are numbers of relations. ``kinds`` and ``relations`` have shape
    ``(size,)``; ``barred`` has shape ``(8, size)``: what to add to the scores, by the number of a
    state (1 if the top has a head, 2 if a token returned to the input, 4 if a break is allowed).
    """

    #: How many numbers of states there are.
    states: ClassVar[int] = 8

    def __init__(self, left: Sequence[int], right: Sequence[int], *, breaks: int = 1) -> None:
        self.left, self.right = list(left), list(right)
        kinds = [SHIFT, REDUCE, *[BREAK] * breaks]
        none = [-1] * len(kinds)
        kinds += [*[LEFT] * len(self.left), *[RIGHT] * len(self.right)]
        self.size = len(kinds)
        self.first_right = self.size - len(self.right)
        self.first_left = self.first_right - len(self.left)
        self.kinds = np.asarray(kinds, dtype="int8")
        self.relations = np.asarray([*none, *self.left, *self.right], dtype="int64")
        flat = np.asarray(kinds, dtype=np.int8)
        valid = np.stack([self.possible(number, flat) for number in range(self.states)])
        self.valid = valid
        self.barred = np.where(valid, 0.0, -1e30).astype("f")

    def possible(self, number: int, kinds: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Which actions of these kinds can be taken in states of a number, shape ``(size,)``."""
        found: NDArray[np.bool_] = (kinds == SHIFT) & (not number & 2)
        found |= (kinds == REDUCE) & bool(number & 1)
        found |= (kinds == BREAK) & (bool(number & 4) and not number & 2)
        found |= (kinds == RIGHT) | ((kinds == LEFT) & (not number & 1))
        return found


LARGEST = 1e29
"""Scores of actions that can be taken are smaller; those that are barred are below ``-LARGEST``."""


def check_finite(chosen: Array) -> None:
    """Raise :class:`FloatingPointError` unless the scores of all chosen actions are those of
    actions that can be taken."""
    if not (abs(chosen) < LARGEST).all():
        raise FloatingPointError("the scores of actions are NaN or infinite")


class StateScores(Protocol):
    """What gives scores: see :class:`~spanloom_tasks.transition_based.state_scorer.StateScorer`."""

    size: int

    def scores(self, ids: Array) -> Array:
        """Scores for token ids of shape ``(states, size)``."""


class ParserStates:
    """The states of a batch of documents, and the arcs so far.

    Arrays over tokens have one more place, ``none``, which stands for no token: ``heads`` (a root
    is its own), ``relations`` (numbers, -1 for roots), ``below`` (the next token on the stack),
    ``headless`` (the nearest token without a head on the stack from this one down).
    """

    def __init__(
        self,
        lengths: NDArray[np.int64],
        *,
        bounds: NDArray[np.int64] | None = None,
        breaks: NDArray[np.bool_] | None = None,
    ) -> None:
        """Arguments are on the CPU. ``bounds``: for each token where its sentence must end, by
        default the end of its document. ``breaks``: bool, where a sentence may begin, by default
        nowhere. Shape ``(tokens,)``. The lengths must be above 0."""
        if bounds is None:
            bounds = np.repeat(np.cumsum(lengths), lengths)
        size = self.none = int(lengths.sum())
        self.heads, self.below, self.headless = (np.full(size + 1, size) for _ in range(3))
        self.left_child, self.right_child = (np.full(size + 1, size) for _ in range(2))
        # Second-last children, for states of 13 tokens.
        self.left_before, self.right_before = (np.full(size + 1, size) for _ in range(2))
        self.relations = np.full(size + 1, -1)
        #: Which tokens start a sentence, shape ``(tokens + 1,)``.
        self.starts = np.zeros(size + 1, dtype=bool)
        self.bounds = bounds
        self.codes = np.zeros(size + 1, dtype="int8")
        if breaks is not None:
            self.codes[:-1] = 4 * np.asarray(breaks, dtype="int8")
        #: By document, the token at the bottom of its stack; for who keeps count of it.
        self.bottoms: Array = None
        #: With true heads (see `watch`): which tokens were reduced, and how many dependents of each
        #: wait on the stack without a head.
        self.true: Array = None
        self.reduced: Array = None
        self.waiting: Array = None
        ends = np.cumsum(lengths)
        starts = ends - lengths
        self.starts[starts] = True
        #: Of the documents that aren't parsed yet: numbers, tops, next tokens, ends of sentences
        #: and of documents, and tokens that returned to the input.
        self.docs = np.arange(len(lengths))
        self.top = np.full(len(lengths), size)
        self.next, self.end = starts, ends
        self.limit = self.bounds[starts] if size else starts
        self.back = np.full(len(lengths), size)
        self._settle()
        self._describe()

    def watch(self, true: Array) -> None:
        """Keep count for an oracle, from the start: ``true`` heads, shape ``(tokens + 1,)``."""
        self.true = true
        self.reduced = np.zeros(self.none + 1, dtype=bool)
        self.waiting = np.zeros(self.none + 1, dtype="int64")
        self._wait(self.top, 1)

    def _wait(self, tokens: Array, change: int) -> None:
        """Tokens without a head came on the stack, or left it. They are of different documents, and
        so are their heads."""
        if self.true is not None:
            self.waiting[self.true[tokens]] += change

    def _describe(self) -> None:
        """What actions and states are made from: done once for each step."""
        self.returned = self.back != self.none
        self.front = np.where(self.returned, self.back, self.next)
        # A sentence can't begin at a token that has dependents before it.
        unbound = self.left_child[self.next] == self.none
        self.number = np.where(self.returned, 2, self.codes[self.next] * unbound)
        self.number += self.heads[self.top] != self.none

    def ids(self, size: int) -> Array:
        """The tokens of the states, int64 of shape ``(states, size)``."""
        none = self.none
        second = self.next + 1
        front, top = self.front, self.top
        ids = np.empty((len(top), size), dtype="int64")
        ids[:, 0] = front
        ids[:, 1] = np.where(self.returned | (second >= self.limit), none, second)
        ids[:, 2] = top
        ids[:, 3] = under = self.below[top]
        ids[:, 4] = self.below[under]
        ids[:, 5] = self.left_child[front]
        ids[:, 6] = self.left_child[top]
        ids[:, 7] = self.right_child[top]
        if size == 13:
            ids[:, 8] = self.left_before[top]
            ids[:, 9] = self.right_before[top]
            ids[:, 10] = self.left_child[under]
            ids[:, 11] = self.right_child[under]
            ids[:, 12] = self.right_before[under]
        return ids

    def apply(self, kinds: Array, relations: Array) -> Array | None:
        """Take one action in each state. Returns which of the states go on, as a bool array, or
        ``None`` if all do."""
        none = self.none
        top, front = self.top, self.front
        left, right = kinds == LEFT, kinds == RIGHT
        push = right | (kinds == SHIFT)
        under = self.below[top]
        # Writing to the place `none` is how a state is left out; it is put right below.
        onto = np.where(left, front, none)
        self.left_before[onto] = self.left_child[onto]
        self.left_child[onto] = top
        child = np.where(left, top, np.where(right, front, none))
        self.heads[child] = np.where(left, front, top)
        self.relations[child] = relations
        onto = np.where(right, top, none)
        self.right_before[onto] = self.right_child[onto]
        self.right_child[onto] = front
        pushed = np.where(push, front, none)
        self.headless[pushed] = np.where(right, self.headless[top], front)
        self.below[pushed] = top
        for array in self._chains:
            array[none] = none
        if self.true is not None:
            self.reduced[top[kinds == REDUCE]] = True
            self._wait(top[left], -1)
            self._wait(front[kinds == SHIFT], 1)
        self.top = np.where(push, front, np.where(left | (kinds == REDUCE), under, top))
        self.next = self.next + (push & ~self.returned)
        self.back = np.where(push, none, self.back)
        self.limit = np.where(kinds == BREAK, self.next, self.limit)
        going = self._settle()
        self._describe()
        return going

    @property
    def _chains(self) -> tuple[Array, ...]:
        return (
            self.heads,
            self.below,
            self.headless,
            self.left_child,
            self.right_child,
            self.left_before,
            self.right_before,
        )

    def trees(self) -> Trees:
        """The trees, when all documents are parsed."""
        heads = self.heads[:-1]
        relations = np.where(heads == np.arange(len(heads)), -1, self.relations[:-1])
        return Trees(heads, relations, self.starts[:-1])

    def _settle(self) -> Array | None:
        """Do what needs no decision, until each state has a top and a next token or is done."""
        none = self.none
        at = None
        while True:
            if at is None:
                empty = self.top == none
                spent = (self.next >= self.limit) & (self.back == none)
                at = np.flatnonzero(empty | spent)
            else:
                empty = self.top[at] == none
                spent = (self.next[at] >= self.limit[at]) & (self.back[at] == none)
                open_ = (empty | spent) & ~(empty & spent & (self.next[at] >= self.end[at]))
                at = at[open_]
            if not len(at):
                break
            self._finish(at)
            self._begin(at)
        done = (self.top == none) & (self.next >= self.end) & (self.back == none)
        if not done.any():
            return None
        going = ~done
        self.keep(going)
        return going

    def keep(self, which: Array) -> None:
        """Leave out all but some of the documents that aren't parsed yet."""
        for name in ("docs", "top", "next", "end", "limit", "back"):
            setattr(self, name, getattr(self, name)[which])

    def _finish(self, at: Array) -> None:
        """In those of the states ``at`` whose input is spent, return the nearest headless token
        of the stack to it, or if there is one only, make it a root and clear the stack."""
        none = self.none
        at = at[
            (self.top[at] != none) & (self.next[at] >= self.limit[at]) & (self.back[at] == none)
        ]
        if not len(at):
            return
        loose = self.headless[self.top[at]]
        under = self.below[loose]
        root = under == none
        roots = loose[root]
        self.heads[roots] = roots
        self.top[at] = under
        self.back[at] = np.where(root, none, loose)
        self._wait(loose[~root], -1)
        over = at[root]
        start = self.next[over]
        inside = start < self.end[over]
        self.limit[over[inside]] = self.bounds[start[inside]]
        self.starts[start[inside]] = True

    def _begin(self, at: Array) -> None:
        """In those of the states ``at`` whose stack is empty, shift."""
        none = self.none
        returned = self.back[at] != none
        at = at[(self.top[at] == none) & (returned | (self.next[at] < self.end[at]))]
        if not len(at):
            return
        returned = self.back[at] != none
        token = np.where(returned, self.back[at], self.next[at])
        self.top[at] = token
        self.below[token] = none
        self.headless[token] = token
        self._wait(token, 1)
        if self.bottoms is not None:
            self.bottoms[self.docs[at]] = token
        self.back[at] = none
        self.next[at] += ~returned


@dataclass(frozen=True)
class Trees:
    """What parsing gives, shape ``(tokens,)``: heads (a root is its own), numbers of relations (-1
    of roots), and whether a sentence starts."""

    heads: Array
    relations: Array
    starts: Array


def parse(
    scorer: StateScores,
    lengths: NDArray[np.int64],
    actions: ParserActions,
    *,
    bounds: NDArray[np.int64] | None = None,
    breaks: NDArray[np.bool_] | None = None,
) -> Trees:
    """Take the best action in each state until all documents are parsed. See
    :class:`ParserStates` for the arguments. Raises :class:`FloatingPointError` where scores are NaN
    or infinite: the best of them needn't be an action that can be taken, and so there is no end."""
    states = ParserStates(lengths, bounds=bounds, breaks=breaks)
    advance(states, scorer, actions)
    return states.trees()


def advance(states: Any, scorer: StateScores, actions: ParserActions) -> None:
    """Take the best action in each state until none is left."""
    while len(states.docs):
        scores = scorer.scores(states.ids(scorer.size))
        scores += actions.barred[states.number]
        best = scores.argmax(axis=1)
        check_finite(scores[np.arange(len(best)), best])
        states.apply(actions.kinds[best], actions.relations[best])
