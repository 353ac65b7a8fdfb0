"""Entities as tags, spans and offsets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom import Doc
from spanloom.errors import DataError
from spanloom.vocab import Vocab
from spanloom_formats.iob.tags import (
    biluo_tags_to_offsets,
    biluo_tags_to_spans,
    biluo_to_iob,
    iob_to_biluo,
    offsets_to_biluo_tags,
    tags_to_entities,
)

WORDS = ["Ann", "met", "New", "York", "City"]


@pytest.fixture
def doc():
    return Doc(Vocab(), words=WORDS)


@pytest.mark.lengthy
@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "-"]), max_size=12))
def test_iob_and_biluo_hold_the_same_entities(tags):
    biluo = iob_to_biluo(tags)
    entities = tags_to_entities(biluo)
    assert iob_to_biluo(biluo_to_iob(biluo)) == biluo
    inside = {i for _, start, end in entities for i in range(start, end + 1)}
    assert inside == {i for i, tag in enumerate(tags) if tag[0] in "BI"}


def test_offsets_to_tags_and_back(doc):
    entities = [(0, 3, "PER"), (8, 21, "LOC")]
    tags = offsets_to_biluo_tags(doc, entities)
    assert tags == ["U-PER", "O", "B-LOC", "I-LOC", "L-LOC"]
    assert biluo_tags_to_offsets(doc, tags) == entities
    assert [span.text for span in biluo_tags_to_spans(doc, tags)] == ["Ann", "New York City"]


def test_bounds_within_tokens_are_unknown(doc):
    with pytest.warns(UserWarning, match="no tokens start and end as the entity"):
        tags = offsets_to_biluo_tags(doc, [(1, 5, "X")], missing="")
    assert tags == ["-", "-", "", "", ""]
    assert tags_to_entities(["-", "U-A", "", None]) == [("A", 1, 1)]


def test_mistakes_name_their_place(doc):
    with pytest.raises(DataError, match="share token 2"):
        offsets_to_biluo_tags(doc, [(8, 11, "A"), (8, 16, "B")])
    with pytest.raises(DataError, match="tag 1 is 'L-B'"):
        tags_to_entities(["B-A", "L-B"])
    with pytest.raises(DataError, match="has no end"):
        tags_to_entities(["O", "B-A"])
    with pytest.raises(DataError, match="no 'L-A' before"):
        tags_to_entities(["B-A", "O"])
    with pytest.raises(DataError, match="tag 0 is 'X'"):
        iob_to_biluo(["X"])
    with pytest.raises(DataError, match="2 tags for a document of 5"):
        biluo_tags_to_spans(doc, ["O", "O"])
