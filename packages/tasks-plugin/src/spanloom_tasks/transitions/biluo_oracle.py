"""Which actions of the BILUO system make no mistake that wasn't made before, at any state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .biluo import Actions, Entities, Places

__all__ = ["GoldEntities", "States", "gold_states", "predicted_states"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class States:
    """States of a batch: next tokens, first tokens of the open entities (-1 outside) and the
    numbers of their labels (-1 outside), each of shape ``(states,)``."""

    tokens: Ints
    first: Ints
    labels: Ints

    def __len__(self) -> int:
        return len(self.tokens)

    def at(self, chosen: Any) -> States:
        """The states that ``chosen`` indexes."""
        return States(self.tokens[chosen], self.first[chosen], self.labels[chosen])

    def __add__(self, other: States) -> States:
        return States(
            np.concatenate([self.tokens, other.tokens]),
            np.concatenate([self.first, other.first]),
            np.concatenate([self.labels, other.labels]),
        )


class GoldEntities:
    """The true entities of a batch, and where nothing is known.

    ``known`` is bool of shape ``(tokens,)``. Entities must begin and end at tokens that may be
    edges. ``wrong`` are entities that are said not to be there.
    """

    def __init__(self, entities: Entities, known: Bools, wrong: Entities | None = None) -> None:
        size = len(known)
        self.entities = entities
        # One more place, so that the token after the last can be asked for.
        self.known = np.append(known, True)
        self._begins = np.full(size + 1, -1)
        self._begins[entities.starts] = np.arange(len(entities.starts))
        self._covering = _spread(entities, size + 1)
        self._wrong = None
        if wrong is not None and len(wrong.starts):
            self._wrong = self._code(wrong.starts, wrong.ends, wrong.labels)

    def _code(self, starts: Any, ends: Any, labels: Any) -> Any:
        return (labels * len(self.known) + starts) * len(self.known) + ends

    def judge(self, states: States, places: Places, actions: Actions) -> tuple[Bools, Bools]:
        """Which actions are valid and which are good, both of shape ``(states, actions)``."""
        valid = np.zeros((len(states), actions.size), dtype=bool)
        good = np.zeros_like(valid)
        outside = states.first < 0
        at = np.flatnonzero(outside)
        valid[at], good[at] = self._outside(states.tokens[at], places, actions)
        at = np.flatnonzero(~outside)
        valid[at], good[at] = self._inside(states.at(at), places, actions)
        return valid, good

    def _outside(self, tokens: Ints, places: Places, actions: Actions) -> tuple[Bools, Bools]:
        count = actions.count
        begins, units = slice(1, 1 + count), slice(1 + count, 1 + 2 * count)
        valid = np.zeros((len(tokens), actions.size), dtype=bool)
        valid[:, 0] = True
        edge = places.edge[tokens]
        valid[:, begins] = (edge & places.onward[tokens])[:, None]
        valid[:, units] = edge[:, None]
        good = np.zeros_like(valid)
        known = self.known[tokens]
        entity = self._begins[tokens]
        good[:, 0] = entity < 0
        good[:, units] = ~known[:, None]
        good[:, begins] = (~known & ~self.known[tokens + 1])[:, None]
        rows = np.flatnonzero(entity >= 0)
        which = entity[rows]
        label, single = self.entities.labels[which], _sizes(self.entities)[which] == 1
        good[rows, np.where(single, actions.unit(label), actions.begin(label))] = True
        if self._wrong is not None:
            for label in range(count):
                codes = self._code(tokens, tokens + 1, label)
                good[:, actions.unit(label)] &= ~np.isin(codes, self._wrong)
        return valid, good

    def _inside(self, states: States, places: Places, actions: Actions) -> tuple[Bools, Bools]:
        tokens, first, labels = states.tokens, states.first, states.labels
        rows = np.arange(len(states))
        inside, last = actions.inside(labels), actions.last(labels)
        valid = np.zeros((len(states), actions.size), dtype=bool)
        good = np.zeros_like(valid)
        valid[rows, inside] = places.onward[tokens]
        valid[rows, last] = places.last[tokens]
        entity = self._begins[first]
        right = entity >= 0
        right[right] = self.entities.labels[entity[right]] == labels[right]
        ends = np.zeros(len(states), dtype=np.int64)
        ends[right] = self.entities.ends[entity[right]]
        right &= tokens < ends
        # A lost entity: get out before the next one begins, and at the end of one that is overlaid.
        covering = self._covering[tokens]
        over = (covering >= 0) & (self._covering[tokens + 1] != covering)
        leave = over | (self._begins[tokens + 1] >= 0) | (self.known[tokens] & (covering < 0))
        closes = np.where(right, tokens == ends - 1, True)
        stays = np.where(right, tokens < ends - 1, ~leave)
        if self._wrong is not None:
            closes &= ~np.isin(self._code(first, tokens + 1, labels), self._wrong)
            stays |= ~closes & ~right
        good[rows, last] = closes
        good[rows, inside] = stays
        return valid, good


def _sizes(entities: Entities) -> Ints:
    sizes: Ints = np.subtract(entities.ends, entities.starts)
    return sizes


def _spread(entities: Entities, size: int) -> Ints:
    """For each of ``size`` tokens the number of the entity that it is in, or -1."""
    found = np.full(size, -1)
    sizes = _sizes(entities)
    number = np.repeat(np.arange(len(sizes)), sizes)
    found[_tokens(entities)] = number
    return found


def _tokens(entities: Entities) -> Ints:
    """The tokens of all entities."""
    sizes = _sizes(entities)
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    tokens: Ints = np.repeat(entities.starts, sizes) + within
    return tokens


def _path(entities: Entities, size: int) -> States:
    covering = _spread(entities, size)
    tokens = np.arange(size)
    first = np.where(covering >= 0, 0, -1)
    labels = first.copy()
    rows = np.flatnonzero(covering >= 0)
    first[rows] = entities.starts[covering[rows]]
    labels[rows] = entities.labels[covering[rows]]
    opening = first == tokens
    first[opening] = labels[opening] = -1
    return States(tokens, first, labels)


def gold_states(gold: GoldEntities) -> States:
    """The states on the way of the true entities, at tokens that are known."""
    size = len(gold.known) - 1
    path = _path(gold.entities, size)
    return path.at(np.flatnonzero(gold.known[:size]))


def predicted_states(entities: Entities, gold: GoldEntities) -> States:
    """The states on the way of predicted entities that aren't among :func:`gold_states`."""
    size = len(gold.known) - 1
    found, true = _path(entities, size), _path(gold.entities, size)
    same = (found.first == true.first) & (found.labels == true.labels)
    return found.at(np.flatnonzero(~same | ~gold.known[:size]))
