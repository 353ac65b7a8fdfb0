"""Words to make a table for: of a pipeline, a table or a list, with counts from texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import DataError, FormatError
from spanloom.io.files import existing

from .evaluate import read_lines
from .storage import is_table
from .table import Table

if TYPE_CHECKING:
    from spanloom.pipeline import Pipeline

__all__ = ["Vocabulary", "count_words", "read_vocabulary"]

#: Documents whose words are counted at a time.
_CHUNK = 1000


@dataclass(frozen=True)
class Vocabulary:
    """Words, each once. ``counts`` says how often each was seen, int64 of shape ``(n,)``, where
    that is known; ``ranked`` whether the more frequent words come first."""

    words: Sequence[str]
    counts: NDArray[np.int64] | None = None
    ranked: bool = False

    def __len__(self) -> int:
        return len(self.words)

    def lowered(self) -> Vocabulary:
        """In lower case, with the counts of words that are one then added up."""
        first: dict[str, int] = {}
        owner = [first.setdefault(word.lower(), len(first)) for word in self.words]
        if self.counts is None:
            return Vocabulary(list(first), None, self.ranked)
        sums = np.bincount(owner, weights=self.counts, minlength=len(first))
        return _ranked(list(first), sums.astype(np.int64))

    def counted(self, other: Vocabulary) -> Vocabulary:
        """The same words with the counts of another vocabulary, most frequent first; 0 for those
        that aren't there."""
        if other.counts is None:
            raise DataError("a vocabulary without counts can't give them to another")
        known = dict(zip(other.words, other.counts.tolist()))
        counts = np.array([known.get(word, 0) for word in self.words], dtype=np.int64)
        return _ranked(self.words, counts)

    def cut(self, limit: int | None = None, min_count: int = 1) -> Vocabulary:
        """The first ``limit`` words, of those that were seen at least ``min_count`` times (where
        that is known)."""
        words, counts = list(self.words), self.counts
        if counts is not None and min_count > 1:
            kept = np.flatnonzero(counts >= min_count)
            words, counts = [words[i] for i in kept.tolist()], counts[kept]
        return Vocabulary(words[:limit], None if counts is None else counts[:limit], self.ranked)


def _ranked(words: Sequence[str], counts: NDArray[np.int64]) -> Vocabulary:
    order = np.argsort(-counts, kind="stable")
    return Vocabulary([words[i] for i in order.tolist()], counts[order], True)


def read_vocabulary(path: str | Path) -> Vocabulary:
    """The words of a saved pipeline, a table, or a text file with a word on each line (with its
    count after a tab, if it's known).

    A pipeline's words are those of its table of vectors; without one its strings, among which are
    parts of words as well, in no order. Raises :class:`~spanloom.errors.FormatError` for a count
    that is no number, and :class:`~spanloom.errors.DataError` where there are no words.
    """
    path = existing(path, "vocabulary")
    if is_table(path):
        found = Vocabulary(list(Table.open(path).words), None, True)
    elif path.is_dir():
        found = _of_folder(path)
    else:
        found = _of_lines(path)
    if not len(found):
        raise DataError(f"'{path}' contains no words")
    return found


def _of_folder(path: Path) -> Vocabulary:
    from spanloom.vocab.strings import StringStore
    from spanloom.vocab.vectors import saved_vectors

    folder = path / "vocab" if (path / "vocab").is_dir() else path
    table = saved_vectors(folder)
    if isinstance(table, Table) and len(table.words):
        return Vocabulary(list(table.words), None, True)
    strings = existing(folder / "strings.json", "list of a pipeline's strings")
    return Vocabulary(sorted(_words(StringStore().from_disk(strings))))


def _words(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.strip()]


def _of_lines(path: Path) -> Vocabulary:
    counts: dict[str, int] = {}
    told = 0
    for number, line in enumerate(read_lines(path), 1):
        word, tab, count = line.partition("\t")
        word = word.strip()
        if not word:
            continue
        if tab:
            told += 1
            if not count.strip().isdigit():
                raise FormatError(path, number, f"a count is due after the tab, not {count!r}")
        counts[word] = counts.get(word, 0) + (int(count) if tab else 0)
        if told and not tab:
            raise FormatError(path, number, f"{word!r} has no count, and earlier words have one")
    words = list(counts)
    if not told:
        return Vocabulary(words, None, True)
    return _ranked(words, np.fromiter(counts.values(), dtype=np.int64, count=len(words)))


def count_words(paths: Sequence[str | Path], nlp: Pipeline) -> Vocabulary:
    """The words of texts and annotated documents (see :func:`spanloom.corpora.texts.read_texts`;
    a ``.txt`` file has a text on each line) as the pipeline's tokenizer finds them, with counts,
    the most frequent first, those seen equally often in the order of their characters. Raises what
    reading raises."""
    from spanloom.corpora.texts import read_texts

    found: Counter[str] = Counter()
    texts = (text for path in paths for text in read_texts(path, nlp, lines=True))
    while chunk := list(islice(texts, _CHUNK)):
        docs = nlp.pipe(chunk, disable=nlp.pipe_names)
        for lexicon, some in groupby(docs, attrgetter("lexicon")):
            counts = np.bincount(np.concatenate([doc.rows for doc in some]))
            seen = np.flatnonzero(counts)
            for word, count in zip(lexicon.texts_of(seen), counts[seen].tolist()):
                found[word] += count
    words = sorted(_words(found))  # rows of a lexicon are in no order that would be the same again
    return _ranked(words, np.array([found[word] for word in words], dtype=np.int64))
