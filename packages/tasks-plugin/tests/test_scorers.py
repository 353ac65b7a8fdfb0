"""The scorers of the tasks by their registered names."""

from __future__ import annotations

import pytest

from spanloom import Doc, Example, Vocab, registry


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("parser", {"dep_uas", "dep_las", "sents_f"}),
        ("ner", {"ents_p", "ents_r", "ents_f", "ents_per_type"}),
    ],
)
def test_scorers_by_name(name, keys):
    scorer = registry.scorers.get(f"spanloom.{name}_scorer.v1")()
    docs = [Doc(Vocab("en"), words=["a"]) for _ in range(2)]
    assert keys <= set(scorer(iter([Example(*docs)])))
