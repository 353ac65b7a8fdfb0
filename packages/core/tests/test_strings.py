"""Ids of strings and the store that turns them back."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.errors import DataError, FormatError, MissingFileError, SerializationError
from spanloom.vocab.strings import StringStore, hash_string, hash_strings

# Obtained from spaCy 3.8.18.
KNOWN = {
    "": 0,
    "NOUN": 92,
    "nsubj": 429,
    "number": 432,
    "IS_ALPHA": 1,
    "PERSON": 380,
    "apple": 8566208034543834098,
    "é": 16256712947286012828,
    "naïve": 16224804062388677344,
    "日本語": 1998301522555383300,
    "😀": 13900606239988879105,
    "xxxxxxx": 15617312853933409269,
    "xxxxxxxx": 12990727605588688405,
    "xxxxxxxxx": 10524653150034420752,
    "abcdefghijklmnopqrstuvwxyz": 16547180945892771438,
    "New York": 16910981474062290848,
    "\x00": 12725806677685968135,
    "zzz\x00": 12476924614695981909,
    "Number=Sing|Person=3": 10599466845694258921,
    "ROOT": 8206900633647566924,
}

# Any code point, lone surrogates too.
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)


def test_ids_are_those_of_spacy() -> None:
    assert {text: hash_string(text) for text in KNOWN} == KNOWN
    assert hash_strings(list(KNOWN)).tolist() == list(KNOWN.values())


@pytest.mark.lengthy
@given(st.lists(ANY_TEXT, min_size=12, max_size=60))
def test_bulk_equals_one_by_one(texts: list[str]) -> None:
    assert hash_strings(texts).tolist() == [hash_string(text) for text in texts]


def test_bulk_of_long_strings() -> None:
    texts = ["ab" * n for n in range(200)]
    assert hash_strings(texts).tolist() == [hash_string(text) for text in texts]


@given(st.lists(ANY_TEXT))
def test_what_is_stored_comes_back(texts: list[str]) -> None:
    store = StringStore()
    ids = store.ids(texts)
    assert ids.dtype == np.uint64
    assert store.strings(ids) == texts
    assert [store[int(i)] for i in ids] == texts
    assert all(text in store for text in texts)
    again = StringStore().from_bytes(store.to_bytes())
    assert sorted(again) == sorted(store)


def test_a_store_behaves_as_spacys() -> None:
    store = StringStore(["apple"])
    assert store["apple"] in store and "apple" in store and 92 in store and "NOUN" in store
    assert "pear" not in store and 12345 not in store and None not in store
    assert store["pear"] == hash_string("pear") and "pear" not in store
    assert store.add("NOUN") == 92 and store.add("") == 0
    assert len(store) == 1 and list(store) == ["apple"]
    assert store.as_int("apple") == store.as_int(hash_string("apple"))
    assert store.as_string(92) == store.as_string("NOUN") == "NOUN"


def test_unknown_ids_and_wrong_types_are_named() -> None:
    store = StringStore()
    with pytest.raises(KeyError, match="12345"):
        store[12345]
    with pytest.raises(KeyError, match="12345"):
        store.strings(np.array([92, 12345], dtype=np.uint64))
    with pytest.raises(DataError, match="not float"):
        store.add(3.5)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="not NoneType"):
        store.ids(["a", None])  # type: ignore[list-item]


def test_a_parent_is_asked() -> None:
    parent = StringStore(["label"])
    child = StringStore(["word"], parent=parent)
    assert child[parent["label"]] == "label" and "label" in child
    assert "word" not in parent and child.parent is parent
    copy = pickle.loads(pickle.dumps(child))  # noqa: S301
    assert "label" in copy and list(copy) == ["word"]


def test_saved_and_read(tmp_path: object) -> None:
    path = f"{tmp_path}/deep/strings.json"
    StringStore(["b", "a", "\ud800"]).to_disk(path)
    assert sorted(StringStore(["gone"]).from_disk(path)) == ["a", "b", "\ud800"]


def test_bad_files(tmp_path: object) -> None:
    path = f"{tmp_path}/strings.json"
    with pytest.raises(MissingFileError, match="strings.json"):
        StringStore().from_disk(path)
    for content, error in [
        (b"[1]", SerializationError),
        (b"[", SerializationError),
        (b'["\xff"]', FormatError),
    ]:
        with open(path, "wb") as file:
            file.write(content)
        with pytest.raises(error, match="strings.json"):
            StringStore().from_disk(path)
