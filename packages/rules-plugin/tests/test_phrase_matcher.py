"""The phrase matcher."""

from __future__ import annotations

import pickle
import random

import pytest

import spanloom
from spanloom import Doc
from spanloom.errors import DataError
from spanloom_rules import PhraseMatcher, UnknownRuleError


@pytest.fixture
def nlp():
    return spanloom.blank("en")


def found(matcher, doc, **options):
    names = doc.vocab.strings
    return [(names[key], start, end) for key, start, end in matcher(doc, **options)]


def phrases(nlp, *texts):
    return [nlp.make_doc(text) for text in texts]


def test_phrases_are_found_by_place_the_shorter_first(nlp) -> None:
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("CITY", phrases(nlp, "new york", "new york city", "york", "rome"))
    matcher.add("NAME", phrases(nlp, "York"))
    doc = nlp.make_doc("Rome , New York City or York")
    assert found(matcher, doc) == [
        ("CITY", 0, 1),
        ("CITY", 2, 4),
        ("CITY", 2, 5),
        ("CITY", 3, 4),
        ("NAME", 3, 4),
        ("CITY", 6, 7),
        ("NAME", 6, 7),
    ]
    assert [(s.text, s.label_) for s in matcher(doc[5:], as_spans=True)] == [
        ("York", "CITY"),
        ("York", "NAME"),
    ]
    assert found(matcher, nlp.make_doc("york")) == [("CITY", 0, 1), ("NAME", 0, 1)]
    assert matcher(nlp.make_doc("")) == []


@pytest.mark.parametrize("attr", ["ORTH", "LOWER", "SHAPE", "TAG", "LENGTH", "IS_ALPHA"])
@pytest.mark.parametrize("seed", range(8))
def test_random_phrases_are_found_wherever_they_stand(nlp, attr: str, seed: int) -> None:
    rng = random.Random(seed)

    def some(size):
        words = [rng.choice(["a", "B", "b", "cc", ".", "1"]) for _ in range(size)]
        return Doc(nlp.vocab, words=words, tags=[rng.choice("XY") for _ in words])

    matcher = PhraseMatcher(nlp.vocab, attr=attr)
    lists = {key: [some(rng.randint(1, 4)) for _ in range(rng.randint(1, 12))] for key in "KL"}
    for key, docs in lists.items():
        matcher.add(key, docs)
    values = {key: {tuple(d.to_array(attr).tolist()) for d in docs} for key, docs in lists.items()}
    for size in (1, 2, 30):
        doc = some(size)
        text = tuple(doc.to_array(attr).tolist())
        expected = [
            (key, start, end)
            for start in range(size)
            for end in range(start + 1, size + 1)
            for key in "KL"
            if text[start:end] in values[key]
        ]
        assert found(matcher, doc) == expected


@pytest.mark.parametrize("attr", ["LOWER", "TAG"])
@pytest.mark.parametrize("seed", range(4))
def test_several_documents_at_once_give_what_each_alone_gives(nlp, attr: str, seed: int) -> None:
    rng = random.Random(seed)

    def some(size, vocab=nlp.vocab):
        words = [rng.choice(["a", "B", "b", "cc", "."]) for _ in range(size)]
        return Doc(vocab, words=words, tags=[rng.choice("XY") for _ in words])

    seen = []
    matcher = PhraseMatcher(nlp.vocab, attr=attr)
    for key in "KL":
        docs = [some(rng.randint(1, 4)) for _ in range(rng.randint(1, 20))]
        matcher.add(key, docs, on_match=lambda _, doc, i, all_: seen.append((len(doc), all_[i])))
    docs = [some(rng.choice([0, 1, 2, 5, 300])) for _ in range(rng.randint(2, 30))]
    docs.append(some(20)[3:9])
    if seed % 2:
        docs.append(some(9, spanloom.blank("en").vocab))
    wanted = [matcher(doc) for doc in docs]
    called = list(seen)
    seen.clear()
    assert matcher.matches_of(docs) == wanted
    assert seen == called and called
    pairs = zip(docs, range(len(docs)))
    given = list(matcher.pipe(pairs, batch_size=7, return_matches=True, as_tuples=True))
    assert given == [((doc, found), i) for i, (doc, found) in enumerate(zip(docs, wanted))]
    assert list(matcher.pipe(docs)) == docs


