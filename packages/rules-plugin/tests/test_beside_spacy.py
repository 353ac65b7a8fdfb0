"""Random patterns on random documents give what spaCy gives, in its order. Needs spaCy; where it
isn't, frozen results stand in for it (test_frozen.py)."""

from __future__ import annotations

import random

import pytest

spacy = pytest.importorskip("spacy", reason="compares with spaCy")
pytest.importorskip("spacy.matcher.matcher", reason="it must be spaCy itself")

from spacy.matcher import Matcher as TheirMatcher  # noqa: E402
from spacy.tokens import Doc as TheirDoc  # noqa: E402

import spanloom  # noqa: E402
from spanloom import Doc  # noqa: E402
from spanloom_rules import Matcher  # noqa: E402

from .support import given_words, rules  # noqa: E402


@pytest.fixture(scope="module")
def vocabs():
    return spacy.blank("en").vocab, spanloom.blank("en").vocab


@pytest.mark.parametrize("seed", range(150))
def test_matchers_agree(vocabs, seed: int) -> None:
    rng = random.Random(seed)
    pair = TheirMatcher(vocabs[0]), Matcher(vocabs[1])
    for key, patterns, greedy in rules(rng):
        for matcher in pair:
            matcher.add(key, patterns, greedy=greedy)
    for _ in range(5):
        given = given_words(rng, rng.randint(0, 12))
        theirs, ours = TheirDoc(vocabs[0], **given), Doc(vocabs[1], **given)
        told = pair[0](theirs)
        assert pair[1](ours) == told
        assert pair[1](ours, with_alignments=True) == pair[0](theirs, with_alignments=True)
        if len(ours) > 3:
            assert pair[1](ours[1:3]) == pair[0](theirs[1:3])
            assert [(s.start, s.end, s.label_) for s in pair[1](ours[1:], as_spans=True)] == [
                (s.start, s.end, s.label_) for s in pair[0](theirs[1:], as_spans=True)
            ]
