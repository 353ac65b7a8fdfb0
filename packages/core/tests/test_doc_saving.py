"""Copies of documents, their bytes, pickles and JSON."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.errors import DataError, MissingFileError, SerializationError
from spanloom.tokens import Doc, Span, Token
from spanloom.tokens.storage.docfile import write_docs
from spanloom.vocab import Vocab
from spanloom.vocab.columns import COLUMNS

from .support import annotated


def facts(doc: Doc) -> dict[str, Any]:
    """Everything that a document says, independent of ids and vocab."""
    strings = doc.lexicon.strings
    columns = {}
    for name in COLUMNS:
        column = doc.column(name)
        if column is not None:
            ids = COLUMNS[name] is np.uint64
            columns[name] = strings.strings(column) if ids else column.tolist()
    return {
        "text": doc.text,
        "words": doc.words,
        "spaces": doc.spaces.tolist(),
        "norms": [token.norm_ for token in doc],
        "columns": columns,
        "cats": doc.cats,
        "spans": {
            name: [(s.start, s.end, s.label_, s.kb_id_, s.id_) for s in group]
            for name, group in doc.spans.items()
        },
        "user_data": doc.user_data,
        "tensor": doc.tensor.tolist(),
        "guessed": doc.has_unknown_spaces,
    }


# Copies


def test_copies_are_independent(vocab: Vocab) -> None:
    doc = annotated(vocab)
    copy = doc.copy()
    assert facts(copy) == facts(doc)
    copy[0].tag_ = "other"
    copy.cats["B"] = 1.0
    copy.spans["s"].append(copy[0:1])
    copy.user_data["new"] = 1
    copy.ents = ()
    assert facts(doc) == facts(annotated(vocab))


def test_joined_documents(vocab: Vocab) -> None:
    one, two = annotated(vocab), annotated(vocab)
    Doc.set_extension("docnote", default=None, force=True)
    Token.set_extension("mark", default=None, force=True)
    one._.docnote = "kept"
    two[1]._.mark = "x"
    joined = Doc.from_docs([one, Doc(vocab), two])
    assert joined is not None
    assert joined.text == f"{one.text} {two.text}" and len(joined) == 16
    assert [token.head.i for token in joined][8:] == [9, 9, 9, 12, 10, 9, 15, 15]
    assert len(joined.ents) == 2 and len(list(joined.sents)) == 4
    assert [span.start for span in joined.spans["s"]] == [0, 1, 8, 9]
    assert joined._.docnote == "kept" and joined[9]._.mark == "x" and joined[1]._.mark is None
    assert joined.tensor.shape == (16, 2)
    tight = Doc.from_docs([one, two], ensure_whitespace=False)
    assert tight is not None and tight.text == one.text + two.text
    assert Doc.from_docs([]) is None
    bare = Doc.from_docs([Doc(vocab, ["a"]), Doc(vocab, ["b"])])
    assert bare is not None and not bare.has_annotation("SENT_START")
    with pytest.raises(DataError, match="different vocabs"):
        Doc.from_docs([one, Doc(Vocab(), ["a"])])
    Doc.remove_extension("docnote")
    Token.remove_extension("mark")


# Bytes, pickles and JSON


def test_bytes_hold_everything(vocab: Vocab, tmp_path: Any) -> None:
    doc = annotated(vocab)
    doc.rows[7] = doc.lexicon.row("go", "walk")
    fresh = Doc(Vocab()).from_bytes(doc.to_bytes())
    assert facts(fresh) == facts(doc) and fresh[7].norm_ == "walk"
    doc.to_disk(tmp_path / "deep" / "doc")
    assert facts(Doc(Vocab()).from_disk(tmp_path / "deep" / "doc")) == facts(doc)
    short = Doc(Vocab()).from_bytes(
        doc.to_bytes(exclude=["user_data", "tensor"]), exclude=["cats", "spans"]
    )
    assert not (short.user_data or short.cats or short.spans or short.tensor.size)


def test_pickles(vocab: Vocab) -> None:
    docs = [annotated(vocab), Doc(vocab, ["a"])]
    vocab.strings.ids([f"word{i}" for i in range(2000)])
    data = pickle.dumps(docs)
    assert len(data) < 3000
    again = pickle.loads(data)  # noqa: S301
    assert [facts(doc) for doc in again] == [facts(doc) for doc in docs]
    assert again[0].vocab is again[1].vocab and again[0].vocab.lang == "en"


def test_pickles_know_the_attributes_that_a_plugin_declared(vocab: Vocab) -> None:
    doc = annotated(vocab)
    vocab.extensions.declare("doc", "mood", owner="loom-mood", default=None)
    vocab.extensions.declare("doc", "shout", owner="loom-mood", getter=lambda doc: doc.text.upper())
    doc._.mood = "bright"
    again = pickle.loads(pickle.dumps(doc))  # noqa: S301
    assert again._.mood == "bright" and not again._.has("shout")
    assert pickle.loads(pickle.dumps(vocab)).extensions.find("doc", "mood") is not None  # noqa: S301


def test_bad_bytes(vocab: Vocab, tmp_path: Any) -> None:
    import srsly

    doc = annotated(vocab)
    state = srsly.msgpack_loads(doc.to_bytes())
    with pytest.raises(SerializationError, match="not the bytes"):
        Doc(vocab).from_bytes(b"rubbish")
    with pytest.raises(SerializationError, match="format 99"):
        Doc(vocab).from_bytes(srsly.msgpack_dumps({**state, "format": 99}))
    with pytest.raises(SerializationError, match="damaged"):
        Doc(vocab).from_bytes(srsly.msgpack_dumps({**state, "text": b"short"}))
    with pytest.raises(SerializationError, match="damaged"):
        Doc(vocab).from_bytes(srsly.msgpack_dumps({"format": 1}))
    with pytest.raises(DataError, match="empty document"):
        doc.from_bytes(doc.to_bytes())
    with pytest.raises(MissingFileError):
        Doc(vocab).from_disk(tmp_path / "none")
    doc.user_data["bad"] = object()
    with pytest.raises(SerializationError, match="exclude"):
        doc.to_bytes()


@pytest.mark.lengthy
@given(st.data())
def test_damaged_bytes_are_told(data: st.DataObject) -> None:
    good = bytearray(annotated(Vocab()).to_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.none(), st.integers(0, len(good))))
    try:
        doc = Doc(Vocab()).from_bytes(bytes(good[:end]))
    except SerializationError:
        return
    assert "".join(token.text_with_ws for token in doc) == doc.text
    facts(doc)


def test_json_is_spacys(vocab: Vocab) -> None:
    doc = Doc(
        vocab,
        ["I", "go"],
        tags=["A", "B"],
        pos=["PRON", "VERB"],
        morphs=["A=1", ""],
        lemmas=["i", "go"],
        heads=[1, 1],
        deps=["a", "ROOT"],
        ents=["B-X", "O"],
    )
    doc.cats["c"] = 1.0
    doc.spans["g"] = [Span(doc, 0, 2, "L", kb_id="Q1")]
    assert doc.to_json() == {  # obtained from spaCy 3.8.18
        "text": "I go ",
        "ents": [{"start": 0, "end": 1, "label": "X"}],
        "sents": [{"start": 0, "end": 4}],
        "cats": {"c": 1.0},
        "tokens": [
            {"id": 0, "start": 0, "end": 1, "tag": "A", "pos": "PRON", "morph": "A=1"}
            | {"lemma": "i", "dep": "a", "head": 1},
            {"id": 1, "start": 2, "end": 4, "tag": "B", "pos": "VERB", "morph": ""}
            | {"lemma": "go", "dep": "ROOT", "head": 1},
        ],
        "spans": {"g": [{"start": 0, "end": 4, "label": "L", "kb_id": "Q1"}]},
    }
    tokens = [{"id": 0, "start": 0, "end": 1}, {"id": 1, "start": 2, "end": 4}]
    assert Doc(vocab, ["I", "go"]).to_json() == {"text": "I go ", "tokens": tokens}


def test_json_comes_back(vocab: Vocab) -> None:
    doc = annotated(vocab)
    again = Doc(Vocab()).from_json(doc.to_json())
    assert again.to_json() == doc.to_json()
    assert [sent.text for sent in again.sents] == [sent.text for sent in doc.sents]
    marked = Doc(vocab, list("abc"), sent_starts=[1, -1, 1])
    again = Doc(Vocab()).from_json(marked.to_json())
    assert [sent.text for sent in again.sents] == ["a b", "c"]
    for data, message in [
        ({}, "needs 'text' and 'tokens'"),
        ({"text": "a  b", "tokens": [{"start": 0, "end": 1}, {"start": 3, "end": 4}]}, "token 0"),
        ({"text": "ab", "tokens": [{"start": 0, "end": 2}], "ents": [{"start": 0, "end": 1}]}, "0"),
    ]:
        with pytest.raises(DataError, match=message):
            Doc(vocab).from_json(data)
    with pytest.raises(DataError, match="empty document"):
        doc.from_json(doc.to_json())


def test_json_of_an_empty_document(vocab: Vocab) -> None:
    assert Doc(Vocab()).from_json(Doc(vocab).to_json()).text == ""
    with pytest.raises(DataError, match="no tokens"):
        Doc(vocab).from_json({"text": "a", "tokens": []})


def test_json_of_custom_attributes_of_tokens_and_spans() -> None:
    vocab = Vocab()
    for kind in ("doc", "token", "span"):
        vocab.extensions.declare(kind, "both", owner="test", default=0)  # type: ignore[arg-type]
    vocab.extensions.declare("token", "size", owner="test", getter=len)
    vocab.extensions.declare("token", "tags", owner="test", default=[])
    doc = Doc(vocab, ["I", "go"])
    doc._.both, doc[1]._.both, doc[0:2]._.both = 1, 2, 3
    data = json.loads(json.dumps(doc.to_json(underscore=["both", "size", "tags"])))
    assert data["_"] == {"both": 1}
    assert data["underscore_token"]["both"] == [{"start": 0, "value": 0}, {"start": 2, "value": 2}]
    assert data["underscore_token"]["size"][1] == {"start": 2, "value": 2}
    assert data["underscore_span"]["both"] == [{"start": 0, "end": 4, "value": 3}]
    assert len(doc.user_data) == 3  # asking stores nothing
    again = Doc(vocab).from_json(data)
    assert (again._.both, again[0]._.both, again[1]._.both, again[0:2]._.both) == (1, 0, 2, 3)
    with pytest.raises(DataError, match="nope"):
        doc.to_json(underscore=["nope"])


def test_hooks_that_are_not_saved_are_told(tmp_path: Path) -> None:
    doc = Doc(Vocab("en"), ["a"])
    doc.user_token_hooks["vector"] = lambda token: np.ones(2)
    for save in (doc.to_bytes, lambda: pickle.dumps(doc), lambda: doc.to_disk(tmp_path / "d")):
        with pytest.warns(UserWarning, match="hooks of the document 'a '") as told:
            save()
        assert len(told) == 1
    with pytest.warns(UserWarning, match="hooks"):
        write_docs(tmp_path / "d.loom", [doc])