def test_rules_are_removed_and_added_again(nlp) -> None:
    matcher = PhraseMatcher(nlp.vocab)
    matcher.add("A", phrases(nlp, "a b", "c"))
    matcher.add("B", phrases(nlp, "a", "a b"))
    doc = nlp.make_doc("a b c")
    assert [key for key, *_ in found(matcher, doc)] == ["B", "A", "B", "A"]
    matcher.remove("A")
    assert found(matcher, doc) == [("B", 0, 1), ("B", 0, 2)]
    assert "A" not in matcher and len(matcher) == 1
    with pytest.raises(UnknownRuleError, match="no rule 'A'"):
        matcher.remove("A")
    with pytest.raises(KeyError):
        matcher.remove("A")
    matcher.add("A", phrases(nlp, "b c"))
    assert ("A", 1, 3) in found(matcher, doc)


def test_callbacks_and_pickling(nlp) -> None:
    seen = []
    matcher = PhraseMatcher(nlp.vocab)
    matcher.add("A", phrases(nlp, "a"), on_match=lambda *args: seen.append(args[2]))
    matcher.add("B", phrases(nlp, "b"))
    matcher(nlp.make_doc("b a a"))
    assert seen == [1, 2]
    matcher.add("A", [], on_match=None)
    again = pickle.loads(pickle.dumps(matcher))  # noqa: S301
    assert found(again, Doc(again.vocab, words=["a", "b"])) == [("A", 0, 1), ("B", 1, 2)]
    again.add("C", phrases(nlp, "a b"))
    assert len(again(nlp.make_doc("a b"))) == 3


def test_what_can_not_be_compared_is_named(nlp) -> None:
    with pytest.raises(DataError, match="no attribute 'COLOUR'"):
        PhraseMatcher(nlp.vocab, attr="COLOUR")
    matcher = PhraseMatcher(nlp.vocab, attr="POS")
    with pytest.raises(DataError, match="compares POS, which the phrase 'a b' hasn't"):
        matcher.add("A", phrases(nlp, "a b"))
    with pytest.raises(DataError, match="must be a list of documents"):
        matcher.add("A", nlp.make_doc("a"))
    with pytest.raises(DataError, match="must be documents, not str"):
        matcher.add("A", ["a"])
    with pytest.raises(DataError, match="takes a Doc or a Span"):
        matcher("a")
    checked = PhraseMatcher(nlp.vocab, validate=True)
    with pytest.warns(UserWarning, match="only ORTH is compared"):
        checked.add("A", [Doc(nlp.vocab, words=["a"], tags=["X"])])


def test_features_of_words_that_change_are_seen(nlp) -> None:
    matcher = PhraseMatcher(nlp.vocab, attr="NORM")
    matcher.add("A", phrases(nlp, "colour"))
    doc = nlp.make_doc("a color")
    assert found(matcher, doc) == []
    nlp.vocab["color"].norm_ = "colour"
    assert found(matcher, doc) == [("A", 1, 2)]


@pytest.mark.slow
def test_a_million_phrases_take_little_memory(nlp) -> None:
    rng = random.Random(0)
    words = [f"w{i}" for i in range(50_000)]
    matcher = PhraseMatcher(nlp.vocab)
    for _ in range(1000):
        matcher.add("A", [Doc(nlp.vocab, words=rng.choices(words, k=3)) for _ in range(1000)])
    doc = Doc(nlp.vocab, words=rng.choices(words, k=1000))
    assert found(matcher, doc) == []
    index = matcher._index._index
    assert index._edges.nbytes + index._filter.nbytes < 80e6
