"""What spaCy 3.8.18 found with random patterns in random documents, in its order, is found: its
results were observed with make_frozen.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spanloom
from spanloom import Doc
from spanloom_rules import Matcher

DATA = Path(__file__).parent / "data"
MATCHES = json.loads((DATA / "frozen_matches.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def vocab():
    return spanloom.blank("en").vocab


@pytest.mark.parametrize("case", MATCHES)
def test_the_matcher_finds_what_spacy_found(vocab, case) -> None:
    matcher = Matcher(vocab)
    for key, patterns, greedy in case["rules"]:
        matcher.add(key, patterns, greedy=greedy)
    for given, expected in case["found"]:
        matches = matcher(Doc(vocab, **given), with_alignments=True)
        assert [[vocab.strings[key], *rest] for key, *rest in matches] == expected
        plain = matcher(Doc(vocab, **given))
        assert [[vocab.strings[key], *rest] for key, *rest in plain] == [e[:3] for e in expected]
