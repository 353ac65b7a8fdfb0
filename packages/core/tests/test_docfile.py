"""Documents in blocks of columns, and in files of them (``.loom``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom import Doc, Vocab
from spanloom.errors import FormatError, SerializationError
from spanloom.tokens.storage.columnar import from_block, to_blocks
from spanloom.tokens.storage.docfile import read_docs, write_docs

DATA = Path(__file__).parent / "data"

English = Callable[[], Vocab]
Facts = Callable[[Doc], dict[str, Any]]
Documents = st.SearchStrategy[list[dict[str, Any]]]
SomeDocs = Callable[[Vocab], list[Doc]]


def through_blocks(docs: list[Doc], vocab: Vocab) -> list[Doc]:
    return [doc for block in to_blocks(docs) for doc in from_block(block, vocab)]


def test_everything_is_kept(english: English, some_docs: SomeDocs, facts: Facts) -> None:
    docs = some_docs(english())
    again = through_blocks(docs, english())
    assert list(map(facts, again)) == list(map(facts, docs))


def test_files_of_version_one_are_read(english: English, some_docs: SomeDocs, facts: Facts) -> None:
    docs = list(read_docs(DATA / "version1.loom", english()))
    assert [facts(doc) for doc in docs] == [facts(doc) for doc in some_docs(english())]


def test_user_data_that_is_no_value_is_an_error(english: English) -> None:
    doc = Doc(english(), words=["a"], user_data={"x": object()})
    with pytest.raises(SerializationError, match="plain values"):
        through_blocks([doc], english())


@pytest.mark.lengthy
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_documents_come_back(
    english: English, facts: Facts, documents: Documents, data: st.DataObject
) -> None:
    docs = [Doc(english(), **each) for each in data.draw(documents)]
    assert list(map(facts, through_blocks(docs, english()))) == list(map(facts, docs))


def test_columns_that_some_documents_lack_stay_absent(
    english: English, some_docs: SomeDocs
) -> None:
    vocab = english()
    docs = [
        Doc(vocab, words=["a", "b"], tags=["X", "Y"]),
        Doc(vocab, words=["c"]),
        some_docs(vocab)[0],
    ]
    again = through_blocks(docs, english())
    assert [doc.column("TAG") is not None for doc in again] == [True, False, True]
    again[0][0].tag_ = "Z"  # what was read can be changed, without the others
    assert again[2][0].tag_ == "A"


def test_tensors_and_arrays_travel(english: English) -> None:
    doc = Doc(english(), words=["a", "b"], user_data={"array": np.arange(3)})
    doc.tensor = np.ones((2, 4), dtype=np.float32)
    again = through_blocks([doc], english())[0]
    assert again.tensor.shape == (2, 4) and again.tensor.dtype == np.float32
    assert again.user_data["array"].tolist() == [0, 1, 2]


def test_files_are_streamed(english: English, tmp_path: Path) -> None:
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


def test_a_bounded_vocab_writes_what_its_old_lexicons_hold(
    english: English, facts: Facts, tmp_path: Path
) -> None:
    vocab = Vocab("en", max_types=5)
    docs = []
    for i in range(20):
        vocab.renew()
        docs.append(Doc(vocab, words=[f"{i}a", f"{i}b"], lemmas=[f"{i}l", "l"]))
    write_docs(tmp_path / "a.loom", docs)
    again = list(read_docs(tmp_path / "a.loom", english()))
    assert [facts(doc) for doc in again] == [facts(doc) for doc in docs]


def test_an_iterator_that_fails_leaves_no_file(english: English, tmp_path: Path) -> None:
    def docs() -> Any:
        yield Doc(english(), words=["a"])
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_docs(tmp_path / "a.loom", docs())
    assert not list(tmp_path.iterdir())


@pytest.fixture
def loom(english: English, some_docs: SomeDocs, tmp_path: Path) -> Path:
    path = tmp_path / "a.loom"
    write_docs(path, some_docs(english()))
    return path


def test_files_that_were_cut_short_or_changed_are_named(english: English, loom: Path) -> None:
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


@pytest.fixture(scope="module")
def shared(english: English, some_docs: SomeDocs) -> tuple[Vocab, bytes]:
    """A vocab, and a block of documents of it."""
    vocab = english()
    return vocab, to_blocks(some_docs(vocab))[0]


@pytest.mark.lengthy
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_changed_blocks_are_errors_of_ours(
    shared: tuple[Vocab, bytes], facts: Facts, data: st.DataObject
) -> None:
    vocab, whole = shared
    block = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(block) - 1))
        block[at] = data.draw(st.integers(0, 255))
    try:
        docs = from_block(bytes(block), vocab)
    except SerializationError:
        return
    for doc in docs:
        facts(doc)
