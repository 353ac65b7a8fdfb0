"""Raw text to Docs: speed, tokens and scores, ours beside spaCy's English tokenizer.

Cold is a fresh vocabulary and tokenizer for each run; warm is the second run of the same one. The
texts are the training part's for speed and all parts' for the tokens. Scores are on raw texts of
dev and test, by character offsets of UD words (the parts of multiword tokens):

- TOK is the score of that name in spaCy's tables: the share of tokens that hold no more than one
  word. It forgives a word that is split too far.
- F1 is of tokens that are exactly a word.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from common import (
    Row,
    arguments,
    check_threads,
    cpu_time,
    ewt_file,
    ewt_texts,
    has_spacy,
    read_lines,
    report,
)
from spanloom import Vocab
from spanloom.lang import language
from spanloom.tokenizer import Tokenizer
from spanloom.vocab.lexicon import FLAGS, STRING_FEATURES

Make = Callable[[], Any]
Use = Callable[[Any, list[str]], Callable[[], None]]
Side = tuple[Make, Use]


def ours() -> Tokenizer:
    """Our tokenizer with a vocabulary of its own."""
    english = language("en")
    return Tokenizer(Vocab("en", rules=english.lexical_rules()), english.tokenizer_rules())


def spacys() -> Any:
    """spaCy's tokenizer with a vocabulary of its own."""
    import spacy

    return spacy.blank("en").tokenizer


def in_batches(tokenizer: Any, texts: list[str]) -> Callable[[], None]:
    """A function that tokenizes ``texts`` in batches."""

    def run() -> None:
        for _ in tokenizer.pipe(texts, batch_size=256):
            pass

    return run


def one_by_one(tokenizer: Any, texts: list[str]) -> Callable[[], None]:
    """A function that tokenizes ``texts`` one at a time."""

    def run() -> None:
        for text in texts:
            tokenizer(text)

    return run


def with_features(tokenizer: Tokenizer, texts: list[str]) -> Callable[[], None]:
    """As :func:`in_batches`, and all features of words, which spaCy computes on the way."""
    tokenize = in_batches(tokenizer, texts)

    def run() -> None:
        tokenize()
        lexicon = tokenizer.vocab.lexicon
        for name in (*STRING_FEATURES, *FLAGS, "LENGTH"):
            lexicon.column(name)

    return run


def cold_and_warm(sides: list[Side], texts: list[str], repeats: int) -> list[tuple[float, float]]:
    """Median CPU seconds of the first and the second run of a new tokenizer, for each side. They
    take turns, so that what else the machine does meets all alike."""
    times: list[tuple[list[float], list[float]]] = [([], []) for _ in sides]
    for _ in range(repeats):
        for (make, use), (cold, warm) in zip(sides, times, strict=True):
            run = use(make(), texts)
            cold.append(cpu_time(run))
            warm.append(cpu_time(run))
    return [(statistics.median(cold), statistics.median(warm)) for cold, warm in times]


def speed(texts: list[str], repeats: int, peer: bool) -> list[Row]:
    """The figures of speed."""
    sides: list[Side] = [(ours, in_batches), (ours, with_features), (ours, one_by_one)]
    if peer:
        sides += [(spacys, in_batches), (spacys, one_by_one)]
    times = cold_and_warm(sides, texts, repeats)
    batch, featured, single = times[:3]
    their_batch, their_single = times[3:] if peer else ((None, None), (None, None))
    return [
        Row("batches, cold", batch[0], their_batch[0], goal=2),
        Row("batches, cold, all features of words", featured[0], their_batch[0]),
        Row("batches, warm", batch[1], their_batch[1], goal=5),
        Row("one text, cold", single[0], their_single[0], goal=1.2),
        Row("one text, warm", single[1], their_single[1], goal=2),
    ]


def gold(part: str, limit: int | None) -> Iterator[tuple[str, list[str]]]:
    """Text and UD words of each sentence of ``part``."""
    sentences = groupby(read_lines(ewt_file(part)), key=bool)
    for index, lines in enumerate(lines for filled, lines in sentences if filled):
        if limit is not None and index >= limit:
            return
        text, words = "", []
        for line in lines:
            if line.startswith("# text = "):
                text = line[len("# text = ") :]
            elif line.split("\t", 1)[0].isdigit():
                words.append(line.split("\t", 2)[1])
        yield text, words


def offsets(words: list[str]) -> list[tuple[int, int]]:
    """Start and end of each word, counted in characters that aren't whitespace."""
    found, at = [], 0
    for word in words:
        length = len("".join(word.split()))
        found.append((at, at + length))
        at += length
    return found


def scores(tokenize: Callable[[str], list[str]], part: str, limit: int | None) -> tuple[float, ...]:
    """TOK and F1, in percent."""
    one_word = right = tokens = words = 0
    for text, expected in gold(part, limit):
        true = offsets(expected)
        word_at = [index for index, (start, end) in enumerate(true) for _ in range(start, end)]
        found = offsets([token for token in tokenize(text) if not token.isspace()])
        tokens += len(found)
        words += len(true)
        right += len(set(found) & set(true))
        one_word += sum(len(set(word_at[start:end])) == 1 for start, end in found)
    return 100 * one_word / tokens, 200 * right / (tokens + words)


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__, repeats=5)
    check_threads()
    repeats = 1 if options.quick else options.repeats
    limit = 300 if options.quick else None
    texts = ewt_texts("train", limit)
    peer = has_spacy()
    rows = speed(texts, repeats, peer)
    tokenizer = ours()
    theirs_too = spacys() if peer else None
    for part in ("dev", "test"):
        mine_scores = scores(lambda text: tokenizer(text).words, part, limit)
        other_scores: tuple[float | None, ...] = (None, None)
        if theirs_too is not None:
            other_scores = scores(lambda text: [t.text for t in theirs_too(text)], part, limit)
        for name, own, their in zip(("TOK", "F1"), mine_scores, other_scores, strict=True):
            rows.append(Row(f"{name} {part}", own, their, "%", higher_is_better=True, goal=1))

    if theirs_too is not None:
        every = [text for part in ("train", "dev", "test") for text in ewt_texts(part, limit)]
        docs = zip(tokenizer.pipe(every), theirs_too.pipe(every), strict=True)
        differ = sum(
            [(t.text, t.norm_, t.whitespace_) for t in doc]
            != [(t.text, t.norm_, t.whitespace_) for t in their]
            for doc, their in docs
        )
        rows.append(Row(f"of {len(every):,} texts, other tokens or norms", differ, unit="texts"))
    report(rows, f"Tokenizer: {len(texts):,} texts", options.json)


if __name__ == "__main__":
    main()
