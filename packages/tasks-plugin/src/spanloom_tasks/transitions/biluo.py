"""Entities by the actions Begin, In, Last, Unit and Out (Ratinov and Roth 2009,
https://aclanthology.org/W09-1119), decoded for all documents at once.

A state outside an entity depends on its token alone. So all of them are scored at once; where Begin
wins, the entity is followed to its end, all such candidates in lock step; then they are taken from
the left, and those that an earlier one covers are dropped. The result is that of reading each
document from left to right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Actions", "Entities", "Places", "StateScores", "decode", "state_ids"]

Array = Any
Ints = NDArray[np.int64]

SPECULATIVE_STEPS = 24
"""How long all candidates are followed. Longer ones go on only once it is clear that no earlier one
covers them, so that the work stays linear."""


class StateScores(Protocol):
    """What gives scores: see :class:`~spanloom_tasks.transition_based.state_scorer.StateScorer`."""

    none: int
    size: int

    def scores(self, ids: Array) -> Array:
        """Scores for token ids of shape ``(states, size)``."""

    def outside_scores(self) -> Array:
        """Scores for all states of which only the first token is any, in order."""


@dataclass(frozen=True)
class Actions:
    """Numbers of the actions for ``count`` labels: Out, then Begin, Unit, In and Last with each."""

    count: int

    @property
    def size(self) -> int:
        """How many actions there are."""
        return 4 * self.count + 1

    @property
    def outside(self) -> int:
        """How many there are outside an entity: Out, Begin and Unit, the first ones."""
        return 2 * self.count + 1

    def begin(self, label: Any) -> Any:
        """Begin with the label of this number."""
        return label + 1

    def unit(self, label: Any) -> Any:
        """Unit with the label of this number."""
        return label + 1 + self.count

    def inside(self, label: Any) -> Any:
        """In with the label of this number."""
        return label + 1 + 2 * self.count

    def last(self, label: Any) -> Any:
        """Last with the label of this number."""
        return label + 1 + 3 * self.count


@dataclass(frozen=True)
class Places:
    """Where entities may be: bool arrays with a value for each token of a batch.

    ``edge``: a token may be the first of an entity. ``last``: it may be the last of one.
    ``onward``: an entity may go on after it, which means that a token that may be its last follows.
    ``ends``: shape ``(tokens,)``, where the token's document ends.
    """

    edge: NDArray[np.bool_]
    last: NDArray[np.bool_]
    onward: NDArray[np.bool_]
    ends: Ints
    #: States of six tokens have the first five of the entity, as spaCy's do.
    inner: bool = False

    def ends_of(self, tokens: Ints) -> Array | None:
        """What :func:`state_ids` takes for these tokens."""
        return None if self.inner else self.ends[tokens]

    @classmethod
    def of(
        cls,
        lengths: Ints,
        *,
        closed: NDArray[np.bool_] | None = None,
        space: NDArray[np.bool_] | None = None,
        starts: NDArray[np.bool_] | None = None,
        system: str = "spanloom",
    ) -> Places:
        """For documents of these lengths.

        ``closed`` tokens are in no entity (or in one that is known), those that are ``space`` may
        only be within one, or in spaCy's ``system`` end one, and no entity goes on into a token
        that ``starts`` a sentence.
        """
        size = int(lengths.sum())
        ends = np.cumsum(lengths)
        edge = np.ones(size, dtype=bool)
        if space is not None:
            edge &= ~space
        barrier = np.zeros(size + 1, dtype=bool)
        barrier[ends] = True
        if starts is not None:
            barrier[:size] |= starts
        spacy = system == "spacy"
        last = np.ones(size, dtype=bool) if spacy else edge
        if closed is not None:
            edge, last = edge & ~closed, last & ~closed
            barrier[:size] |= closed
        # The next token at which an entity may end, against the next at which it must have.
        onward = _next(last) < _next(barrier)[:size] if size else edge
        return cls(edge, last, onward, np.repeat(ends, lengths), spacy)


def _next(flags: NDArray[np.bool_]) -> Ints:
    """For each place the next one after it with a flag; far away if there is none."""
    far = len(flags) + 1
    places = np.where(flags, np.arange(len(flags)), far)
    found = np.full(len(flags), far)
    found[:-1] = np.minimum.accumulate(places[::-1])[::-1][1:]
    return found


@dataclass(frozen=True)
class Entities:
    """Entities of a batch, in order: first token, token after the last, and number of the label."""

    starts: Ints
    ends: Ints
    labels: Ints


def state_ids(tokens: Array, first: Array, ends: Array | None, none: int, size: int) -> Array:
    """The tokens of states, int64 of shape ``(states, size)``.

    ``tokens`` are the next ones, ``first`` the first ones of the open entities (``none`` outside),
    ``ends`` where the documents end. Three tokens are the next, the first and the one before the
    next if it is in the entity; six add the two that follow, and the second of the entity. Six
    without ``ends`` are the next and the first five of the entity.
    """
    ids = np.empty((len(tokens), size), dtype="int64")
    is_open = first != none
    ids[:, 0] = tokens
    if size == 6 and ends is None:
        places = first[:, None] + np.arange(5)
        ids[:, 1:] = np.where(is_open[:, None] & (places < tokens[:, None]), places, none)
        return ids
    ids[:, 1] = first
    ids[:, 2] = np.where(is_open, tokens - 1, none)
    if size == 6:
        ids[:, 3] = np.where(tokens + 1 < ends, tokens + 1, none)
        ids[:, 4] = np.where(tokens + 2 < ends, tokens + 2, none)
        ids[:, 5] = np.where(is_open & (first + 1 < tokens), first + 1, none)
    return ids


def decode(scorer: StateScores, places: Places, actions: Actions) -> Entities:
    """The entities that the best action at each state gives, reading from left to right."""
    nothing = np.zeros(0, dtype=np.int64)
    if not len(places.edge) or not actions.count:
        return Entities(nothing, nothing, nothing)
    starts, chosen = _openings(scorer, places, actions)
    return _Decoder(scorer, places, actions, starts, chosen).entities()


def _openings(scorer: StateScores, places: Places, actions: Actions) -> tuple[Ints, Ints]:
    """The tokens at which Begin or Unit is best outside an entity, and the action."""
    if scorer.size == 3 or places.inner:
        scores = scorer.outside_scores()[:, : actions.outside]
    else:
        tokens = np.arange(len(places.edge))
        nobody = np.full(len(tokens), scorer.none)
        ids = state_ids(tokens, nobody, places.ends, scorer.none, scorer.size)
        scores = scorer.scores(ids)[:, : actions.outside]
    best = scores.argmax(axis=1)
    opening = (best > 0) & places.edge
    starts = np.flatnonzero(opening)
    chosen = best[starts]
    # Begin where no token may follow: what is best among the others?
    stuck = np.flatnonzero((chosen <= actions.count) & ~places.onward[starts])
    if len(stuck):
        others = scores[starts[stuck]]
        others[:, 1 : 1 + actions.count] = -np.inf
        chosen[stuck] = others.argmax(axis=1)
        starts, chosen = starts[chosen > 0], chosen[chosen > 0]
    return starts, chosen


class _Decoder:
    """Candidates, which begin with the actions ``chosen``, on the way to entities.

    ``ends`` are 0 or less as long as they aren't known: -n where the token n is the next to look
    at, 0 for the second one of a candidate.
    """

    def __init__(
        self, scorer: StateScores, places: Places, actions: Actions, starts: Ints, chosen: Ints
    ) -> None:
        self.scorer, self.places, self.actions = scorer, places, actions
        single = chosen > actions.count
        self.starts = starts
        self.ends: Ints = np.where(single, starts + 1, 0)
        self.labels: Ints = np.where(single, chosen - 1 - actions.count, chosen - 1)

    def entities(self) -> Entities:
        """The candidates that stay: from the left, each that no kept one covers."""
        self._follow(np.flatnonzero(self.ends == 0), SPECULATIVE_STEPS)
        while True:
            kept, pending = _from_the_left(self.starts, self.ends, self.places.ends)
            if not len(pending):
                return Entities(self.starts[kept], self.ends[kept], self.labels[kept])
            self.ends[pending] = -self.ends[pending]
            self._follow(pending, None)

    def _follow(self, which: Ints, limit: int | None) -> None:
        """Follow the open entities ``which`` in lock step, for so many steps, and write their
        ends."""
        places = self.places
        tokens = np.maximum(self.ends[which], self.starts[which] + 1)
        steps = 0
        while len(which):
            if steps == limit:
                self.ends[which] = -tokens
                return
            ids = state_ids(
                tokens,
                self.starts[which],
                places.ends_of(tokens),
                self.scorer.none,
                self.scorer.size,
            )
            scores = self.scorer.scores(ids)
            rows, label = np.arange(len(which)), self.labels[which]
            last, inside = self.actions.last(label), self.actions.inside(label)
            closing = scores[rows, last] > scores[rows, inside]
            closing = (closing | ~places.onward[tokens]) & places.last[tokens]
            self.ends[which[closing]] = tokens[closing] + 1
            which, tokens = which[~closing], tokens[~closing] + 1
            steps += 1


def _from_the_left(starts: Ints, ends: Ints, bounds: Ints) -> tuple[Ints, Ints]:
    """The candidates to keep, and those among them whose ends must be known first. The rest of a
    document behind one of these counts as covered for now."""
    reach = np.where(ends > 0, ends, bounds[starts]) if len(starts) else ends
    if not (reach[:-1] > starts[1:]).any():
        return np.arange(len(starts)), np.flatnonzero(ends <= 0)
    kept, covered = [], 0
    for at, (start, end) in enumerate(zip(starts.tolist(), reach.tolist())):
        if start >= covered:
            kept.append(at)
            covered = end
    found = np.asarray(kept, dtype=np.int64)
    return found, found[ends[found] <= 0]
