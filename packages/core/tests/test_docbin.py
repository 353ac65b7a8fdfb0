"""Documents in spaCy's ``.spacy`` files, and in blocks of columns (``.loom``)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom import Vocab
from spanloom.errors import DataError, FormatError, SerializationError
from spanloom.lang import language
from spanloom.pipeline.build import blank
from spanloom.tokens import Doc, Span
from spanloom.tokens.storage.columnar import from_block, to_blocks
from spanloom.tokens.storage.docfile import read_docs, write_docs
from spanloom.vocab.columns import COLUMNS
from spanloom_spacy import DocBin

GOLDEN = Path(__file__).parent / "data" / "spacy38.spacy"


def through_docbin(docs: list[Doc], vocab: Vocab) -> list[Doc]:
    data = DocBin(docs=docs, store_user_data=True).to_bytes()
    return list(DocBin().from_bytes(data).get_docs(vocab))


def through_blocks(docs: list[Doc], vocab: Vocab) -> list[Doc]:
    return [doc for block in to_blocks(docs) for doc in from_block(block, vocab)]


WAYS = pytest.mark.parametrize("way", [through_docbin, through_blocks])
Way = Callable[[list[Doc], Vocab], list[Doc]]


def facts(doc: Doc) -> dict[str, Any]:
    """Everything about a document, without ids."""
    strings = doc.lexicon.strings
    columns = {}
    for name, dtype in COLUMNS.items():
        column = doc.column(name)
        if column is not None:
            columns[name] = strings.strings(column) if dtype is np.uint64 else column.tolist()
    return {
        "text": doc.text,
        "words": doc.words,
        "norms": [token.norm_ for token in doc],
        "spaces": doc.spaces.tolist(),
        "unknown": doc.has_unknown_spaces,
        "columns": columns,
        "cats": doc.cats,
        "user_data": doc.user_data,
        "spans": {
            name: (
                group.name,
                group.attrs,
                [(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in group],
            )
            for name, group in doc.spans.items()
        },
    }


def annotated(vocab: Vocab) -> Doc:
    doc = Doc(
        vocab,
        words=["I", "can't", "fly", ".", "日本", "👍"],
        spaces=[True, True, False, True, False, False],
        tags=list("ABCDEF"),
        pos=["PRON", "AUX", "VERB", "PUNCT", "PROPN", "SYM"],
        morphs=["Person=1|Number=Sing", "", "VerbForm=Inf", "", "", ""],
        lemmas=["I", "can", "fly", ".", "日本", "👍"],
        heads=[2, 2, 2, 2, 4, 4],
        deps=["nsubj", "aux", "ROOT", "punct", "ROOT", "dep"],
        ents=["B-PER", "O", "O", "O", "B-GPE", ""],
        user_data={"source": "a", "n": [1, 2.5, None], ("._.", "seen", None, None): True},
    )
    doc.cats = {"travel": 1.0, "food": 0.0}
    doc.spans["sc"] = [Span(doc, 0, 2, "X", "Q1", "s1"), Span(doc, 1, 3, "Y")]
    doc.spans["sc"].attrs["by"] = "me"
    doc.spans["none"] = []
    doc.set_sent_start(0, True)
    return doc


def english() -> Vocab:
    return Vocab("en", rules=language("en").lexical_rules())


def some_docs(vocab: Vocab) -> list[Doc]:
    tokenized = blank("en", vocab=vocab)("We don't know, do we?")
    unknown = Doc(vocab, words=["no", "spaces"])
    root = Doc(vocab, words=["Go"], spaces=[False], heads=[0], deps=["ROOT"])
    return [annotated(vocab), tokenized, unknown, root, Doc(vocab)]


@WAYS
def test_everything_is_kept(way: Way) -> None:
    docs = some_docs(english())
    again = way(docs, english())
    expected = list(map(facts, docs))
    for data, found in zip(expected, map(facts, again), strict=True):
        if way is through_docbin and data["columns"]:
            # The format holds a boundary wherever there is a tree.
            data["columns"].setdefault("SENT_START", found["columns"].get("SENT_START"))
            found["columns"].setdefault("SENT_START", None)
        found["user_data"] = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in found["user_data"].items()
        }
        assert found == data


def test_a_file_of_spacy_is_read() -> None:
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


def test_files_of_version_one_are_read() -> None:
    docs = list(read_docs(GOLDEN.with_name("version1.loom"), english()))
    assert [facts(doc) for doc in docs] == [facts(doc) for doc in some_docs(english())]


def test_merging_and_storing_some_attributes() -> None:
    vocab = english()
    one, two = (DocBin(["TAG"], docs=[doc]) for doc in some_docs(vocab)[:2])
    one.merge(two)
    assert (len(one), one.n_tokens) == (2, 14)
    docs = list(DocBin().from_bytes(one.to_bytes()).get_docs(english()))
    assert [token.tag_ for token in docs[0]] == list("ABCDEF")
    assert not docs[0].has_annotation("DEP") and not docs[0].user_data
    with pytest.raises(DataError, match="merged"):
        one.merge(DocBin())


@WAYS
def test_user_data_that_is_no_value_is_an_error(way: Way) -> None:
    doc = Doc(english(), words=["a"], user_data={"x": object()})
    with pytest.raises(SerializationError, match="plain values"):
        way([doc], english())


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
def test_damaged_files_are_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.spacy"
    path.write_bytes(data)
    with pytest.raises(SerializationError):
        list(DocBin().from_disk(path).get_docs(english()))


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    words = draw(st.lists(texts, max_size=8))
    size = len(words)
    each = st.lists(texts | st.just(""), min_size=size, max_size=size)
    return {
        "words": words,
        "spaces": draw(st.lists(st.booleans(), min_size=size, max_size=size)),
        "tags": draw(st.none() | each),
        "lemmas": draw(st.none() | each),
        "heads": draw(
            st.none() | st.lists(st.integers(0, max(size - 1, 0)), min_size=size, max_size=size)
        ),
        "deps": draw(st.none() | each),
        "ents": draw(
            st.none()
            | st.lists(
                st.sampled_from(["O", "", "B-A", "I-A", "B-b"]), min_size=size, max_size=size
            )
        ),
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=5))
def test_any_documents_come_back_from_blocks(given_docs: list[dict[str, Any]]) -> None:
    docs = [Doc(english(), **each) for each in given_docs]
    assert list(map(facts, through_blocks(docs, english()))) == list(map(facts, docs))


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=5))
def test_any_documents_come_back_from_docbin(given_docs: list[dict[str, Any]]) -> None:
    docs = [Doc(english(), **each) for each in given_docs]
    for before, after in zip(docs, through_docbin(docs, english()), strict=True):
        names = ["TAG", "LEMMA", "DEP", "ENT_IOB", "ENT_TYPE", "HEAD"]
        assert after.text == before.text
        assert after.words == before.words
        assert (after.to_array(names) == before.to_array(names)).all()


def test_columns_that_some_documents_lack_stay_absent() -> None:
    vocab = english()
    docs = [
        Doc(vocab, words=["a", "b"], tags=["X", "Y"]),
        Doc(vocab, words=["c"]),
        annotated(vocab),
    ]
    again = through_blocks(docs, english())
    assert [doc.column("TAG") is not None for doc in again] == [True, False, True]
    again[0][0].tag_ = "Z"  # what was read can be changed, without the others
    assert again[2][0].tag_ == "A"


def test_tensors_and_arrays_travel() -> None:
    doc = Doc(english(), words=["a", "b"], user_data={"array": np.arange(3)})
    doc.tensor = np.ones((2, 4), dtype=np.float32)
    again = through_blocks([doc], english())[0]
    assert again.tensor.shape == (2, 4) and again.tensor.dtype == np.float32
    assert again.user_data["array"].tolist() == [0, 1, 2]


def test_files_are_streamed(tmp_path: Path) -> None:
    vocab = english()
    path = tmp_path / "a.loom"
    seen = 0

    def docs() -> Any:
        nonlocal seen
        for i in range(3000):
            seen += 1
            yield Doc(vocab, words=[f"w{i}", *["x"] * 49])

    assert write_docs(path, docs()) == 3000
    found = read_docs(path, english())
    assert next(found).words[0] == "w0"
    assert [doc.words[0] for doc in found] == [f"w{i}" for i in range(1, 3000)]
    assert path.stat().st_size < 3000 * 50 * 8


def test_a_bounded_vocab_writes_what_its_old_lexicons_hold(tmp_path: Path) -> None:
    vocab = Vocab("en", max_types=5)
    docs = []
    for i in range(20):
        vocab.renew()
        docs.append(Doc(vocab, words=[f"{i}a", f"{i}b"], lemmas=[f"{i}l", "l"]))
    write_docs(tmp_path / "a.loom", docs)
    again = list(read_docs(tmp_path / "a.loom", english()))
    assert [facts(doc) for doc in again] == [facts(doc) for doc in docs]
    bounded = Vocab("en", max_types=5)
    assert len([doc.words for doc in DocBin(docs=docs).get_docs(bounded)]) == 20
    assert "3l" not in bounded.strings


def test_an_iterator_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def docs() -> Any:
        yield Doc(english(), words=["a"])
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_docs(tmp_path / "a.loom", docs())
    assert not list(tmp_path.iterdir())


@pytest.fixture
def loom(tmp_path: Path) -> Path:
    path = tmp_path / "a.loom"
    write_docs(path, some_docs(english()))
    return path


def test_files_that_were_cut_short_or_changed_are_named(loom: Path) -> None:
    data = loom.read_bytes()
    vocab = english()
    for cut in range(0, len(data), 7):
        loom.write_bytes(data[:cut])
        with pytest.raises(FormatError, match=r"a\.loom"):
            list(read_docs(loom, vocab))
    loom.write_bytes(data.replace(b"fly", b"flv"))
    with pytest.raises(FormatError, match="checksum"):
        list(read_docs(loom, english()))
    loom.write_bytes(b"SLOOM009" + data[8:])
    with pytest.raises(FormatError, match="version 009"):
        list(read_docs(loom, english()))


SHARED = english()
BLOCK = to_blocks(some_docs(SHARED))[0]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_blocks_are_errors_of_ours(data: st.DataObject) -> None:
    block = bytearray(BLOCK)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(block) - 1))
        block[at] = data.draw(st.integers(0, 255))
    try:
        docs = from_block(bytes(block), SHARED)
    except SerializationError:
        return
    for doc in docs:
        facts(doc)
