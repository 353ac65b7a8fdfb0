"""Scores of entities."""

from __future__ import annotations

from typing import Any

from spanloom import Doc, Example, Vocab
from spanloom_tasks import score_entities

VOCAB = Vocab("en")


def doc(words: list[str], **annotation: Any) -> Doc:
    return Doc(VOCAB, words=words, **annotation)


def test_entities() -> None:
    words = ["Ann", "Lee", "saw", "New", "York"]
    reference = doc(words, ents=["B-PER", "I-PER", "O", "B-LOC", "I-LOC"])
    predicted = doc(words, ents=["B-PER", "I-PER", "O", "O", "B-LOC"])
    scores = score_entities([Example(predicted, reference)])
    assert (scores["ents_p"], scores["ents_r"], scores["ents_f"]) == (0.5, 0.5, 0.5)
    assert scores["ents_per_type"]["PER"]["f"] == 1.0
    assert scores["ents_per_type"]["LOC"]["f"] == 0.0


def test_entities_where_the_reference_says_nothing() -> None:
    words = ["Ann", "saw", "Rome"]
    reference = doc(words, ents=["B-PER", "O", ""])
    predicted = doc(words, ents=["B-PER", "O", "B-LOC"])
    assert score_entities([Example(predicted, reference)])["ents_p"] == 1.0
    # Entities count that stand beside what isn't known, on either side.
    for marks in (["B-PER", "", "B-LOC"], ["B-PER", "O", "B-LOC"]):
        scores = score_entities([Example(doc(words, ents=marks), doc(words, ents=marks))])
        assert (scores["ents_p"], scores["ents_r"]) == (1.0, 1.0)
    beside = doc(words, ents=["", "O", ""])
    wrong = doc(words, ents=["O", "B-LOC", "O"])
    assert score_entities([Example(wrong, beside)])["ents_p"] == 0.0
    all_outside = doc(words, ents=["O", "O", "O"])
    assert score_entities([Example(predicted, all_outside)])["ents_p"] == 0.0


def test_entities_that_nobody_annotated_have_no_scores() -> None:
    bare = doc(["a", "b"])
    assert set(score_entities([Example(bare, bare)]).values()) == {None}
