"""Matchers and rulers on the whole EWT, document by document, ours beside spaCy's.

Literal patterns are runs of one to three words of the text, in lower case; mixed ones also have
tags, parts of speech with operators, lemmas and regular expressions. Phrases are runs of two to
four words, a twentieth of them from the text. Words and annotation are the treebank's. Times are
those of a second run: what depends on the words has been looked up; the first is a row of its own.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from common import Row, arguments, check_threads, cpu_time, ewt_file, has_spacy, read_lines, report
from spanloom import Doc, blank
from spanloom_rules import EntityRuler, Matcher, PhraseMatcher

Word = tuple[str, str, str, str]
"""Form, part of speech, tag and lemma."""


def documents(part: str) -> Iterator[list[Word]]:
    """The documents of ``part``."""
    words: list[Word] = []
    for line in read_lines(ewt_file(part)):
        if line.startswith("# newdoc") and words:
            yield words
            words = []
        elif line.split("\t", 1)[0].isdigit():
            _, form, lemma, pos, tag = line.split("\t")[:5]
            words.append((form, pos, tag, lemma))
    yield words


def built(make: Callable[..., Any], vocab: Any, texts: list[list[Word]]) -> list[Any]:
    """The documents of one side."""
    return [
        make(
            vocab,
            words=[word[0] for word in words],
            pos=[word[1] for word in words],
            tags=[word[2] for word in words],
            lemmas=[word[3] for word in words],
        )
        for words in texts
    ]


def literal(texts: list[list[Word]], rng: random.Random) -> list[dict[str, Any]]:
    """A pattern of words that stand in the text."""
    words = rng.choice(texts)
    at = rng.randrange(len(words))
    return [{"LOWER": word[0].lower()} for word in words[at : at + rng.choice([1, 2, 2, 3])]]


def mixed(texts: list[list[Word]], rng: random.Random) -> list[dict[str, Any]]:
    """A pattern of several kinds."""
    words = rng.choice([each for each in texts if len(each) > 3])
    at = rng.randrange(len(words) - 2)
    one, two, three = words[at : at + 3]
    start = re.escape(one[0].lower()[:3])
    return rng.choice(
        [
            [{"LOWER": one[0].lower()}, {"LOWER": two[0].lower()}],
            [{"TAG": one[2]}, {"TAG": two[2]}, {"LOWER": three[0].lower()}],
            [{"POS": "ADJ", "OP": "*"}, {"LOWER": two[0].lower()}, {"IS_PUNCT": True, "OP": "?"}],
            [{"LEMMA": one[3]}, {"POS": {"IN": ["NOUN", "PROPN"]}, "OP": "+"}],
            [{"LOWER": {"REGEX": f"^{start}"}}, {"IS_ALPHA": True}, {"LOWER": three[0].lower()}],
        ]
    )


def phrases(texts: list[list[Word]], count: int, rng: random.Random) -> list[list[str]]:
    """Phrases, each once."""
    flat = [word[0] for words in texts for word in words]
    found: dict[tuple[str, ...], None] = {}
    while len(found) < count:
        size = rng.choice([2, 2, 3, 3, 4])
        at = rng.randrange(len(flat) - size)
        drawn = flat[at : at + size] if rng.random() < 0.05 else rng.choices(flat, k=size)
        found[tuple(drawn)] = None
    return [list(each) for each in found]


def timed(matcher: Any, docs: list[Any]) -> tuple[float, float, int]:
    """CPU seconds of a first and of a later run, and the number of matches."""
    found = [0]

    def run() -> None:
        found[0] = sum(len(matcher(doc)) for doc in docs)

    first = cpu_time(run)
    return first, min(cpu_time(run) for _ in range(2)), found[0]


def streamed(matcher: Any, docs: list[Any]) -> tuple[float, float, int]:
    """CPU seconds of a stream of documents that have been seen, twice, and matches."""
    found = [0]

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # spaCy's pipe
            found[0] = sum(len(each) for _, each in matcher.pipe(docs, return_matches=True))

    best = min(cpu_time(run) for _ in range(3))
    return best, best, found[0]


def matcher_rows(
    sides: list[tuple[Callable[..., Any], Any, list[Any]]], texts: list[list[Word]]
) -> list[Row]:
    """The token matcher."""
    rows = []
    for name, make in (("literal", literal), ("mixed", mixed)):
        for count, goal in ((1, 1.0), (100, 3.0), (5000, 3.0)):
            rng = random.Random(count)
            patterns = [make(texts, rng) for _ in range(count)]
            # A tenth of the text, where spaCy would take minutes.
            part = slice(None, None, 10 if count == 5000 else 1)
            times = []
            for kind, vocab, docs in sides:
                matcher = kind(vocab)
                for i, pattern in enumerate(patterns):
                    matcher.add(f"R{i}", [pattern])
                times.append(timed(matcher, docs[part]))
            words = sum(map(len, texts[part]))
            rows += compared(f"Matcher, {count:,} {name}", times, words, goal)
    return rows


def compared(
    name: str, times: list[tuple[float, float, int]], words: int, goal: float
) -> list[Row]:
    """Rows of microseconds a word; both sides must have found the same."""
    if len({found for *_, found in times}) > 1:
        sys.exit(f"{name}: the sides found {[found for *_, found in times]}")
    scaled = [(1e6 * first / words, 1e6 * later / words) for first, later, _ in times]
    peer = scaled[1] if len(scaled) > 1 else (None, None)
    return [
        Row(f"{name}, first run", scaled[0][0], peer[0], unit="µs/word"),
        Row(name, scaled[0][1], peer[1], unit="µs/word", goal=goal),
    ]


def phrase_rows(
    sides: list[tuple[Callable[..., Any], Any, list[Any]]],
    docs_of: list[Callable[..., Any]],
    texts: list[list[Word]],
    count: int,
) -> list[Row]:
    """The phrase matcher."""
    wanted = phrases(texts, count, random.Random(0))
    times, streams, adding = [], [], []
    for (kind, vocab, docs), make in zip(sides, docs_of, strict=True):
        matcher = kind(vocab)
        given = [make(vocab, words=words) for words in wanted]
        adding.append(cpu_time(lambda matcher=matcher, given=given: matcher.add("P", given)))
        times.append(timed(matcher, docs))
        streams.append(streamed(matcher, docs))
    words = sum(map(len, texts))
    rows = compared(f"PhraseMatcher, {count:,}, one by one", times, words, 1.0)
    rows += compared(f"PhraseMatcher, {count:,}, pipe", streams, words, 1.0)[1:]
    peer = adding[1] if len(adding) > 1 else None
    return [Row(f"PhraseMatcher, {count:,}: add", adding[0], peer, unit="s"), *rows]


def ruler_rows(texts: list[list[Word]], count: int, peer: bool) -> list[Row]:
    """The entity ruler: half phrases, half token patterns."""
    rng = random.Random(1)
    wanted = phrases(texts, count, rng)
    entries = [
        {
            "label": f"L{i % 20}",
            "pattern": " ".join(words) if i % 2 else [{"LOWER": w.lower()} for w in words],
        }
        for i, words in enumerate(wanted)
    ]
    times = []
    names = ["spanloom", "spacy"] if peer else ["spanloom"]
    for name in names:
        if name == "spanloom":
            nlp, make, kind = blank("en"), Doc, EntityRuler
        else:
            import spacy
            import spacy.pipeline

            nlp, make, kind = spacy.blank("en"), spacy.tokens.Doc, spacy.pipeline.EntityRuler
        ruler = kind(nlp)
        ruler.add_patterns(entries)
        docs = [make(nlp.vocab, words=[word[0] for word in words]) for words in texts]

        def run(ruler: Any = ruler, docs: list[Any] = docs) -> None:
            for doc in docs:
                doc.ents = ()
                ruler(doc)

        first = cpu_time(run)
        times.append((first, min(cpu_time(run) for _ in range(2)), 0))
    return compared(f"EntityRuler, {count:,}", times, sum(map(len, texts)), 3.0)


_PEAK = """
import random, sys, resource
sys.path.insert(0, {here!r})
from rules import documents, phrases
texts = list(documents("dev"))
wanted = phrases(texts, {count}, random.Random(0))
if {ours}:
    from spanloom import Doc, blank
    from spanloom_rules import PhraseMatcher
