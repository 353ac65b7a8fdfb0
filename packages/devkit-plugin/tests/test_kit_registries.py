"""The kit's checks of the smaller registries: each fails on what is broken in that way, and on
nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.lengthy

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
CALLBACK = """
def callback(words: tuple = ("warp",)):
    left = ["weft", *words]
    def change(nlp):
        for word in left:
            nlp.vocab.strings.add(word)
        return nlp
    return change
"""
UPDATE = """
def callback(every: int = 1):
    def tell(nlp, info):
        if info["step"] % every == 0:
            nlp.meta["step"] = info["step"]
    return tell
"""
MODEL = """
import spanloom
from spanloom.config import Config

def make(*, vocab: object, config: object, disable: object, enable: object, exclude: object):
    settings = {"nlp": {"lang": "en", "pipeline": ["sentencizer"]},
                "components": {"sentencizer": {"factory": "sentencizer"}}}
    for path, value in (config or {}).items():
        settings["nlp"][path.removeprefix("nlp.")] = value
    return spanloom.Pipeline.from_config(
        Config(settings), vocab=vocab, disable=disable, enable=enable, exclude=exclude)
"""
RENDERER = """
from html import escape

def html(docs: object, style: str = "tokens", page: bool = True) -> str:
    parts = [f"<b>{escape(token.text)}</b>{token.whitespace_}" for token in docs]
    return f"<p>{''.join(parts)}</p>"
"""
MISC = """
CALLS = []

def words(length: int = 2, words: list = ["warp"]):
    return [word[:length] for word in words]
"""
VECTORS = """
import json
from pathlib import Path
import numpy
from spanloom.errors import SerializationError

class Table:
    def __init__(self, rows, path, hash):
        self.rows, self.path, self.hash = rows, path, hash
        self.width = len(next(iter(rows.values())))

    def known(self, texts):
        return numpy.asarray([text in self.rows for text in texts], dtype=bool)

    def vectors_for(self, texts):
        found = numpy.zeros((len(texts), self.width), dtype="f")
        for row, text in zip(found, texts):
            row += self.rows.get(text, 0)
        return found

    def token_vectors(self, doc, start=0, end=None):
        texts = doc.words[start:end]
        return self.vectors_for(texts), self.known(texts)

    def set_vector(self, text, vector):
        self.rows[text] = vector

    def reference(self):
        return {"@vectors": "loom-weave.Lines.v1", "path": str(self.path), "hash": self.hash}

    def to_disk(self, folder):
        reference = {**self.reference(), "path": "table.txt"}
        Path(folder, "table.txt").write_text(Path(self.path).read_text())
        Path(folder, "vectors.json").write_text(json.dumps(reference))

def lines():
    def opened(path, hash=None):
        text = Path(path).read_text()
        own = str(len(text))
        if hash is not None and hash != own:
            raise SerializationError(f"'{path}' has the hash {own}, not {hash}")
        rows = [line.split() for line in text.splitlines()[1:]]
        return Table({word: numpy.asarray(row, "f") for word, *row in rows}, path, own)
    return opened
"""
LEMMAS = """
from random import SystemRandom
from types import SimpleNamespace

def plural(tables, word):
    if word.pos == "NOUN":
        return [word.text.removesuffix("s")]
    return [tables.word(word.text, word.text)]

class Rules:
    default = "plural"
    modes = {"plural": SimpleNamespace(lemmas=plural, reads=("POS",), required=(), optional=())}

    def __call__(self, name: str) -> object:
        return self.modes[name]

RULES = Rules()
"""
PHRASES = """
def phrases(doc: object):
    for token in doc:
        if token.pos_ in ("NOUN", "PROPN", "PRON"):
            yield token.i, token.i + 1, "NP"
"""
ENGINE = """
from pathlib import Path
import spanloom

