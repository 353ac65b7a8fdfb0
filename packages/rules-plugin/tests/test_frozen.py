"""What spaCy 3.8.18 found with random patterns in random documents, in its order, is found: its
results were observed with make_frozen.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spanloom
from spanloom import Doc
from spanloom_rules import DependencyMatcher, Matcher

from .support import told

DATA = Path(__file__).parent / "data"
MATCHES = json.loads((DATA / "frozen_matches.json").read_text("utf-8"))

RULERS = json.loads((DATA / "frozen_rulers.json").read_text("utf-8"))

TREES = json.loads((DATA / "frozen_trees.json").read_text("utf-8"))


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


@pytest.mark.parametrize("case", RULERS)
def test_rulers_set_what_spacy_set(case) -> None:
    factory, config, key = case["ruler"]
    nlp = spanloom.blank("en")
    ruler = nlp.add_pipe(factory, config=config)
    ruler.add_patterns(case["patterns"])
    for given, expected in case["found"]:
        assert told(ruler(Doc(nlp.vocab, **given)), key) == expected


@pytest.mark.parametrize("case", TREES)
def test_the_dependency_matcher_finds_what_spacy_found(vocab, case) -> None:
    matcher = DependencyMatcher(vocab)
    for key, patterns in case["rules"]:
        matcher.add(key, patterns)
    for given, expected in case["found"]:
        matches = matcher(Doc(vocab, **given))
        assert [[vocab.strings[key], places] for key, places in matches] == expected
