"""The attribute ruler and the rule lemmatizer on the whole EWT, ours beside spaCy's.

179 rules set parts of speech: one for each tag, and others for words whose part of speech is most
often another than that of their tag. Lemmas are found by endings, with an index and exceptions
that are taken from the treebank. Both sides have the same rules and tables, and must give the same.
Times are of both components together: a first run, and a later one on new documents of the text.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from common import Row, arguments, check_threads, cpu_time, has_spacy, report
from rules import Word, documents
from spanloom import Doc, Vocab
from spanloom.tokens.batch import Batch
from spanloom_rules import AttributeRuler, Lemmatizer, Lookups

RULES = 179
ENDINGS = {
    "NOUN": [["ies", "y"], ["ses", "s"], ["xes", "x"], ["men", "man"], ["s", ""]],
    "VERB": [["ies", "y"], ["es", "e"], ["es", ""], ["s", ""], ["ed", "e"], ["ed", ""],
             ["ing", "e"], ["ing", ""]],
    "ADJ": [["er", ""], ["est", ""], ["er", "e"], ["est", "e"]],
}  # fmt: skip
BATCH = 32


def rules_of(texts: list[list[Word]]) -> list[dict[str, Any]]:
    """Parts of speech by tag, and by word and tag."""
    words = [word for words in texts for word in words]
    usual: dict[str, Counter[str]] = {}
    for _, pos, tag, _ in words:
        usual.setdefault(tag, Counter())[pos] += 1
    by_tag = {tag: counts.most_common(1)[0][0] for tag, counts in usual.items()}
    others = Counter((form.lower(), tag, pos) for form, pos, tag, _ in words if pos != by_tag[tag])
    rules = [{"patterns": [[{"TAG": tag}]], "attrs": {"POS": pos}} for tag, pos in by_tag.items()]
    for (form, tag, pos), _ in others.most_common(RULES - len(rules)):
        rules.append({"patterns": [[{"LOWER": form, "TAG": tag}]], "attrs": {"POS": pos}})
    return rules


def tables_of(texts: list[list[Word]]) -> dict[str, Any]:
    """Tables of lemmas."""
    words = [word for words in texts for word in words]
    index: dict[str, dict[str, None]] = {}
    irregular: dict[str, dict[str, list[str]]] = {}
    for form, pos, _, lemma in words:
        part, form = pos.lower(), form.lower()
        index.setdefault(part, {})[lemma.lower()] = None
        if lemma.lower()[:2] != form[:2]:
            irregular.setdefault(part, {})[form] = [lemma.lower()]
    return {
        "lemma_rules": {pos.lower(): endings for pos, endings in ENDINGS.items()},
        "lemma_index": {part: list(lemmas) for part, lemmas in index.items()},
        "lemma_exc": irregular,
    }


def ours(texts: list[list[Word]], rules: Any, tables: Any) -> tuple[float, float, list[str]]:
    """Seconds of a first and a later run, and the lemmas."""
    vocab, lookups = Vocab("en"), Lookups()
    for name, table in tables.items():
        lookups.add_table(name, table)
    ruler, lemmatizer = AttributeRuler(vocab), Lemmatizer(vocab, mode="rule")
    ruler.add_patterns(rules)
    lemmatizer.initialize(lookups=lookups)

    def run(docs: list[Doc]) -> None:
        for at in range(0, len(docs), BATCH):
            batch = Batch(docs[at : at + BATCH])
            ruler.annotate(batch)
            lemmatizer.annotate(batch)

    return measured(run, Doc, vocab, texts)


def theirs(texts: list[list[Word]], rules: Any, tables: Any) -> tuple[float, float, list[str]]:
    """The same for spaCy."""
    import spacy
    from spacy.lookups import Lookups as TheirLookups

    nlp, lookups = spacy.blank("en"), TheirLookups()
    for name, table in tables.items():
        lookups.add_table(name, table)
    ruler = nlp.add_pipe("attribute_ruler")
    ruler.add_patterns(rules)
    lemmatizer = nlp.add_pipe("lemmatizer", config={"mode": "rule"})
    lemmatizer.initialize(lookups=lookups)

    def run(docs: list[Any]) -> None:
        for doc in docs:
            lemmatizer(ruler(doc))

    return measured(run, spacy.tokens.Doc, nlp.vocab, texts)


def measured(run: Any, make: Any, vocab: Any, texts: list[list[Word]]) -> Any:
    """Seconds of runs on new documents, and the lemmas that the last one found."""
    times, docs = [], []
    for _ in range(3):
        docs = [
            make(vocab, words=[w[0] for w in words], tags=[w[2] for w in words]) for words in texts
        ]
        times.append(cpu_time(lambda docs=docs: run(docs)))
    return times[0], min(times[1:]), [token.lemma_ for doc in docs for token in doc]


def main() -> None:
    """Measure and report."""
    options = arguments(__doc__)
    check_threads()
    texts = list(documents("dev" if options.quick else "train"))
    rules, tables = rules_of(texts), tables_of(texts)
    sides = [ours(texts, rules, tables)]
    if has_spacy():
        sides.append(theirs(texts, rules, tables))
    if len(sides) > 1 and sides[0][2] != sides[1][2]:
        sys.exit("the sides found other lemmas")
    scale = 1e6 / sum(map(len, texts))
    first, later = ([side[which] * scale for side in sides] for which in (0, 1))
    peer = [each[1] if len(each) > 1 else None for each in (first, later)]
    rows = [
        Row("attribute_ruler and lemmatizer, first run", first[0], peer[0], unit="µs/word"),
        Row("attribute_ruler and lemmatizer", later[0], peer[1], unit="µs/word", goal=5.0),
    ]
    report(rows, "Lemmas", options.json)


if __name__ == "__main__":
    main()
