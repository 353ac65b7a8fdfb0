"""The actions of spaCy's parsers: in lock step and one by one, and what each may do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spanloom_tasks.transitions.arc_eager import advance
from spanloom_tasks.transitions.arc_eager_open import OpenActions, OpenStates
from spanloom_tasks.transitions.arc_eager_open_few import parse_open_few


class HashedScores:
    """Scores that depend on the tokens of a state and nothing else."""

    size = 8

    def __init__(self, actions: OpenActions, seed: int) -> None:
        self.table = np.random.default_rng(seed).normal(size=(97, actions.size)).astype("f")

    def scores(self, ids: Any) -> Any:
        return self.table[(ids * np.array([1, 3, 7, 11, 13, 17, 19, 23])).sum(axis=1) % 97].copy()

    def scores_of(self, tokens: list[int]) -> Any:
        return self.scores(np.asarray([tokens]))[0]


class Chosen:
    """A scorer that takes the named actions, one after the other."""

    size = 8

    def __init__(self, actions: OpenActions, *taken: int) -> None:
        self.actions, self.taken = actions, list(taken)

    def scores_of(self, tokens: list[int]) -> Any:
        scores = np.zeros(self.actions.size, dtype="f")
        scores[self.taken.pop(0)] = 1.0
        return scores


#: One label for Left and Right each: Shift, Reduce, Break, Left, Right are 0 to 4.
ACTIONS = OpenActions([0], [0])
SHIFT, REDUCE, BREAK, LEFT, RIGHT = range(5)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("breaks", [1, 2])
def test_lock_step_and_one_by_one_give_the_same(seed: int, breaks: int) -> None:
    random = np.random.default_rng(seed)
    actions = OpenActions([0, 1, 2], [2, 1], breaks=breaks)
    lengths = random.integers(1, 30, size=12)
    size = int(lengths.sum())
    known = random.choice([-1, 0, 0, 0, 0, 1], size=size)
    flags: dict[str, Any] = {"starts": known == 1, "denied": known == -1} if seed % 2 else {}
    scorer = HashedScores(actions, seed)
    states = OpenStates(lengths, **flags)
    advance(states, scorer, actions)
    few = parse_open_few(scorer, lengths.tolist(), actions, **flags)
    assert np.array_equal(states.heads[:-1], few.heads)
    assert np.array_equal(states.relations[:-1], few.relations)
    assert np.array_equal(states.starts[:-1], few.starts)


def heads(length: int, *taken: int, **flags: Any) -> list[int]:
    scorer = Chosen(ACTIONS, *taken)
    found = parse_open_few(scorer, [length], ACTIONS, **flags).heads.tolist()
    assert not scorer.taken, "some actions were never asked for"
    return found


def test_left_takes_a_top_from_the_head_that_it_has() -> None:
    # 0 -> 1 by Right, then 1 <- 2 by Left, and 0 <- 2.
    assert heads(3, SHIFT, RIGHT, LEFT, LEFT) == [2, 2, 3]


def test_a_returned_token_is_not_shifted_again() -> None:
    # Reduce returns 1, which has no head; Shift of it is barred, so the next best is taken.
    assert heads(3, SHIFT, SHIFT, REDUCE, RIGHT, RIGHT)[1] == 0


def test_break_marks_the_second_token_and_nothing_hangs_across() -> None:
    found = heads(2, BREAK)
    assert found == [2, 2]


def test_a_start_that_is_known_is_never_a_dependent() -> None:
    scorer = HashedScores(ACTIONS, 1)
    starts = np.zeros(40, dtype=bool)
    starts[20] = True
    found = parse_open_few(scorer, [40], ACTIONS, starts=starts.tolist()).heads
    before, after = found[:20], found[20:]
    assert ((before < 20) | (before == 40)).all() and (after >= 20).all()