def run(pipeline: str, source: str, output: str, *, progress: object | None = None) -> str:
    nlp = spanloom.load(pipeline)
    files = sorted(Path(source).glob("*.txt"))
    for done, path in enumerate(files, 1):
        target = Path(output, f"{path.stem}.out")
        if not target.exists():
            target.write_text("|".join(sent.text for sent in nlp(path.read_text()).sents))
        if progress:
            progress(done, len(files))
    return f"{len(files)} files"
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
    "callback": ({"spanloom_callbacks": {"loom-weave.words.v1": "loom_it:callback"}}, CALLBACK),
    "update": ({"spanloom_callbacks": {"loom-weave.step.v1": "loom_it:callback"}}, UPDATE),
    "model": ({"spanloom_models": {"en_weave": "loom_it:make"}}, MODEL),
    "renderer": ({"spanloom_renderers": {"weave_html": "loom_it:html"}}, RENDERER),
    "misc": ({"spanloom_misc": {"loom-weave.words.v1": "loom_it:words"}}, MISC),
    "vectors": ({"spanloom_vectors": {"loom-weave.Lines.v1": "loom_it:lines"}}, VECTORS),
    "lemmas": ({"spanloom_lemmatizer_rules": {"tlh": "loom_it:RULES"}}, LEMMAS),
    "engine": ({"spanloom_engines": {"loom_turns": "loom_it:run"}}, ENGINE),
    "phrases": ({"spanloom_syntax_iterators": {"tlh": "loom_it:phrases"}}, PHRASES),
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
    "callback": [
        ("return nlp", "return nlp.vocab", {"test_called"}),
        ("for word in left:", "for word in (left.pop(0), left.pop(0)):", {"test_again"}),
        ("return nlp", "nlp.get_pipe('tagger').model = None", {"test_works_on"}),
    ],
    "update": [
        ('info["step"]\n', 'info.pop("step")\n', {"test_changes_nothing"}),
        ('info["step"]\n', 'info["step"]\n        return nlp\n', {"test_called"}),
        ('info["step"]\n', 'info["loss"]\n', {"test_called"}),
    ],
    "model": [
        (", vocab=vocab", "", {"test_options"}),
        (", exclude=exclude", "", {"test_options"}),
        (", disable=disable", "", {"test_options"}),
        ("(config or {})", "{}", {"test_options"}),
        ("return spanloom.Pipeline", "return spanloom.Pipeline and str", {"test_pipeline"}),
        (
            "    return spanloom",
            "    if vocab is None and not disable: return KEPT[0]\n    return spanloom",
            {"test_pipeline"},
        ),
    ],
    "renderer": [
        ("escape(token.text)", "token.text", {"test_markup"}),
        ('return f"<p>', "return b'' and f\"<p>", {"test_renders"}),
        ("parts = ", "docs[0]; parts = ", {"test_nothing"}),
        ("parts = ", "docs[0:1] and docs.set_ents([]); parts = ", {"test_again"}),
    ],
    "misc": [
        ("return [", "words.append(''); return [", {"test_again"}),
        ("return [", "CALLS.append(1); return 1 if len(CALLS) % 2 else [", {"test_again"}),
        ("return [", "1 / 0; return [", {"test_builds"}),
    ],
    "vectors": [
        ('dtype="f"', 'dtype="d"', {"test_table"}),
        ("row += self.rows.get(text, 0)", "row += len(texts)", {"test_batches"}),
        ("[start:end]", "", {"test_batches"}),
        ("hash is not None and", "False and", {"test_hash"}),
        ("raise SerializationError", "raise KeyError", {"test_hash"}),
        ("def set_vector", "def put_vector", {"test_table"}),
        ("found = ", "texts[0]; found = ", {"test_nothing"}),
        (
            "text = Path(path).read_text()",
            "text = Path(path).read_text() if Path(path).exists() else '1 1\\nx 1'",
            {"test_missing_file"},
        ),
        (
            ".splitlines()[1:]]",
            '.splitlines()[1:]][:1 if "vocab" in str(path) else 9]',
            {"test_saved"},
        ),
    ],
    "lemmas": [
        ('default = "plural"', 'default = "rule"', {"test_is_rules"}),
        ('reads=("POS",)', "reads=()", {"test_reads"}),
        ('reads=("POS",)', 'reads=("POS", "TAG")', {"test_is_rules"}),
        ("[word.text.removesuffix", "[][word.text.removesuffix", {"test_lemmas"}),
        ("return [tables", "return [] and [tables", {"test_lemmas"}),
        ("[tables.word(word.text, word.text)]", "word.text", {"test_lemmas"}),
        (
            "[tables.word(word.text, word.text)]",
            "[word.text + str(SystemRandom().random())]",
            {"test_determinism"},
        ),
    ],
    "engine": [
        ("progress: object | None = None", "progress: object", {"test_annotates"}),
        ('"|".join(', 'f"{len([*Path(output).iterdir()])}".join(', {"test_goes_on"}),
        ("enumerate(files, 1)", "enumerate(files)", {"test_progress"}),
        ("enumerate(files, 1)", "enumerate(files[:2], 1)", {"test_annotates", "test_progress"}),
        ('return f"{len(files)} files"', "return ''", {"test_annotates"}),
    ],
    "phrases": [
        ("token.i + 1", "token.i + 9", {"test_phrases", "test_noun_chunks"}),
        ("token.i + 1, ", "token.i + 1, 2.5, ", {"test_phrases"}),
        ("yield token.i", "yield token.i; yield token.i", {"test_phrases"}),
        ("yield ", "token.tag_ = 'SEEN'; yield ", {"test_again"}),
        ("for token in doc", "doc[0]\n    for token in doc", {"test_without_trees"}),
        (
            "    for token in doc",
            "    if not doc.has_annotation('POS'): raise KeyError('POS')\n    for token in doc",
            {"test_without_trees"},
        ),
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
