"""Tables compared with human judgements of similarity, and with analogies."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spanloom.errors import FormatError
from spanloom.io.files import existing

from .similar import search
from .table import Table
from .unit import unit_rows

__all__ = ["Analogies", "Similarity", "evaluate_analogies", "evaluate_similarity", "read_lines"]


@dataclass(frozen=True)
class Similarity:
    """Spearman's rank correlation of cosines and judgements, over ``used`` of ``total`` pairs:
    those of which both words have a vector. NaN for fewer than two."""

    name: str
    correlation: float
    used: int
    total: int


@dataclass(frozen=True)
class Analogies:
    """How many of ``used`` questions are answered right; ``total`` counts those with unknown words
    as well."""

    name: str
    right: int
    used: int
    total: int

    @property
    def accuracy(self) -> float:
        """The share of right answers among those used; NaN without any."""
        return self.right / self.used if self.used else float("nan")


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, plain or gzipped."""
    data = existing(path, "file of pairs").read_bytes()
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    try:
        return data.decode("utf8").splitlines()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormatError(path, line, f"not valid UTF-8 ({error.reason})") from error


def _form(table: Table) -> Callable[[str], str]:
    """How words of a test set are written in the table: as they are where it knows any word with a
    capital, else in lower case."""
    cased = any(word != word.lower() for word in table.words[:20000])
    return (lambda word: word) if cased else str.lower


def evaluate_similarity(table: Table, path: str | Path) -> Similarity:
    """Compare with a file of two words and a judgement on each line, separated by tabs, commas or
    spaces; lines that start with ``#`` are passed by. Words are lower-cased for a table in which
    all are."""
    path = Path(path)
    ones, others, judged = [], [], []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t") if "\t" in line else line.replace(",", " ").split()
        try:
            judged.append(float(fields[2]))
        except (IndexError, ValueError):
            if number == 1:
                continue  # names of the columns
            raise FormatError(path, number, "two words and a number are due") from None
        ones.append(fields[0])
        others.append(fields[1])
    form = _form(table)
    ones, others = [form(word) for word in ones], [form(word) for word in others]
    used = table.known(ones) & table.known(others) if ones else np.zeros(0, dtype=np.bool_)
    a, b = table.vectors_for(ones)[used], table.vectors_for(others)[used]
    cosines = np.einsum("ij,ij->i", unit_rows(a), unit_rows(b))
    correlation = _spearman(cosines, np.array(judged)[used]) if used.sum() > 1 else float("nan")
    return Similarity(path.name, correlation, int(used.sum()), len(ones))


def _spearman(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: NDArray[np.float64] = (ends - (counts - 1) / 2.0)[inverse]
    return means


def evaluate_analogies(
    table: Table, path: str | Path, *, limit: int | None = None
) -> list[Analogies]:
    """Answer questions in word2vec's format (``: section``, then ``a b c d`` on each line: a is to
    b as c is to d) by the word nearest to b - a + c, among the first ``limit`` rows where that is
    given. Returns the sections and, last, all of them."""
    path = Path(path)
    form = _form(table)
    sections: list[tuple[str, list[list[str]]]] = []
    for number, line in enumerate(read_lines(path), 1):
        fields = line.split()
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
        elif fields:
            if len(fields) != 4:
                raise FormatError(path, number, "four words are due")
            if not sections:
                sections.append((path.name, []))
            sections[-1][1].append([form(word) for word in fields])
    results = [_answered(table, name, questions, limit) for name, questions in sections]
    right, used, total = (
        sum(getattr(result, key) for result in results) for key in ("right", "used", "total")
    )
    return [*results, Analogies("all", right, used, total)]


def _answered(
    table: Table, name: str, questions: Sequence[Sequence[str]], limit: int | None
) -> Analogies:
    if not questions:
        return Analogies(name, 0, 0, 0)
    rows = np.stack([table.rows_for(column) for column in zip(*questions)])
    known = (rows >= 0).all(axis=0)
    if limit is not None:
        known &= (rows < limit).all(axis=0)
    a, b, c, d = rows[:, known]
    unit = [unit_rows(table.gather(each)) for each in (a, b, c)]
    # The three words of the question aren't answers, so that one of four rows is left.
    hits = search(table, unit[1] - unit[0] + unit[2], 4, limit)
    given = (hits.rows[:, :, None] == np.stack([a, b, c], axis=1)[:, None, :]).any(axis=2)
    best = hits.rows[np.arange(len(d)), np.argmin(given, axis=1)]
    return Analogies(name, int((best == d).sum()), len(d), len(questions))
