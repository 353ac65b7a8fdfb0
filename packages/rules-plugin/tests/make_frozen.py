"""Write what spaCy finds, for test_frozen.py. Run it where spaCy is installed."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import spacy
from spacy.matcher import DependencyMatcher, Matcher
from spacy.tokens import Doc

sys.path.insert(0, str(Path(__file__).parent))
from support import RULERS, entries, given_words, rules, told, tree, tree_pattern

DATA = Path(__file__).parent / "data"


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


def rulers(count):
    for number, (factory, config, key) in enumerate(RULERS):
        for seed in range(2000 + number * count, 2000 + (number + 1) * count):
            rng = random.Random(seed)
            nlp, patterns = spacy.blank("en"), entries(rng)
            ruler = nlp.add_pipe(factory, config=config)
            ruler.add_patterns(patterns)
            found = []
            for _ in range(3):
                given = given_words(rng, rng.randint(1, 10))
                if rng.random() < 0.5:
                    del given["ents"]
                found.append([given, told(ruler(Doc(nlp.vocab, **given)), key)])
            yield {"ruler": [factory, config, key], "patterns": patterns, "found": found}


def trees(vocab, count):
    for seed in range(3000, 3000 + count):
        rng = random.Random(seed)
        matcher = DependencyMatcher(vocab)
        added = [(key, [tree_pattern(rng) for _ in range(rng.randint(1, 3))]) for key in "KL"]
        for key, patterns in added:
            matcher.add(key, patterns)
        found = []
        for _ in range(2):
            given = tree(rng, rng.randint(1, 8))
            matches = matcher(Doc(vocab, **given))
            found.append([given, [(vocab.strings[key], places) for key, places in matches]])
        yield {"rules": added, "found": found}


def write(name, cases):
    lines = [json.dumps(case) for case in cases]
    (DATA / name).write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    write("frozen_matches.json", cases(spacy.blank("en").vocab, 60))
    write("frozen_rulers.json", rulers(6))
    write("frozen_trees.json", trees(spacy.blank("en").vocab, 60))
