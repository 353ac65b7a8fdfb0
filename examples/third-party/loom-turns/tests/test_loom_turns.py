"""Tests of loom-turns."""

from __future__ import annotations

import spanloom
from spanloom import registry
from spanloom_devkit.testing import SpanGetterConformance

DIALOGUE = "Two friends.\nAda: Hello.\nBob: Good day, Ada!\nAda: Tea?"


class TestTurns(SpanGetterConformance):
    name = "loom-turns.turns.v1"


def spans(**settings: int) -> list[str]:
    block = {"@span_getters": "loom-turns.turns.v1", **settings}
    getter = registry.resolve({"get_spans": block})["get_spans"]
    return [span.text.strip() for span in getter([spanloom.blank("en")(DIALOGUE)])[0]]


def test_turns() -> None:
    assert spans() == ["Two friends.", "Ada: Hello.", "Bob: Good day, Ada!", "Ada: Tea?"]


def test_turns_with_what_was_said_before() -> None:
    assert spans(context=1)[2] == "Ada: Hello.\nBob: Good day, Ada!"
