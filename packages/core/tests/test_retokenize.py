"""Merging and splitting tokens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.errors import DataError
from spanloom.tokens import Doc, Span, Token
from spanloom.vocab import Vocab


@pytest.fixture
def doc() -> Doc:
    doc = Doc(
        Vocab("en"),
        ["I", "live", "in", "New", "York", "City", "."],
        [True] * 5 + [False, False],
        tags=list("ABCDEFG"),
        lemmas=["i", "live", "in", "New", "York", "City", "."],
        morphs=["A=1", "", "", "B=1", "B=2", "B=3", ""],
        heads=[1, 1, 1, 5, 5, 2, 1],
        deps=["nsubj", "ROOT", "prep", "compound", "compound", "pobj", "punct"],
        ents=["O", "O", "O", "B-GPE", "I-GPE", "I-GPE", "O"],
    )
    doc.spans["s"] = [doc[2:5], doc[5:7], Span(doc, 0, 1, "X")]
    return doc


def test_merge(doc: Doc) -> None:
    text = doc.text
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[3:6])
        assert len(doc) == 7
    assert doc.text == text and doc.words == ["I", "live", "in", "New York City", "."]
    assert [token.idx for token in doc] == [0, 2, 7, 10, 23]
    city = doc[3]
    assert (city.tag_, city.lemma_, str(city.morph), city.dep_) == (
        "F",
        "New York City",
        "B=3",
        "pobj",
    )
    assert [token.head.i for token in doc] == [1, 1, 1, 2, 1] and city.norm_ == "new york city"
    assert [(e.text, e.label_) for e in doc.ents] == [("New York City", "GPE")]
    assert [(s.text, s.label_) for s in doc.spans["s"]] == [
        ("in New York City", ""),
        ("New York City.", ""),
        ("I", "X"),
    ]


def test_merge_with_attributes(doc: Doc) -> None:
    Token.set_extension("mark", default=None, force=True)
    attrs = {"LEMMA": "nyc", "TAG": "Q", "ENT_TYPE": "LOC", "NORM": "zz", "MORPH": "C=1"}
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[3:6], attrs={**attrs, "_": {"mark": 5}})
        retokenizer.merge(doc[0:1], attrs={"POS": doc.vocab.strings["PRON"]})
    city = doc[3]
    assert (city.lemma_, city.tag_, city.ent_type_, city.norm_) == ("nyc", "Q", "LOC", "zz")
    assert str(city.morph) == "C=1" and city._.mark == 5 and doc[0].pos_ == "PRON"
    assert doc.vocab["New York City"].norm_ == "new york city"
    Token.remove_extension("mark")


def test_merge_across_an_entity(doc: Doc) -> None:
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[2:4])
    assert doc.words == ["I", "live", "in New", "York", "City", "."]
    assert [(e.text, e.label_) for e in doc.ents] == [("York City", "GPE")]
    assert [token.head.i for token in doc] == [1, 1, 1, 4, 2, 1]


def test_merge_of_sentences() -> None:
    doc = Doc(Vocab(), list("abcd"), sent_starts=[1, -1, 1, -1])
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[1:3])
    assert [token.is_sent_start for token in doc] == [True, False, False]


def test_split(doc: Doc) -> None:
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[3:6])
    with doc.retokenize() as retokenizer:
        retokenizer.split(
            doc[3],
            ["New", " York", " City"],
            heads=[(doc[3], 1), (doc[3], 2), doc[2]],
            attrs={"POS": ["PROPN", "X", "NUM"], "DEP": ["compound", "compound", "pobj"]},
        )
    assert doc.text == "I live in New York City." and doc[4].text == " York"
    assert [token.head.i for token in doc] == [1, 1, 1, 4, 5, 2, 1]
    assert [token.pos_ for token in doc][3:6] == ["PROPN", "X", "NUM"]
    assert [token.lemma_ for token in doc][3:6] == ["New", " York", " City"]
    assert [token.ent_iob_ for token in doc] == ["O", "O", "O", "B", "I", "I", "O"]
    assert [s.text for s in doc.spans["s"]] == ["in New York City", "New York City.", "I"]
    assert [token.is_sent_start for token in doc] == [True] + [False] * 6


def test_children_go_to_the_part_that_is_headed_from_outside() -> None:
    doc = Doc(Vocab(), ["big", "NewYork"], heads=[1, 1], deps=["amod", "ROOT"])
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[1], ["New", "York"], heads=[(doc[1], 1), (doc[1], 1)])
    assert [token.head.i for token in doc] == [2, 2, 2]


def test_split_without_annotation() -> None:
    doc = Doc(Vocab(), ["ab", "c"])
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[0], ["a", "b"], heads=[(doc[0], 1), doc[1]])
    assert doc.words == ["a", "b", "c"] and doc.text == "ab c "
    assert [token.head.i for token in doc] == [1, 2, 2]
    assert doc.column("LEMMA") is None


def test_mistakes_are_named_and_change_nothing(doc: Doc) -> None:
    before = doc.to_json()
    other = Doc(doc.vocab, ["x"])

    def split(*args: Any, **kwargs: Any) -> Any:
        return lambda r: r.split(doc[3], *args, **kwargs)

    for action, message in [
        (lambda r: (r.merge(doc[2:4]), r.merge(doc[3:5])), r"token 3 \('New'\).*twice"),
        (lambda r: r.merge(doc[2:4], attrs={"NOPE": 1}), "no attribute 'NOPE'"),
        (lambda r: r.merge(doc[2:4], attrs={"HEAD": 1}), "HEAD of a new token can't be set"),
        (lambda r: r.merge(other[0:1]), "another document"),
        (lambda r: r.split(other[0], ["x"], [other[0]]), "another document"),
        (split(["Ne", "York"], [doc[2], doc[2]]), "can't be split"),
        (split(["New", ""], [doc[2], doc[2]]), "can't be split"),
        (split(["N", "ew"], [doc[2]]), "1 heads for 2 new tokens"),
        (split(["N", "ew"], [doc[2], doc[2]], {"POS": ["X"]}), "POS needs one value"),
    ]:
        with pytest.raises(DataError, match=message), doc.retokenize() as retokenizer:
            action(retokenizer)
    assert doc.to_json() == before


@pytest.mark.lengthy
@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.data())
def test_text_and_trees_survive(sizes: list[int], data: st.DataObject) -> None:
    size = sum(sizes)
    words = [f"w{i}" for i in range(size)]
    heads = [data.draw(st.integers(0, i)) for i in range(size)]
    doc = Doc(Vocab(), words, heads=heads, deps=["d"] * size)
    text = doc.text
    with doc.retokenize() as retokenizer:
        start = 0
        for n in sizes:
            retokenizer.merge(doc[start : start + n])
            start += n
    assert doc.text == text and len(doc) == len(sizes)
    assert all(token.head.i <= token.i for token in doc)
    with doc.retokenize() as retokenizer:
        for token in doc:
            if len(token) > 1:
                parts = [token.text[:1], token.text[1:]]
                retokenizer.split(token, parts, heads=[(token, 1), token.head])
    assert doc.text == text and all(t.head.i < len(doc) for t in doc)
