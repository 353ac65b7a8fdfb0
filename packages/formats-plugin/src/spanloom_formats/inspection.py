"""Looking at training data before training: counts, what is missing, leakage.

Everything is counted in one pass over each corpus, which needn't fit into memory.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from spanloom.config import Config, check_config, fill_config
from spanloom.examples.offsets import MisalignedWarning
from spanloom.plugins.tables import Report
from spanloom.tokens.tree import circle
from spanloom.training.settings import read_settings

if TYPE_CHECKING:
    from spanloom.examples.example import Example
    from spanloom.tokens import Doc

__all__ = ["check_data", "inspect_data"]

#: Columns that hold one label for each token, and what they are called here.
_COLUMNS = {"TAG": "tags", "POS": "parts of speech", "MORPH": "morphology", "DEP": "relations"}

#: What each factory learns from.
_LEARNED = {
    "tagger": "tags",
    "morphologizer": "morphology",
    "parser": "relations",
    "senter": "sentences",
    "ner": "entities",
    "textcat": "categories",
    "textcat_multilabel": "categories",
}

#: A label that occurs less often is hardly learned.
_FEW = 10

#: Shorter sentences, such as thanks, are in two texts by chance.
_LONG = 5
#: A larger share of long sentences that are in train too is no chance.
_SHARED = 0.01

Counts = dict[str, Any]


def inspect_data(config: Mapping[str, Any]) -> Counts:
    """Counts of the training and evaluation corpus of a config.

    ``train`` and ``dev`` hold numbers (documents, words, word types, words that the tokenizer
    splits otherwise, entities whose bounds it doesn't hit, duplicates, ...) and ``labels``: how
    often each label occurs, the most frequent first. ``shared`` counts the documents of ``dev``
    whose text is in ``train``, ``shared_sentences`` its sentences of five words or more that are,
    however sentences make documents, and ``unseen`` the words of ``dev`` that aren't. ``learned``
    says what each component learns from, ``misaligned`` which spans of the two were left out since
    they fit no tokens.

    Raises :class:`ConfigError` for a wrong config, and what reading the data raises.
    """
    from spanloom.pipeline import Pipeline

    whole = fill_config(config if isinstance(config, Config) else Config(dict(config)))
    whole.source = getattr(config, "source", "config")
    check_config(whole, complete=True, phase="train")
    filled = whole.interpolate()
    nlp = Pipeline.from_config(filled)
    settings = read_settings(filled)
    frozen = settings.frozen_components
    train, dev = _Corpus(), _Corpus()
    with _misaligned() as lost_train:
        train.read(settings.train_corpus(nlp))
    with _misaligned() as lost_dev:
        dev.read(settings.dev_corpus(nlp))
    unseen = sum(count for word, count in dev.words.items() if word not in train.words)
    factories = {
        name: filled["components"][name].get("factory", "")
        for name in filled["nlp"]["pipeline"]
        if name not in frozen
    }
    return {
        "train": train.counts(),
        "dev": dev.counts(),
        "shared": sum(count for text, count in dev.texts.items() if text in train.texts),
        "shared_sentences": sum(
            count for text, count in dev.sentences.items() if text in train.sentences
        ),
        "unseen": unseen,
        "misaligned": {"train": lost_train, "dev": lost_dev},
        "learned": {name: _LEARNED[each] for name, each in factories.items() if each in _LEARNED},
    }


@contextmanager
def _misaligned() -> Iterator[list[str]]:
    """A list of the spans that readers leave out within the block, full after it."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", MisalignedWarning)
        yield found
    for each in told:
        if isinstance(each.message, MisalignedWarning):
            found += each.message.spans
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


