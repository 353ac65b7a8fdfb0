"""The kit's checks of loggers, augmenters, objectives, encoders, setters, languages and files: each
fails on what is broken in that way, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Failed = Callable[..., set[str]]

LOGGER = """
import sys
from pathlib import Path

def logger(path: Path):
    def setup(nlp, stdout, stderr):
        lines = []
        def log_step(info):
            if info is not None:
                lines.append(f"{info['step']} {info['score']}")
                print(lines[-1], file=stdout)
        def finalize():
            Path(path).write_text("\\n".join(lines))
        return log_step, finalize
    return setup
"""
AUGMENTER = """
import random
from spanloom import Example

def augmenter(share: float = 0.5):
    def augment(nlp, example):
        yield example
        if random.random() < share:
            gold = example.reference.copy()
            words = [word.lower() for word in gold.words]
            yield Example.from_dict(nlp.make_doc(" ".join(words)), {"words": words})
    return augment
"""
OBJECTIVE = """
import numpy
from spanloom.layers.flat import unwrap

class Lengths:
    # Guesses how long a word is, from one number of its vector.

    def __init__(self, encoder):
        self.encoder = self.model = encoder

    def update(self, docs, rng, drop):
        Y, backprop = self.encoder.begin_update(docs)
        flat, _, wrap = unwrap(Y, self.encoder.ops)
        loss, wrong = self.loss(docs, flat)
        d_flat = numpy.zeros_like(flat)
        d_flat[:, 0] = 2 * wrong / max(len(wrong), 1)
        backprop(wrap(d_flat))
        return loss, len(wrong)

    def evaluate(self, docs, rng):
        flat = unwrap(self.encoder.predict(docs), self.encoder.ops)[0]
        loss, wrong = self.loss(docs, flat)
        return loss, len(wrong)

    def loss(self, docs, flat):
        words = [word for doc in docs for word in doc.words]
        spoken = numpy.asarray([bool(word.strip()) for word in words], dtype=bool)
        if not spoken.any():
            return 0, ()
        lengths = numpy.asarray([len(word) for word in words], "f") / 10
        wrong = flat[:, 0] - lengths
        return float((wrong ** 2).sum()), wrong

def objective(scale: float = 1.0):
    return lambda vocab, encoder: Lengths(encoder)
"""
EMPTY = """        if not any(word.strip() for doc in docs for word in doc.words):
            return 0, 0
"""
OBJECTIVE = OBJECTIVE.replace("        Y, backprop", f"{EMPTY}        Y, backprop").replace(
    "        flat = unwrap", f"{EMPTY}        flat = unwrap"
)
ENCODER = """
import time
from zlib import crc32
import numpy

class Sums:
    width = 8

    def encode(self, texts):
        found = numpy.zeros((len(texts), self.width), "f")
        for row, text in zip(found, texts):
            for word in text.split():
                row += numpy.random.default_rng(crc32(word.encode())).normal(size=self.width)
        return found

def encoder(scale: float = 1.0):
    return lambda source: Sums()
"""
LANGUAGE = """
from spanloom.lang import LanguageDefaults

class Klingon(LanguageDefaults):
    code = "tlh"
    stop_words = frozenset(["ghap"])
"""
FILES = """
from pathlib import Path
from spanloom import Doc

def write(path: Path, docs: object) -> int:
    count = 0
    with open(path, "w") as file:
        for doc in docs:
            count += 1
            file.write("\\t".join(doc.words) + "\\n")
    return count

def read(path: Path, vocab: object):
    with open(path) as file:
        for line in file:
            yield Doc(vocab, words=line.rstrip("\\n").split("\\t"))
