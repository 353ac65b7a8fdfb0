"""The chances of entities under the BILUO system, and the most likely reading of a document.

A state outside an entity depends on its token alone, and one inside on the entity's first token and
label too. So the readings of a document form a lattice with one node between each two tokens, and
sums and maxima over all of them are exact, up to the entities that are too unlikely to look at: no
beam is needed. The chances of actions are those of a softmax over the valid ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .biluo import Actions, Entities, Places, StateScores, state_ids

__all__ = ["Candidates", "candidates", "entity_chances", "most_likely"]

Array = Any
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LONGEST = 200
"""Entities of more tokens aren't looked at."""


@dataclass(frozen=True)
class Candidates:
    """Entities with the chance that one is read when its first token is reached outside of any;
    and for each token the chance of Out there."""

    entities: Entities
    chances: Floats
    out: Floats


def candidates(
    scorer: StateScores, places: Places, actions: Actions, *, density: float, width: int
) -> Candidates:
    """All entities with a chance of ``density`` or more; of those that begin at one token with
    Begin, the ``width`` most likely labels."""
    count, size = actions.count, len(places.edge)
    chance = _outside_chances(scorer, places, actions)
    tokens, labels = np.nonzero(chance[:, 1 + count :] >= density)
    found = [(tokens, tokens + 1, labels, chance[tokens, 1 + count + labels])]
    begins = chance[:, 1 : 1 + count]
    if width < count:
        least = np.partition(begins, count - width, axis=1)[:, count - width, None]
        begins = np.where(begins >= least, begins, 0.0)
    first, labels = np.nonzero(begins >= density)
    tokens, open_ = first + 1, begins[first, labels]
    for _ in range(LONGEST):
        if not len(first):
            break
        close = _closing_chances(scorer, places, actions, (tokens, first, labels))
        ended = open_ * close
        kept = np.flatnonzero(ended >= density)
        found.append((first[kept], tokens[kept] + 1, labels[kept], ended[kept]))
        open_ = open_ * (1.0 - close)
        kept = np.flatnonzero(open_ >= density)
        tokens, first, labels, open_ = tokens[kept] + 1, first[kept], labels[kept], open_[kept]
    starts, ends, labels, chances = (np.concatenate(each) for each in zip(*found))
    order = np.lexsort((labels, ends, starts))
    entities = Entities(starts[order], ends[order], labels[order])
    return Candidates(entities, chances[order], chance[:, 0] if size else np.zeros(0))


def _outside_chances(scorer: StateScores, places: Places, actions: Actions) -> Floats:
    tokens = np.arange(len(places.edge))
    ids = state_ids(
        tokens, np.full(len(tokens), scorer.none), places.ends_of(tokens), scorer.none, scorer.size
    )
    scores: Floats = scorer.scores(ids)[:, : actions.outside].astype(np.float64)
    scores[~(places.edge & places.onward), 1 : 1 + actions.count] = -np.inf
    scores[~places.edge, 1 + actions.count :] = -np.inf
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _closing_chances(
    scorer: StateScores, places: Places, actions: Actions, states: tuple[Ints, Ints, Ints]
) -> Floats:
    """The chance of Last, against In, in states of next token, first token and label."""
    tokens, first, labels = states
    ids = state_ids(tokens, first, places.ends_of(tokens), scorer.none, scorer.size)
    scores = scorer.scores(ids).astype(np.float64)
    rows = np.arange(len(tokens))
    gap = scores[rows, actions.inside(labels)] - scores[rows, actions.last(labels)]
    close: Floats = 1.0 / (1.0 + np.exp(np.clip(gap, -500, 500)))
    close[~places.onward[tokens]] = 1.0
    close[~places.last[tokens]] = 0.0
    return close


def most_likely(found: Candidates) -> Entities:
    """The entities of the most likely reading of all documents."""
    with np.errstate(divide="ignore"):
        out, chances = np.log(found.out).tolist(), np.log(found.chances).tolist()
    size = len(out)
    best, via = [-np.inf] * size + [0.0], [-1] * (size + 1)
    starts, ends = found.entities.starts.tolist(), found.entities.ends.tolist()
    at = len(starts) - 1
    for token in range(size - 1, -1, -1):
        best[token] = out[token] + best[token + 1]
        while at >= 0 and starts[at] == token:
            value = chances[at] + best[ends[at]]
            if value > best[token]:
                best[token], via[token] = value, at
            at -= 1
    kept, token = [], 0
    while token < size:
        if via[token] >= 0:
            kept.append(via[token])
            token = ends[via[token]]
        else:
            token += 1
    entities, chosen = found.entities, np.asarray(kept, dtype=np.int64)
    return Entities(entities.starts[chosen], entities.ends[chosen], entities.labels[chosen])


def entity_chances(found: Candidates) -> Floats:
    """The chance of each candidate over all readings of the document, shape ``(candidates,)``."""
    out, chances = found.out.tolist(), found.chances.tolist()
    starts, ends = found.entities.starts.tolist(), found.entities.ends.tolist()
    size = len(out)
    # What is too unlikely to be a candidate is missing from the sums: at each token, put it right.
    total = np.asarray(out)
    np.add.at(total, found.entities.starts, found.chances)
    reached = [0.0] * (size + 1)
    reached[0] = 1.0
    scale = (1.0 / np.maximum(total, 1e-12)).tolist()
    marginal, at = [0.0] * len(starts), 0
    for token in range(size):
        arrived = reached[token] * scale[token]
        reached[token + 1] += arrived * out[token]
        while at < len(starts) and starts[at] == token:
            marginal[at] = arrived * chances[at]
            reached[ends[at]] += marginal[at]
            at += 1
    return np.asarray(marginal, dtype=np.float64)
