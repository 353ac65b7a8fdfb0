"""Documents in spaCy's ``.spacy`` files."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom import Doc, Span, Vocab
from spanloom.errors import DataError, SerializationError
from spanloom_spacy import DocBin

GOLDEN = Path(__file__).parent / "data" / "spacy38.spacy"

English = Callable[[], Vocab]
Facts = Callable[[Doc], dict[str, Any]]
Documents = st.SearchStrategy[list[dict[str, Any]]]
SomeDocs = Callable[[Vocab], list[Doc]]


def through_docbin(docs: list[Doc], vocab: Vocab) -> list[Doc]:
    data = DocBin(docs=docs, store_user_data=True).to_bytes()
    return list(DocBin().from_bytes(data).get_docs(vocab))


def test_everything_is_kept(english: English, some_docs: SomeDocs, facts: Facts) -> None:
    docs = some_docs(english())
    again = through_docbin(docs, english())
    for data, found in zip(map(facts, docs), map(facts, again), strict=True):
        if data["columns"]:
            # The format holds a boundary wherever there is a tree.
            data["columns"].setdefault("SENT_START", found["columns"].get("SENT_START"))
            found["columns"].setdefault("SENT_START", None)
        found["user_data"] = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in found["user_data"].items()
        }
        assert found == data


def test_a_file_of_spacy_is_read(english: English, some_docs: SomeDocs, facts: Facts) -> None:
    docs = list(DocBin().from_disk(GOLDEN).get_docs(english()))
    ours = some_docs(english())
    assert [doc.words for doc in docs] == [doc.words for doc in ours]
    found, expected = facts(docs[0]), facts(ours[0])
    expected["user_data"]["n"] = (1, 2.5, None)
    assert found == expected
    assert [token.norm_ for token in docs[1]][:4] == ["we", "do", "not", "know"]
    assert [doc.has_unknown_spaces for doc in docs] == [False, False, True, True, False]
    assert docs[3][0].dep_ == "ROOT"
    assert not docs[1].has_annotation("DEP") and docs[1].column("SENT_START") is None


def test_merging_and_storing_some_attributes(english: English, some_docs: SomeDocs) -> None:
    vocab = english()
    one, two = (DocBin(["TAG"], docs=[doc]) for doc in some_docs(vocab)[:2])
    one.merge(two)
    assert (len(one), one.n_tokens) == (2, 14)
    docs = list(DocBin().from_bytes(one.to_bytes()).get_docs(english()))
    assert [token.tag_ for token in docs[0]] == list("ABCDEF")
    assert not docs[0].has_annotation("DEP") and not docs[0].user_data
    with pytest.raises(DataError, match="merged"):
        one.merge(DocBin())


def test_user_data_that_is_no_value_is_an_error(english: English) -> None:
    doc = Doc(english(), words=["a"], user_data={"x": object()})
    with pytest.raises(SerializationError, match="plain values"):
        through_docbin([doc], english())


def changed(**values: Any) -> bytes:
    state = srsly.msgpack_loads(zlib.decompress(GOLDEN.read_bytes()))
    return zlib.compress(srsly.msgpack_dumps({**state, **values}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nothing",
        GOLDEN.read_bytes()[:-20],
        zlib.compress(b"\x93"),
        zlib.compress(srsly.msgpack_dumps([1])),
        changed(lengths=b"\x01\x00\x00\x00"),
        changed(strings=["a"]),
        changed(strings=[1]),
        changed(attrs=[74]),
        changed(cats=[]),
        changed(span_groups=[b"\xff"] * 5),
        changed(user_data=[b"\xc1"] * 5),
        changed(
            tokens=b"\xff"
            * len(srsly.msgpack_loads(zlib.decompress(GOLDEN.read_bytes()))["tokens"])
        ),
    ],
)
def test_damaged_files_are_named(english: English, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.spacy"
    path.write_bytes(data)
    with pytest.raises(SerializationError):
        list(DocBin().from_disk(path).get_docs(english()))


@pytest.mark.lengthy
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_documents_come_back(
    english: English, documents: Documents, data: st.DataObject
) -> None:
    docs = [Doc(english(), **each) for each in data.draw(documents)]
    for before, after in zip(docs, through_docbin(docs, english()), strict=True):
        names = ["TAG", "LEMMA", "DEP", "ENT_IOB", "ENT_TYPE", "HEAD"]
        assert after.text == before.text
        assert after.words == before.words
        assert (after.to_array(names) == before.to_array(names)).all()


def test_a_bounded_vocab_takes_in_no_more_than_its_documents(english: English) -> None:
    vocab = english()
    docs = [Doc(vocab, words=[f"{i}a", f"{i}b"], lemmas=[f"{i}l", "l"]) for i in range(20)]
    bounded = Vocab("en", max_types=5)
    assert len([doc.words for doc in DocBin(docs=docs).get_docs(bounded)]) == 20
    assert "3l" not in bounded.strings


@pytest.mark.lengthy
def test_small_data_that_would_fill_the_memory_is_refused():
    bomb = zlib.compress(b"\x00" * 300_000_000, 1)
    with pytest.raises(SerializationError, match="max_size"):
        DocBin().from_bytes(bomb)
    data = DocBin(docs=[Doc(Vocab("en"), ["a"] * 100)]).to_bytes()
    with pytest.raises(SerializationError, match="max_size"):
        DocBin().from_bytes(data, max_size=100)
    assert len(DocBin().from_bytes(data, max_size=1_000_000)) == 1


@pytest.mark.parametrize("where", ["words", "labels", "cats", "groups"])
def test_half_a_surrogate_pair_is_refused_when_it_is_added(where):
    half = "\ud83d"
    doc = Doc(Vocab("en"), ["so", half if where == "words" else "x"])
    if where == "labels":
        doc.ents = [Span(doc, 0, 1, half)]
    if where == "cats":
        doc.cats = {half: 1.0}
    if where == "groups":
        doc.spans[half] = []
    with pytest.raises(SerializationError, match="surrogate"):
        DocBin().add(doc)
