"""Beams of arc-eager parses: for each document the best few readings at once.

A reading's score is the logarithm of its chance: the sum over its actions, each normalized over
those that can be taken. All readings of all documents are states of one batch
(:class:`~spanloom_tasks.transitions.arc_eager.ParserStates`): each document is in it ``width``
times, and the n-th *slot* of a document holds one of its readings. Where a reading goes on in
several ways, what its state needs is copied into slots that are free. Trees aren't copied, but made
from the actions at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arc_eager import ParserActions, ParserStates, StateScores, Trees, check_finite
from .arc_eager_oracle import ParserOracle

__all__ = ["Beam", "Bounds", "Step"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """Where sentences must end and may begin, as :class:`ParserStates` takes it."""

    bounds: Ints | None
    breaks: Bools


@dataclass(frozen=True)
class Step:
    """One step of a beam: ``slots`` of the states that were scored, numbered through the documents,
    their ``ids``, and the logarithms of the chances of their actions. Then for each slot of each
    document, shape ``(docs, width)``, what is so after it: the slot that its reading was in before,
    ``parents``, its last action, ``taken`` (-1 if it took none), its score, and whether all of its
    actions were good, ``clean``."""

    slots: Ints
    ids: Ints
    log_chances: NDArray[np.float32]
    parents: Ints
    taken: Ints
    scores: Floats
    clean: Bools


class _Slots(ParserStates):
    """States of ``width`` slots for each document, at first with one reading of each document."""

    def __init__(self, lengths: Ints, width: int, bounds: Bounds) -> None:
        self.width = width
        self.lengths = np.repeat(lengths, width)
        self.begin = np.cumsum(self.lengths) - self.lengths
        own = np.repeat(np.cumsum(lengths) - lengths, width)
        #: For each token the one that it's a copy of.
        self.origin = np.arange(self.lengths.sum()) + np.repeat(own - self.begin, self.lengths)
        ends = bounds.bounds
        if ends is not None:
            ends = ends[self.origin] + np.repeat(self.begin - own, self.lengths)
        super().__init__(self.lengths, bounds=ends, breaks=bounds.breaks[self.origin])
        self.origin = np.append(self.origin, lengths.sum())
        self.bottoms = self.begin.copy()
        #: By slot, up to which token something was written.
        self._reach = self.begin.copy()

    def take(self, rows: Ints, slots: Ints) -> None:
        """Go on with the states of some rows, maybe several times, in these slots."""
        self._reach[self.docs] = self.next
        before = self.docs[rows]
        shift = self.begin[slots] - self.begin[before]
        moved = np.flatnonzero(before != slots)
        if len(moved):
            self._copy(rows[moved], before[moved], slots[moved], shift[moved])
        self.docs = slots
        self.next, self.end, self.limit = (
            each[rows] + shift for each in (self.next, self.end, self.limit)
        )
        self.top, self.back = (self._shifted(each[rows], shift) for each in (self.top, self.back))
        self._reach[slots] = self.begin[slots] + self.lengths[slots]  # if it's whole next
        self.bottoms[slots] = self.bottoms[before] + shift
        self._describe()

    def _shifted(self, tokens: Ints, shift: Ints) -> Ints:
        shifted: Ints = np.where(tokens == self.none, tokens, tokens + shift)
        return shifted

    def _copy(self, rows: Ints, before: Ints, slots: Ints, shift: Ints) -> None:
        """Copy what was written about tokens: those that can still be asked for."""
        low, high = self.bottoms[before] + shift, self.begin[slots] + self.lengths[slots]
        if self.true is None:
            high = np.minimum(high, np.maximum(self.next[rows] + shift, self._reach[slots]) + 1)
        else:  # an oracle asks for any token
            low = self.begin[slots]
        counts = high - low
        target = np.repeat(low - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        far = np.repeat(shift, counts)
        source = target - far
        for array in self._chains:
            array[target] = self._shifted(array[source], far)
        if self.true is not None:
            for array in (self.reduced, self.waiting):
                array[target] = array[source]


class Beam:
    """The readings of the documents of a batch; :meth:`advance` until none of them goes on.

    ``scores`` has shape ``(docs, width)``, minus infinity where there is no reading. Those less
    likely than ``density`` times the best are left out. With an oracle's ``true`` heads, relations
    and starts of sentences, steps say which readings are all good; ``only_good`` leaves out others.
    """

    def __init__(
        self,
        scorer: StateScores,
        lengths: Ints,
        actions: ParserActions,
        width: int,
        density: float,
        bounds: Bounds,
        *,
        true: tuple[Ints, Ints, Bools] | None = None,
        only_good: bool = False,
    ) -> None:
        self._scorer, self._lengths, self._actions = scorer, lengths, actions
        self._bounds = bounds
        self._width, self._only_good = width, only_good
        self._least = np.log(density) if density > 0 else -np.inf
        self.states = states = _Slots(lengths, width, bounds)
        self._oracle = None
        if true is not None:
            heads, relations, starts = true
            origin = states.origin[:-1]
            shift = np.arange(states.none) - origin
            heads = np.where(heads[origin] < 0, -1, heads[origin] + shift)
            self._oracle = ParserOracle(states, actions, heads, relations[origin], starts[origin])
        self.scores = np.full((len(lengths), width), -np.inf)
        self.scores[:, :1] = 0.0
        self.clean = np.ones((len(lengths), width), dtype=bool)
        self.steps: list[Step] = []
        states.keep(states.docs % width == 0)
        states._describe()

    @property
    def goes_on(self) -> bool:
        """Whether there are readings that aren't whole."""
        return bool(len(self.states.docs))

    def advance(self) -> None:
        """Take the best actions of all readings that aren't whole. Raises
        :class:`FloatingPointError` where scores are NaN or infinite."""
        states, actions, width = self.states, self._actions, self._width
        slots, size = states.docs, actions.size
        ids = states.origin[states.ids(self._scorer.size)]
        raw = self._scorer.scores(ids).astype(np.float64)
        valid = actions.valid[states.number]
        check_finite(np.where(valid, raw, 0.0))
        chances = _log_chances(raw, valid)
        good = valid if self._oracle is None else self._oracle.judge() & valid
        # Of each document, what becomes of each slot by each action, and whole readings.
        found = np.full((self.scores.size, size + 1), -np.inf)
        whole = np.ones(self.scores.size, dtype=bool)
        whole[slots] = False
        found[whole, size] = self.scores.ravel()[whole]
        allowed = good if self._only_good else valid
        found[slots, :size] = np.where(allowed, chances + self.scores.ravel()[slots, None], -np.inf)
        found = found.reshape(len(self.scores), -1)
        chosen = _best(found, width)
        scores = np.take_along_axis(found, chosen, axis=1)
        scores[scores < scores[:, :1] + self._least] = -np.inf
        parents, taken = np.divmod(chosen, size + 1)
        taken[taken == size] = -1
        alive = scores > -np.inf
        places = _places(parents, alive)
        self._move(scores, parents, taken, places, alive, good)
        self.steps.append(
            Step(slots, ids, chances.astype(np.float32), *self._last, self.scores, self.clean)
        )

    def _move(
        self, scores: Floats, parents: Ints, taken: Ints, places: Ints, alive: Bools, good: Bools
    ) -> None:
        """Give the chosen readings their slots, and take their actions."""
        states, actions, width = self.states, self._actions, self._width
        docs, ranks = np.nonzero(alive)
        to, source = places[docs, ranks], parents[docs, ranks]
        action = taken[docs, ranks]
        row_of = np.full(self.scores.size, -1)
        row_of[states.docs] = np.arange(len(states.docs))
        rows = row_of[docs * width + source]
        shape = self.scores.shape
        self.scores, clean = np.full(shape, -np.inf), np.ones(shape, dtype=bool)
        before, last = np.zeros(shape, dtype=np.int64), np.full(shape, -1)
        self.scores[docs, to] = scores[docs, ranks]
        before[docs, to], last[docs, to] = source, action
        ongoing = np.flatnonzero(action >= 0)
        clean[docs, to] = self.clean[docs, source]
        clean[docs[ongoing], to[ongoing]] &= good[rows[ongoing], action[ongoing]]
        self.clean, self._last = clean, (before, last)
        states.take(rows[ongoing], (docs * width + to)[ongoing])
        action = action[ongoing]
        states.apply(actions.kinds[action], actions.relations[action])

    def actions(self) -> Ints:
        """The actions of all readings, shape ``(steps, docs, width)``, -1 after the last one."""
        taken = np.full((len(self.steps), *self.scores.shape), -1)
        docs = np.arange(len(self.scores))[:, None]
        slots = np.broadcast_to(np.arange(self._width), self.scores.shape)
        for at in range(len(self.steps) - 1, -1, -1):
            step = self.steps[at]
            taken[at] = step.taken[docs, slots]
            slots = step.parents[docs, slots]
        return taken

    def ranked(self) -> tuple[Ints, Floats]:
        """The slots of each document, the best first, and what share of the chance of all of them
        each has, shape ``(docs, width)``; instead of those without a reading, the best again with
        no share."""
        order = np.argsort(-self.scores, axis=1, kind="stable")
        scores = np.take_along_axis(self.scores, order, axis=1)
        shares = np.exp(scores - scores[:, :1])
        shares /= shares.sum(axis=1, keepdims=True)
        return np.where(scores > -np.inf, order, order[:, :1]), shares

    def trees(self, slots: Ints) -> Trees:
        """The trees of the reading in one slot of each document, shape ``(docs,)``."""
        taken = self.actions()[:, np.arange(len(slots)), slots]
        bounds, breaks = self._bounds.bounds, self._bounds.breaks
        states = ParserStates(self._lengths, bounds=bounds, breaks=breaks)
        for step in taken:
            action = step[states.docs]
            states.apply(self._actions.kinds[action], self._actions.relations[action])
        return states.trees()


