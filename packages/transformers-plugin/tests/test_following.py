"""``doc._.trf_data`` follows its tokens into parts and joined documents, through merges and splits,
bytes and files; or it's left out, and ``embedding`` says so."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanloom.errors import DataError, SerializationError
from spanloom.tokens import Doc
from spanloom.tokens.storage.docfile import read_docs, write_docs
from spanloom_onnx.vectors import token_vectors
from spanloom_spacy import DocBin
from spanloom_transformers import TransformerData, embedding

from .support import TEXTS as EVERYDAY
from .support import WIDTH

KINDS = ["bert", "roberta", "t5", "xlmr"]
TEXTS = [*EVERYDAY[:5], " x\n\n y  z "]
STRIDES = {"@span_getters": "spanloom.strided_spans.v1", "window": 4, "stride": 2}


def same(one: Any, two: Any) -> None:
    np.testing.assert_allclose(one, two, atol=1e-6)


def parts_of(doc: Doc, cuts: list[int]) -> list[Doc]:
    """The document in parts that start at the given shares of its tokens, in percent."""
    bounds = sorted({0, len(doc), *(cut * len(doc) // 100 for cut in cuts)})
    return [doc[a:b].as_doc(copy_user_data=True) for a, b in zip(bounds, bounds[1:])]


@pytest.fixture(params=KINDS)
def nlp(request: pytest.FixtureRequest, build: Any) -> Any:
    return build(request.param, heads=(), get_spans=STRIDES)


def test_parts_and_joined_documents_have_the_vectors_of_the_whole(nlp: Any) -> None:
    docs = list(nlp.pipe(TEXTS))

    @given(st.integers(0, len(docs) - 1), st.lists(st.integers(1, 99), max_size=4), st.booleans())
    @settings(deadline=None, max_examples=40)
    def check(number: int, cuts: list[int], whitespace: bool) -> None:
        doc = docs[number]
        whole = token_vectors(doc)
        parts = parts_of(doc, cuts)
        same(np.concatenate([token_vectors(part) for part in parts]), whole)
        first = 0
        for part in parts:
            span = doc[first : first + len(part)]
            for pool in ("mean", "max", "first", "last"):
                same(embedding(part, pool=pool), embedding(span, pool=pool))
            first += len(part)
        joined = Doc.from_docs(parts, ensure_whitespace=whitespace)
        assert joined is not None
        same(token_vectors(joined), whole)
        data = joined._.trf_data
        assert data.text_length == len(joined.text)
        for token in joined:
            for row in data.align[token.i]:
                start, end = data.pieces.starts[row], data.pieces.ends[row]
                assert start < token.idx + len(token) and end > token.idx

    check()


def test_joined_documents(nlp: Any) -> None:
    docs = list(nlp.pipe([TEXTS[0], "", TEXTS[1], TEXTS[4]]))
    joined = Doc.from_docs(docs)
    assert joined is not None
    same(token_vectors(joined), np.concatenate([token_vectors(doc) for doc in docs if len(doc)]))
    same(embedding(joined[: len(docs[0])]), embedding(docs[0]))
    same(embedding(joined[-len(docs[3]) :], pool="max"), embedding(docs[3], pool="max"))
    data = joined._.trf_data
    assert data.pieces.strings == [s for doc in docs for s in doc._.trf_data.pieces.strings]
    assert data.pieces.lengths.sum() == len(data.pieces) == len(data.tensors[0])
    again = Doc(nlp.vocab).from_bytes(joined.to_bytes())
    same(token_vectors(again), token_vectors(joined))
    assert again._.trf_data.pieces.strings == data.pieces.strings
    part = again[2:9].as_doc(copy_user_data=True)
    same(token_vectors(part), token_vectors(joined)[2:9])
    assert len(part._.trf_data.pieces.strings) == len(part._.trf_data.tensors[0])


def test_merged_and_split_tokens_are_aligned_anew(build: Any) -> None:
    doc = build(heads=())(TEXTS[0])
    copy = doc.copy()
    brown, jumps = embedding(doc[1:3]), embedding(doc[4])
    with doc.retokenize() as retokenizer:  # as many tokens as before
        retokenizer.merge(doc[1:3])
        retokenizer.split(doc[4], ["jum", "ps"], [doc[0], doc[0]])
    assert len(doc) == len(copy) and doc[1].text == "quick brown"
    same(embedding(doc[1]), brown)
    same(embedding(doc[3:5]), jumps)
    same(embedding(copy[1:3]), brown)  # which kept its own
    part = doc[1:4].as_doc(copy_user_data=True)
    same(embedding(part[0]), brown)


def test_one_vector_for_each_token(build: Any) -> None:
    nlp = build(heads=(), keep="pooled")
    one, two = nlp.pipe(TEXTS[:2])
    same(token_vectors(one[2:5].as_doc(copy_user_data=True)), token_vectors(one)[2:5])
    joined = Doc.from_docs([one, two])
    assert joined is not None
    same(embedding(joined[len(one) :]), embedding(two))
    with one.retokenize() as retokenizer:
        retokenizer.merge(one[1:3])
        retokenizer.split(one[4], ["jum", "ps"], [one[0], one[0]])
    assert one._.trf_data is None
    with pytest.raises(DataError, match='keep = "pooled".*merged or split'):
        embedding(one[1])


def test_layers_and_attentions(build: Any) -> None:
    asked = {"output_hidden_states": True, "output_attentions": True}
    nlp = build(heads=(), keep="all", transformer_config=asked)
    docs = list(nlp.pipe(TEXTS[:2]))
    joined = Doc.from_docs(docs)
    assert joined is not None
    data = joined._.trf_data
    assert len(data.tensors) == 3
    same(embedding(joined[0:4], layer=0), embedding(docs[0][0:4], layer=0))
    assert [each.shape for each in data.extra["attentions"]] == [
        each.shape for doc in docs for each in doc._.trf_data.extra["attentions"]
    ]
    part = docs[0][1:4].as_doc(copy_user_data=True)
    same(embedding(part, layer=1), embedding(docs[0][1:4], layer=1))
    assert part._.trf_data.extra == {}


def test_special_pieces_stay_with_their_spans(build: Any) -> None:
    nlp = build(heads=(), get_spans=STRIDES)
    doc = nlp(TEXTS[1])
    data = doc._.trf_data
    part = doc[0:2].as_doc(copy_user_data=True)
    # The first span, which is the only one that these tokens are in.
    same(embedding(part, pool="cls"), data.tensors[0][0])
    assert len(part._.trf_data.pieces.lengths) == 1
    same(embedding(doc[:].as_doc(copy_user_data=True), pool="cls"), embedding(doc, pool="cls"))


def test_what_was_truncated_is_told_of_parts(build: Any) -> None:
    nlp = build(heads=(), overflow="truncate")
    long, short = nlp("fox jumps " * 60), nlp(TEXTS[0])
    (cut,) = long._.trf_data.truncated
    first = next(token.i for token in long if token.idx >= cut.start)
    part = long[first - 2 : first + 3].as_doc(copy_user_data=True)
    (own,) = part._.trf_data.truncated
    assert (own.start, own.end, own.tokens) == (part[2].idx - 1, len(part.text.rstrip()), 3)
    assert long[0:2].as_doc(copy_user_data=True)._.trf_data.truncated == ()
    joined = Doc.from_docs([short, long])
    assert joined is not None
    (moved,) = joined._.trf_data.truncated
    assert moved.start == cut.start + len(short.text) + 1
    assert (moved.pieces, moved.tokens) == (cut.pieces, cut.tokens)


def test_what_cannot_be_joined_is_left_out(build: Any) -> None:
    one = build(heads=(), keep="pooled")(TEXTS[0])
    nlp = build(heads=())
    bare = nlp.make_doc(TEXTS[1])
    for other in (bare, Doc(nlp.vocab, ["fox"])):
        joined = Doc.from_docs([nlp(TEXTS[0]), other])
        assert joined is not None and joined._.trf_data is None
        with pytest.raises(DataError, match="joined with ones that have none"):
            embedding(joined)
    bare._.trf_data = one._.trf_data
    joined = Doc.from_docs([nlp(TEXTS[0]), bare])
    assert joined is not None and joined._.trf_data is None


def test_a_part_without_user_data_says_so(build: Any) -> None:
    doc = build(heads=(), vector_hooks=True)(TEXTS[0])
    with pytest.raises(DataError, match="copy_user_data=True"):
        embedding(doc[0:2].as_doc())
    same(doc[0:2].as_doc(copy_user_data=True).vector, embedding(doc[0:2]))


def test_data_of_another_text_is_refused(build: Any) -> None:
    nlp = build(heads=())
    doc, other = nlp(TEXTS[0]), nlp(TEXTS[1])
    other._.trf_data = doc._.trf_data
    for what in (other, other[-1], other[2:4]):
        with pytest.raises(DataError, match="of another text"):
            embedding(what)
    assert other[2:4].as_doc(copy_user_data=True)._.trf_data is None
    doc.set_spaces([False] * len(doc))
    with pytest.raises(DataError, match="no transformer has left"):
        embedding(doc)


def test_saved_with_documents(build: Any, tmp_path: Any) -> None:
    nlp = build(heads=())
    docs = list(nlp.pipe(TEXTS[:3]))
    collected = DocBin(store_user_data=True, docs=docs)
    collected.to_disk(tmp_path / "docs.spacy")
    read = list(DocBin().from_disk(tmp_path / "docs.spacy").get_docs(nlp.vocab))
    for doc, again in zip(docs, read, strict=True):
        assert isinstance(again._.trf_data, TransformerData)
        same(token_vectors(again), token_vectors(doc))
        assert again._.trf_data.pieces.strings == doc._.trf_data.pieces.strings
        part = again[1:4].as_doc(copy_user_data=True)
        same(token_vectors(part), token_vectors(doc)[1:4])
    joined = Doc.from_docs(read)
    assert joined is not None and token_vectors(joined).shape == (len(joined), WIDTH)
    write_docs(tmp_path / "docs.loom", docs)
    pickled = pickle.loads(pickle.dumps(docs))  # noqa: S301
    for others in (read_docs(tmp_path / "docs.loom", nlp.vocab), pickled):
        for doc, again in zip(docs, others, strict=True):
            assert again._.trf_data.fits(again)
            assert np.array_equal(again._.trf_data.tensors[0], doc._.trf_data.tensors[0])
    bare = list(DocBin(docs=docs).get_docs(nlp.vocab))
    assert all(doc._.trf_data is None for doc in bare)


def test_saved_in_tables(build: Any) -> None:
    pytest.importorskip("pyarrow")
    from spanloom_formats.arrow.tables import from_arrow, to_arrow

    nlp = build(heads=())
    docs = list(nlp.pipe(TEXTS[:3]))
    for doc, again in zip(docs, from_arrow(to_arrow(docs), nlp.vocab), strict=True):
        same(token_vectors(again), token_vectors(doc))


def test_json_says_that_it_cannot_hold_it(build: Any) -> None:
    doc = build(heads=())(TEXTS[0])
    with pytest.raises(SerializationError, match="trf_data .* JSON can't"):
        doc.to_json(underscore=["trf_data"])
    again = Doc(doc.vocab).from_json(doc.to_json())
    assert again._.trf_data is None
