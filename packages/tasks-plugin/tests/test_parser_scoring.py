"""Scores of dependency trees."""

from __future__ import annotations

from typing import Any

import pytest

from spanloom import Doc, Example, Vocab
from spanloom_tasks import score_dependencies

VOCAB = Vocab("en")


def doc(words: list[str], spaces: list[bool] | None = None, **annotation: Any) -> Doc:
    return Doc(VOCAB, words=words, spaces=spaces or [True] * len(words), **annotation)


def test_dependencies() -> None:
    words = ["We", "see", "old", "dogs", "."]
    reference = doc(words, heads=[1, 1, 3, 1, 1], deps=["nsubj", "ROOT", "amod", "obj", "punct"])
    predicted = doc(words, heads=[1, 1, 1, 1, 0], deps=["nsubj", "ROOT", "amod", "iobj", "punct"])
    scores = score_dependencies([Example(predicted, reference)])
    # Without the full stop: heads 3 of 4 right, head and label 2 of 4.
    assert scores["dep_uas"] == 3 / 4
    assert scores["dep_las"] == 2 / 4
    assert scores["dep_las_per_type"]["nsubj"]["f"] == 1.0
    assert scores["dep_las_per_type"]["obj"] == {"p": 0.0, "r": 0.0, "f": 0.0}


def test_dependencies_of_different_tokens() -> None:
    reference = doc(["can't", "go"], heads=[1, 1], deps=["aux", "ROOT"])
    predicted = doc(
        ["ca", "n't", "go"], [False, True, True], heads=[2, 2, 2], deps=["aux", "advmod", "ROOT"]
    )
    scores = score_dependencies([Example(predicted, reference)])
    # Found: (can't, go, aux), (can't, go, advmod), (go, go, root).
    assert scores["dep_uas"] == 1.0
    assert scores["dep_las"] == pytest.approx(4 / 5)


def test_trees_that_nobody_annotated_have_no_scores() -> None:
    bare = doc(["a", "b"])
    assert set(score_dependencies([Example(bare, bare)]).values()) == {None}
