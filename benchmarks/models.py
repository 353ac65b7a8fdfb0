"""The pipelines that benchmarks compare: equal sizes and hash rows, ours and spaCy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from common import ewt_file, read_lines
from sides import Side

__all__ = ["batches", "examples", "read_sentences", "tagger"]

#: Tokens, whether each is followed by a space, and tags of a sentence.
Sentence = tuple[list[str], list[bool], list[str]]


def _columns(line: str) -> list[str]:
    return line.split("\t")


def read_sentences(part: str, limit: int | None = None) -> list[Sentence]:
    """Sentences of EWT by their syntactic words, with the treebank's own tags (XPOS)."""
    found: list[Sentence] = []
    words: list[str] = []
    spaces: list[bool] = []
    tags: list[str] = []
    for line in read_lines(ewt_file(part)):
        if line and not line.startswith("#"):
            fields = _columns(line)
            if fields[0].isdigit():
                words.append(fields[1])
                spaces.append("SpaceAfter=No" not in fields[9])
                tags.append(fields[4])
        elif not line and words:
            found.append((words, spaces, tags))
            words, spaces, tags = [], [], []
            if limit is not None and len(found) == limit:
                break
    return found


def examples(side: Side, nlp: Any, sentences: list[Sentence]) -> list[Any]:
    """Examples whose predicted side has the gold tokens."""
    return [
        side.example(nlp, None, words=words, spaces=spaces, tags=tags)
        for words, spaces, tags in sentences
    ]


def tagger(side: Side, sentences: list[Sentence], seed: int) -> Any:
    """An initialised pipeline with one tagger, whose tok2vec is its own."""
    nlp = side.blank(seed)
    model = side.head("tagger") | {"tok2vec": side.encoder()}
    nlp.add_pipe("tagger", config={"model": model})
    found = examples(side, nlp, sentences)
    nlp.initialize(lambda: found)
    return nlp


def batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    """``items`` in groups of ``size`` examples, the same for both."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
