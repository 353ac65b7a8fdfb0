"""Tests of loom-readability."""

from __future__ import annotations

import pytest
from loom_readability.component import syllables

import spanloom
from spanloom_devkit.testing import ComponentConformance


class TestReadability(ComponentConformance):
    name = "readability"
    before = ("sentencizer",)


@pytest.mark.parametrize(
    ("word", "count"), [("cat", 1), ("table", 2), ("readable", 3), ("time", 1), ("x", 1), ("42", 0)]
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_harder_texts_score_lower() -> None:
    nlp = spanloom.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("readability")
    easy, hard, none = nlp.pipe(
        ["The cat sat. It was fat.", "Extraordinary considerations notwithstanding.", "42!"]
    )
    assert easy._.reading_ease == pytest.approx(119.19)
    assert hard._.reading_ease < 0 < easy._.reading_ease
    assert none._.reading_ease is None
