"""The dependency matcher; what it finds with each relation is in test_frozen.py."""

from __future__ import annotations

import pickle
import re

import pytest

import spanloom
from spanloom import Doc
from spanloom.errors import DataError
from spanloom_rules import DependencyMatcher, PatternError, UnknownRuleError

FOX = {"RIGHT_ID": "fox", "RIGHT_ATTRS": {"ORTH": "fox"}}
COLOUR = {"LEFT_ID": "fox", "REL_OP": ">", "RIGHT_ID": "q", "RIGHT_ATTRS": {"DEP": "amod"}}


@pytest.fixture
def vocab():
    return spanloom.blank("en").vocab


@pytest.fixture
def doc(vocab):
    words = ["The", "quick", "brown", "fox", "jumped"]
    return Doc(
        vocab, words=words, heads=[3, 3, 3, 4, 4], deps=["det", "amod", "amod", "nsubj", "ROOT"]
    )


def test_subtrees_are_found_and_told_to_callbacks(vocab, doc) -> None:
    seen = []
    matcher = DependencyMatcher(vocab)
    matcher.add("FOX", [[FOX, COLOUR]], on_match=lambda *args: seen.append(args[2]))
    key = vocab.strings["FOX"]
    assert matcher(doc) == [(key, [3, 1]), (key, [3, 2])] and seen == [0, 1]
    assert matcher(doc[2:]) == [(key, [1, 0])]
    again = pickle.loads(pickle.dumps(DependencyMatcher(vocab)))  # noqa: S301
    assert len(again) == 0


def test_rules_are_asked_for_and_removed(vocab, doc) -> None:
    matcher = DependencyMatcher(vocab)
    matcher.add("A", [[FOX]])
    matcher.add("A", [[FOX, COLOUR]])
    matcher.add("B", [[FOX]])
    assert len(matcher) == 2 and "A" in matcher and matcher.has_key("B")
    assert matcher.get("A") == (None, [[FOX], [FOX, COLOUR]]) and matcher.get("C", 5) == 5
    assert len(matcher(doc)) == 4
    matcher.remove("A")
    assert matcher(doc) == [(vocab.strings["B"], [3])]
    with pytest.raises(UnknownRuleError, match="no rule 'A'"):
        matcher.remove("A")


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ([], "must be a list of dicts"),
        ([5], "node 0: give a dict"),
        ([{"RIGHT_ID": "a"}], "node 0: RIGHT_ATTRS missing"),
        ([COLOUR], "the first node is related to none"),
        ([FOX, {"RIGHT_ID": "b", "RIGHT_ATTRS": {}}], "node 1: LEFT_ID, REL_OP missing"),
        ([FOX, {**COLOUR, "RIGHT_ID": "fox"}], "'fox' is there twice"),
        ([FOX, {**COLOUR, "LEFT_ID": "dog"}], "'dog' is none of the nodes before"),
        ([FOX, {**COLOUR, "REL_OP": "!!!"}], "no REL_OP '!!!'"),
        ([{**FOX, "RIGHT_ATTRS": {"OP": "*"}}], "can't have OP '*'"),
        ([{**FOX, "RIGHT_ATTRS": {"COLOUR": "x"}}], "no attribute 'COLOUR'"),
    ],
)
def test_bad_patterns_are_named(vocab, pattern, message) -> None:
    matcher = DependencyMatcher(vocab)
    with pytest.raises(PatternError, match=re.escape(message)) as error:
        matcher.add("RULE", [[FOX], pattern])
    assert "'RULE'" in str(error.value) and "pattern 1" in str(error.value) and len(matcher) == 0


def test_documents_without_heads_are_named(vocab) -> None:
    matcher = DependencyMatcher(vocab)
    matcher.add("FOX", [[FOX]])
    with pytest.raises(DataError, match="no dependency heads"):
        matcher(Doc(vocab, words=["fox"]))
    with pytest.raises(DataError, match="takes a Doc or a Span"):
        matcher("fox")
    with pytest.raises(DataError, match="needs a list of patterns"):
        matcher.add("A", "x")
    with pytest.raises(DataError, match="can't be called"):
        matcher.add("A", [[FOX]], on_match=5)
    with pytest.warns(UserWarning, match="COLOUR are left out"):
        matcher.add("A", [[{**FOX, "COLOUR": 1}]])
