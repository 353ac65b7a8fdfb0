"""Write what spaCy finds, for test_frozen.py. Run it where spaCy is installed."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import spacy
from spacy.matcher import Matcher
from spacy.tokens import Doc

sys.path.insert(0, str(Path(__file__).parent))
from support import given_words, rules

TARGET = Path(__file__).parent / "data" / "frozen_matches.json"


def cases(vocab, count):
    for seed in range(1000, 1000 + count):
        rng = random.Random(seed)
        matcher, added = Matcher(vocab), rules(rng)
        for key, patterns, greedy in added:
            matcher.add(key, patterns, greedy=greedy)
        found = []
        for _ in range(3):
            given = given_words(rng, rng.randint(1, 10))
            matches = matcher(Doc(vocab, **given), with_alignments=True)
            found.append([given, [(vocab.strings[key], *rest) for key, *rest in matches]])
        yield {"rules": added, "found": found}


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    lines = [json.dumps(case) for case in cases(spacy.blank("en").vocab, 60)]
    TARGET.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")