class _Corpus:
    """What was counted in one corpus."""

    def __init__(self) -> None:
        self.numbers: Counter[str] = Counter()
        self.labels: dict[str, Counter[str]] = {}
        self.words: Counter[str] = Counter()
        self.texts: Counter[bytes] = Counter()
        self.sentences: Counter[bytes] = Counter()

    def read(self, examples: Iterable[Example]) -> None:
        """Count all examples."""
        for example in examples:
            doc = example.reference
            self.numbers["documents"] += 1
            self.numbers["words"] += len(doc)
            self.words.update(doc.words)
            self.texts[_digest(doc.text)] += 1
            self._alignment(example)
            self._tokens(doc)
            self._spans(example)

    def _alignment(self, example: Example) -> None:
        alignment = example.alignment
        if not alignment.one2one:
            lengths = alignment.y2x.lengths
            shared = alignment.x2y.lengths[alignment.y2x.data] if len(lengths) else lengths
            split = int(np.count_nonzero(lengths != 1)) + int(np.count_nonzero(shared > 1))
            self.numbers["words tokenized otherwise"] += min(split, len(lengths))

    def _tokens(self, doc: Doc) -> None:
        for column, kind in _COLUMNS.items():
            values = doc.column(column)
            if values is None:
                continue
            ids, counts = np.unique(values[values != 0], return_counts=True)
            names = (doc.vocab.strings[each] for each in ids.tolist())
            self._add(kind, dict(zip(names, counts.tolist(), strict=True)))
        heads = doc.column("HEAD")
        if heads is not None and circle(heads):
            self.numbers["documents whose heads go in a circle"] += 1
        if doc.has_annotation("SENT_START"):
            sentences = list(doc.sents)
            self._add("sentences", {"sentence": len(sentences)})
            long = [sentence for sentence in sentences if len(sentence) >= _LONG]
            self.sentences.update(_digest(sentence.text) for sentence in long)
            self.numbers["long sentences"] += len(long)

    def _spans(self, example: Example) -> None:
        doc = example.reference
        for span in doc.ents:
            self._add("entities", {span.label_: 1})
            if span.text != span.text.strip() or not span.text:
                self.numbers["entities with spaces at their ends"] += 1
        if doc.ents and not example.alignment.one2one:
            lost = len(doc.ents) - len(example.get_aligned_spans_y2x(doc.ents))
            self.numbers["entities cut by the tokenizer"] += lost
        iob = doc.column("ENT_IOB")
        if iob is None or not iob.any():
            self.numbers["documents without entities annotated"] += 1
        self._add("categories", {name: 1 for name, value in doc.cats.items() if value >= 0.5})
        if not doc.cats:
            self.numbers["documents without categories annotated"] += 1

    def _add(self, kind: str, counts: Mapping[str, int]) -> None:
        self.labels.setdefault(kind, Counter()).update(counts)

    def counts(self) -> Counts:
        """Everything as plain values."""
        twice = sum(count - 1 for count in self.texts.values())
        numbers = {**self.numbers, "word types": len(self.words), "duplicates": twice}
        labels = {kind: dict(each.most_common()) for kind, each in self.labels.items() if each}
        return {**numbers, "labels": labels}


def _digest(text: str) -> bytes:
    """A hash of a text; a difference in spaces is none."""
    return blake2b(" ".join(text.split()).encode("utf8", "surrogatepass"), digest_size=16).digest()


def check_data(found: Mapping[str, Any]) -> Report:
    """What :func:`inspect_data` found, judged: errors are what training can't work with."""
    report = Report()
    for part in ("train", "dev"):
        _check_part(report, part, found[part])
        if lost := found["misaligned"][part]:
            report.warning(
                f"{len(lost):,} spans in {part} don't start and end at token boundaries: nothing "
                "is learned from their tokens",
                "correct their bounds",
            )
    if any(not found[part].get("documents") for part in ("train", "dev")):
        return report
    documents = found["dev"]["documents"]
    if found["shared"]:
        report.warning(
            f"{found['shared']:,} of {documents:,} documents in dev have the same text as one in "
            "train: scores on them show what was memorized",
            "remove them from one of the two",
        )
    sentences = found["dev"].get("long sentences", 0)
    if not found["shared"] and found["shared_sentences"] > _SHARED * sentences:
        report.warning(
            f"{found['shared_sentences']:,} of {sentences:,} sentences of {_LONG} words or more in "
            "dev are in train too: scores on them show what was memorized",
            "divide the data by documents or sources, or remove them from one of the two",
        )
    words = max(found["dev"]["words"], 1)
    report.ok(f"{100 * found['unseen'] / words:.1f} % of the words in dev aren't in train")
    for name, kind in found["learned"].items():
        _check_labels(report, name, kind, found)
    return report


def _check_part(report: Report, part: str, counts: Mapping[str, Any]) -> None:
    if not counts.get("documents"):
        report.error(f"{part} is empty", f"check paths.{part}")
        return
    if counts["duplicates"]:
        report.warning(f"{counts['duplicates']:,} documents in {part} have the text of another")
    otherwise = counts.get("words tokenized otherwise", 0)
    if otherwise > counts["words"] / 20:
        report.warning(
            f"{100 * otherwise / counts['words']:.0f} % of the words in {part} are tokenized "
            "differently by the pipeline: part of their annotation is lost",
            "choose the language or tokenizer of the data, or gold_preproc = true",
        )
    if circles := counts.get("documents whose heads go in a circle"):
        report.error(
            f"{circles:,} documents in {part} have heads that go in a circle, which are no trees",
            "correct or remove them",
        )
    for key in ("entities cut by the tokenizer", "entities with spaces at their ends"):
        if counts.get(key):
            report.warning(f"{counts[key]:,} {key} in {part}", "correct their bounds")


def _check_labels(report: Report, name: str, kind: str, found: Mapping[str, Any]) -> None:
    train, dev = (found[part]["labels"].get(kind, {}) for part in ("train", "dev"))
    if not train:
        report.error(
            f"'{name}' learns {kind}, but train has none annotated",
            f"give data that has, or take '{name}' out of nlp.pipeline",
        )
        return
    if not dev:
        report.warning(f"'{name}' isn't scored: dev has no {kind} annotated")
    few = [f"{label} ({count})" for label, count in train.items() if count < _FEW]
    if few:
        more = ", ..." if len(few) > 8 else ""
        report.warning(
            f"{len(few)} of {len(train)} labels of '{name}' occur fewer than {_FEW} times in "
            "train: " + ", ".join(few[:8]) + more
        )
    unknown = [label for label in dev if label not in train]
    if unknown:
        report.warning(
            f"{len(unknown)} labels of '{name}' are only in dev, so they can't be predicted: "
            + ", ".join(unknown[:8])
        )