def _log_chances(scores: Floats, valid: Bools) -> Floats:
    """Logarithms of a softmax over the valid actions."""
    masked = np.where(valid, scores, -np.inf)
    masked -= masked.max(axis=1, keepdims=True)
    masked -= np.log(np.exp(masked).sum(axis=1, keepdims=True))
    return masked


def _best(found: Floats, width: int) -> Ints:
    """The columns of the greatest values of each row, the greatest first, of equal ones the first
    column."""
    if width == 1:
        best: Ints = found.argmax(axis=1)[:, None]
        return best
    some = np.sort(np.argpartition(-found, width - 1, axis=1)[:, :width], axis=1)
    order = np.argsort(-np.take_along_axis(found, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _places(parents: Ints, alive: Bools) -> Ints:
    """Slots for readings that come from the slots ``parents``: the first that comes from a slot
    stays there, and others go where none stays."""
    width = parents.shape[1]
    same = (parents[:, :, None] == parents[:, None, :]) & alive[:, None, :]
    stays = alive & ~(same & np.tri(width, k=-1, dtype=bool)).any(axis=2)
    used = np.zeros(parents.shape, dtype=bool)
    docs, ranks = np.nonzero(stays)
    used[docs, parents[docs, ranks]] = True
    free = np.argsort(used, axis=1, kind="stable")
    nth = np.cumsum(alive & ~stays, axis=1) - 1
    return np.where(stays, parents, np.take_along_axis(free, np.maximum(nth, 0), axis=1))