"""

#: Entry points and their source.
CASES = {
    "logger": ({"spanloom_loggers": {"loom-weave.Lines.v1": "loom_it:logger"}}, LOGGER),
    "augmenter": ({"spanloom_augmenters": {"loom-weave.lower.v1": "loom_it:augmenter"}}, AUGMENTER),
    "objective": (
        {"spanloom_objectives": {"loom-weave.Lengths.v1": "loom_it:objective"}},
        OBJECTIVE,
    ),
    "encoder": ({"spanloom_encoders": {"loom-weave.Sums.v1": "loom_it:encoder"}}, ENCODER),
    "language": ({"spanloom_languages": {"tlh": "loom_it:Klingon"}}, LANGUAGE),
    "files": (
        {
            "spanloom_converters": {"weave": "loom_it:read"},
            "spanloom_writers": {"weave": "loom_it:write"},
        },
        FILES,
    ),
}

#: Changes of the source, with the checks that find them.
CHANGES = {
    "logger": [
        ("info['score']", "info['scores']", {"test_steps", "test_again"}),
        ("if info is not None", "if True", {"test_steps", "test_again"}),
        ("return log_step, finalize", "return log_step", {"test_steps", "test_again"}),
        ("lines.append", "info.pop('words'); lines.append", {"test_changes_nothing"}),
        (", file=stdout", "", {"test_streams"}),
        ("def finalize():\n", "def finalize():\n            lines[0]\n", {"test_again"}),
    ],
    "augmenter": [
        ("yield example", "yield example.reference", {"test_examples"}),
        ("gold = example.reference.copy()", "gold = None", {"test_examples"}),
        (
            "yield example\n",
            "example.reference[0].tag_ = 'X'; yield example\n",
            {"test_changes_nothing"},
        ),
        ("random.random()", "random.SystemRandom().random() - 0.5", set()),
        (
            "word.lower() for",
            "word + str(random.SystemRandom().random()) for",
            {"test_determinism"},
        ),
    ],
    "objective": [
        ("2 * wrong", "-2 * wrong", {"test_gradients", "test_learns"}),
        ("2 * wrong", "4 * wrong", {"test_gradients"}),
        ("/ max(len(wrong), 1)", "", {"test_gradients"}),
        ("backprop(wrap(d_flat))", "", {"test_task", "test_gradients", "test_learns"}),
        (
            "self.encoder = self.model = encoder",
            "self.encoder, self.model = encoder, encoder.copy()",
            {"test_task", "test_gradients", "test_learns"},
        ),
        (
            "        loss, wrong = self.loss(docs, flat)\n        return",
            "        loss, wrong = self.loss(docs, flat)\n"
            "        loss += numpy.random.default_rng().random()\n        return",
            {"test_determinism"},
        ),
        (
            "        loss, wrong = self.loss(docs, flat)\n        return",
            "        loss, wrong = self.loss(docs, flat)\n"
            "        self.update(docs, rng, 0)\n        return",
            {"test_evaluates"},
        ),
        ("            return 0, 0\n", "            1 / 0\n", {"test_empty_document"}),
    ],
    "encoder": [
        ("width = 8", "width = 8.0", {"test_vectors", "test_nothing"}),
        ('"f")', '"d")', {"test_vectors"}),
        ("        return found\n", "        return found[:-1]\n", {"test_vectors"}),
        ("        return found\n", "        return found / 0 * 0\n", {"test_vectors"}),
        ("found = ", "texts[0]; found = ", {"test_nothing"}),
        ("row += ", "row += len(texts) * ", {"test_batches"}),
        ("crc32(word.encode())", "time.perf_counter_ns()", {"test_determinism", "test_batches"}),
        ("row += ", "row += 0 * ", {"test_determinism"}),
    ],
    "language": [
        ('code = "tlh"', 'code = "kli"', {"test_is_a_language"}),
        ('code = "tlh"', 'code = "tlh"; direction = "up"', {"test_is_a_language"}),
    ],
    "files": [
        ("yield Doc(vocab, ", "yield str(", {"test_documents", "test_is_read_again"}),
        (
            "with open(path) as",
            "if not path.exists(): return\n    with open(path) as",
            {"test_missing_file"},
        ),
        ("return count", "return None", {"test_writes", "test_nothing"}),
        ("count += 1", "count += len(docs) * 0 + 1", {"test_writes"}),
        ("doc.words)", "doc.words[:2])", {"test_is_read_again"}),
    ],
}


def run(failed: Failed, points: object, source: str) -> set[str]:
    settings = "[tool.spanloom.conformance.'encoders/loom-weave.Sums.v1']\nsource = 'here'\n"
    return failed(points=points, modules={"loom_it": source}, settings=settings)


@pytest.mark.parametrize("case", CASES)
def test_what_is_right_passes(failed: Failed, case: str) -> None:
    points, source = CASES[case]
    assert run(failed, points, source) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "old", "new", "expected"),
    [(case, *change) for case, changes in CHANGES.items() for change in changes],
)
def test_what_is_wrong_is_found(
    failed: Failed, case: str, old: str, new: str, expected: set[str]
) -> None:
    points, source = CASES[case]
    assert old in source
    assert run(failed, points, source.replace(old, new)) == expected
