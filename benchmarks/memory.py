"""Memory of a process that goes on and on, and of large inputs, ours beside spaCy's.

Each figure is the resident memory of a process of its own:

- a stream of texts whose words are all different, through the tokenizer: how much is added between
  the first million of words and the last. Ours has a vocab with ``max_types``; spaCy is measured as
  it is, and with its memory zones (one for each 100 texts);
- documents of 500 tokens in batches of 256 through a tagger, and one document of two million
  tokens: what the process has at its peak beyond what it has before. spaCy's tagger gets a tenth of
  that document alone, since the whole would take more memory than most machines have.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

from common import ROOT, Row, arguments, check_threads, ewt_texts, has_spacy, report
from models import read_sentences, tagger
from sides import Side

_MIB = 1 << 20
#: Words in each text of the stream.
_WORDS = 50


def now() -> float:
    """Resident memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / _MIB


def peak() -> float:
    """The most that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MIB


def unique_texts(count: int) -> Iterator[str]:
    """Texts of words that never come again, ``count`` words in all."""
    for start in range(0, count, _WORDS):
        yield " ".join(f"w{i:x}k" for i in range(start, start + _WORDS))


def growth(pipe: Callable[[Iterator[str]], None], count: int) -> float:
    """What is added after the first fifth of ``count`` words, in MiB."""
    texts = unique_texts(count)
    pipe(islice(texts, count // _WORDS // 5))
    before = now()
    pipe(texts)
    return now() - before


def _ours_blank(max_types: int | None) -> Any:
    import spanloom
    from spanloom import Vocab
    from spanloom.lang import language

    vocab = Vocab("en", rules=language("en").lexical_rules(), max_types=max_types)
    return spanloom.blank("en", vocab=vocab)


def strings_ours(count: int, max_types: int | None = 100_000) -> float:
    """Growth of ours over the stream."""
    nlp = _ours_blank(max_types)

    def pipe(texts: Iterator[str]) -> None:
        for _ in nlp.pipe(texts, batch_size=100):
            pass

    return growth(pipe, count)


def strings_spacy(count: int, zones: bool = False) -> float:
    """Growth of spaCy over the stream."""
    import spacy

    nlp = spacy.blank("en")

    def pipe(texts: Iterator[str]) -> None:
        while batch := list(islice(texts, 100)):
            with nlp.memory_zone() if zones else nullcontext():
                for _ in nlp.pipe(batch, batch_size=100):
                    pass

    return growth(pipe, count)


def _joined(words: int) -> str:
    """Text of about ``words`` tokens."""
    text = " ".join(ewt_texts("train", 2000))
    times = words * 5 // len(text) + 2
    return " ".join((text * times).split(" ")[: int(words / 1.16)])


def _tagger(ours: bool) -> Any:
    sentences = read_sentences("train", 300)
    nlp = tagger(Side("spanloom" if ours else "spacy"), sentences, seed=0)
    if not ours:
        nlp.max_length = 1 << 30
    list(nlp.pipe(ewt_texts("train", 200)))
    return nlp


def batches(ours: bool, count: int) -> float:
    """Peak of ``count`` documents of 500 tokens in batches of 256, in MiB."""
    nlp = _tagger(ours)
    text = _joined(500)
    before = now()
    for _ in nlp.pipe((f"{text} {i}" for i in range(count)), batch_size=256):
        pass
    return peak() - before


def long(ours: bool, words: int, *, tag: bool) -> float:
    """Peak of one document of ``words`` tokens, in MiB."""
    nlp = _tagger(ours)
    text = _joined(words)
    before = now()
    doc = nlp(text) if tag else nlp.make_doc(text)
    print(f"{len(doc):,} tokens, {len(text):,} characters", file=sys.stderr)
    return peak() - before


def _measured(part: str, size: int, *options: str) -> float:
    command = [sys.executable, __file__, "--part", part, "--size", str(size), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode:
        print(f"{part}: ended with {done.returncode} (such as for lack of memory)")
        return float("nan")
    return float(json.loads(done.stdout))


_PARTS: dict[str, Callable[[int], float]] = {
    "strings-ours": strings_ours,
    "strings-spacy": strings_spacy,
    "strings-spacy-zones": lambda size: strings_spacy(size, zones=True),
    "batches-ours": lambda size: batches(True, size),
    "batches-spacy": lambda size: batches(False, size),
    "doc-ours": lambda size: long(True, size, tag=False),
    "doc-spacy": lambda size: long(False, size, tag=False),
    "tagged-ours": lambda size: long(True, size, tag=True),
    "tagged-spacy": lambda size: long(False, size, tag=True),
}


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, part="", size=0)
    if options.part:
        print(json.dumps(_PARTS[options.part](options.size)))
        return
    check_threads()
    words, docs, tokens = (200_000, 300, 50_000) if options.quick else (5_000_000, 512, 2_000_000)
    rows = []

    def add(name: str, part: str, size: int, peer: str = "spacy") -> None:
        theirs = _measured(f"{part}-{peer}", size) if peer and has_spacy() else None
        rows.append(Row(name, _measured(f"{part}-ours", size), theirs, unit="MiB"))

    add(f"growth over {words:,} unique words", "strings", words)
    add("the same, spaCy with memory zones", "strings", words, "spacy-zones")
    add(f"{docs} documents of 500 tokens", "batches", docs)
    add(f"tokenizing {tokens:,} tokens", "doc", tokens)
    add(f"tagging {tokens // 10:,} tokens", "tagged", tokens // 10)
    add(f"tagging {tokens:,} tokens", "tagged", tokens, "")
    report(rows, "Memory", options.json)


if __name__ == "__main__":
    main()