else:
    from spacy import blank
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc
vocab = blank("en").vocab
matcher = PhraseMatcher(vocab)
doc = Doc(vocab, words=[word[0] for word in texts[0]])
def now():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
before = now()
for words in wanted:
    matcher.add("P", [Doc(vocab, words=words)])
matcher(doc)
print(now() - before)
"""


def memory_rows(count: int, peer: bool) -> list[Row]:
    """Megabytes that phrases take, in a process of each side."""
    sizes = []
    for ours in [True, False] if peer else [True]:
        code = _PEAK.format(here=sys.path[0], count=count, ours=ours)
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        sizes.append(float(done.stdout))
    other = sizes[1] if peer else None
    return [Row(f"PhraseMatcher, {count:,}: memory", sizes[0], other, unit="MB", goal=2.0)]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__)
    check_threads()
    texts = list(documents("dev" if options.quick else "train"))
    peer = has_spacy()
    vocab = blank("en").vocab
    token: list[Any] = [(Matcher, vocab, built(Doc, vocab, texts))]
    phrase: list[Any] = [(PhraseMatcher, *token[0][1:])]
    makers: list[Any] = [Doc]
    if peer:
        import spacy
        import spacy.matcher

        theirs = spacy.blank("en").vocab
        token.append((spacy.matcher.Matcher, theirs, built(spacy.tokens.Doc, theirs, texts)))
        phrase.append((spacy.matcher.PhraseMatcher, *token[1][1:]))
        makers.append(spacy.tokens.Doc)
    rows = matcher_rows(token, texts)
    rows += ruler_rows(texts, 2_000 if options.quick else 20_000, peer)
    rows += phrase_rows(phrase, makers, texts, 10_000 if options.quick else 100_000)
    rows += memory_rows(10_000 if options.quick else 100_000, peer)
    report(rows, "Rules", options.json)


if __name__ == "__main__":
    main()
