"""Documents: construction, text, columns, annotation, bytes and JSON."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.errors import DataError
from spanloom.tokens import Doc, Span
from spanloom.vocab import Vocab

from .support import annotated

# Any code point, lone surrogates and white space too.
WORDS = st.lists(
    st.tuples(st.text(st.characters(exclude_categories=()), min_size=1, max_size=8), st.booleans()),
    max_size=12,
)


# Text and tokens


@pytest.mark.lengthy
@given(WORDS)
def test_text_is_never_lost(pairs: list[tuple[str, bool]]) -> None:
    words, spaces = [word for word, _ in pairs], [space for _, space in pairs]
    doc = Doc(Vocab(), words, spaces)
    assert doc.words == words
    assert "".join(token.text_with_ws for token in doc) == doc.text == str(doc)
    assert [doc.text[a:b] for a, b in zip(doc.starts, doc.ends, strict=True)] == words
    assert [token.idx for token in doc] == doc.starts.tolist()
    again = Doc(Vocab()).from_bytes(doc.to_bytes())
    assert again.text == doc.text and again.words == words


def test_rows_are_taken_as_they_are(vocab: Vocab) -> None:
    doc = Doc(vocab, ["I", "like", "NY", "."], [True, True, False, False])
    assert doc.text == "I like NY."
    fast = Doc.from_rows(vocab, doc.text, doc.rows[1:3], doc.spaces[1:3])
    assert fast.words == ["like", "NY"] and fast.rows.base is doc.rows
    assert fast.column("TAG") is None and len(fast) == 2 and fast.cats == {}


def test_indexing(vocab: Vocab) -> None:
    doc = annotated(vocab)
    assert doc[0].text == "I" and doc[-1].text == "go" and doc[3].i == 3
    assert doc[3:5].text == "New York" and doc[-2:].text == "You go"
    assert len(doc[5:2]) == 0 and doc[5:2].text == "" and len(doc[0:100]) == 8
    assert [token.i for token in doc] == list(range(8))
    with pytest.raises(IndexError, match="no token 8 in a document of 8"):
        doc[8]
    with pytest.raises(DataError, match="steps of 2"):
        doc[::2]


def test_spaces_that_nobody_gave(vocab: Vocab) -> None:
    doc = Doc(vocab, ["a", "b"])
    assert doc.text == "a b " and doc.has_unknown_spaces
    assert not Doc(vocab, ["a", "b"], [True, False]).has_unknown_spaces
    assert not Doc(vocab).has_unknown_spaces
    doc.set_spaces([False, False])
    assert doc.text == "ab" and doc.ends.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"words": "text"}, "not a single string"),
        ({"words": ["a", 1]}, "word 1 must be a string, not int"),
        ({"words": ["a", ""]}, "word 1 is empty"),
        ({"spaces": [True]}, "1 spaces for 2 words"),
        ({"tags": ["x"]}, "1 tags for 2 words"),
        ({"tags": ["x", 3]}, r"tags: the value of word 1 \('b'\)"),
        ({"morphs": ["A=1", "A"]}, "'A' in the morphological features 'A'"),
        ({"heads": [0]}, "1 heads for 2 words"),
        ({"heads": [0, 2]}, r"head of word 1 \('b'\) is 2"),
        ({"heads": [-1, 0]}, "head of word 0"),
        ({"sent_starts": [True, 5]}, "sent_starts: the value of word 1 is 5"),
        ({"ents": ["X", "O"]}, "the tag of word 0 is 'X'"),
        ({"ents": ["B-", "O"]}, "the tag of word 0 is 'B-'"),
        ({"ents": ["O"]}, "1 ents for 2 words"),
    ],
)
def test_bad_arguments_are_named(vocab: Vocab, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Doc(vocab, **{"words": ["a", "b"], **arguments})


# Columns


def test_columns(vocab: Vocab) -> None:
    doc = Doc(vocab, ["a", "b"])
    assert doc.column("TAG") is None and doc[0].tag_ == "" and doc[0].tag == 0
    ids = vocab.strings.ids(["X", "Y"])
    doc.set_column("TAG", ids)
    assert doc.column("TAG") is ids and [token.tag_ for token in doc] == ["X", "Y"]
    doc[1].tag_ = "Z"
    assert doc[1].tag_ == "Z" and doc[1].tag == vocab.strings["Z"]
    frozen = np.broadcast_to(ids[:1], (2,))
    doc.set_column("TAG", frozen)
    doc[0].tag_ = "Z"
    assert [token.tag_ for token in doc] == ["Z", "X"] and frozen[0] == ids[0]
    doc.set_column("TAG", None)
    assert doc.column("TAG") is None
    assert doc.writable("HEAD").tolist() == [0, 1]
    with pytest.raises(DataError, match="no column 'NOPE'"):
        doc.column("NOPE")
    with pytest.raises(DataError, match="no column 'NOPE'"):
        doc.set_column("NOPE", [1, 2])
    with pytest.raises(DataError, match=r"shape \(3,\), and the document has 2"):
        doc.set_column("TAG", [1, 2, 3])


def test_what_is_annotated(vocab: Vocab) -> None:
    bare, full = Doc(vocab, ["a", "b"]), annotated(vocab)
    for name in ("TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "ENT_IOB", "SENT_START"):
        assert not bare.has_annotation(name) and full.has_annotation(name)
    assert full.has_annotation("TAG", require_complete=True)
    assert not full.has_annotation("ENT_IOB", require_complete=True)
    assert full.is_tagged and full.is_parsed and full.is_sentenced and full.is_nered
    assert bare.has_annotation("ORTH") and Doc(vocab).has_annotation("TAG")
    assert Doc(vocab, ["a"]).has_annotation("SENT_START")
    assert Doc(vocab, ["a"], morphs=[""]).has_annotation("MORPH")
    with pytest.raises(DataError, match="no attribute 'NOPE'"):
        bare.has_annotation("NOPE")


# Sentences


def test_sentences_by_trees_and_by_marks(vocab: Vocab) -> None:
    doc = annotated(vocab)
    assert [sent.text for sent in doc.sents] == ["I live in New York.", "You go"]
    assert [token.is_sent_start for token in doc] == [True] + [False] * 5 + [True, False]
    doc[4].is_sent_start = True
    assert [len(sent) for sent in doc.sents] == [4, 2, 2]
    assert doc[5].sent.text == "York." and doc[7].is_sent_end and doc[3].is_sent_end
    marked = Doc(vocab, list("abcdef"), sent_starts=[True, False, None, 1, -1, 0])
    known = [token.is_sent_start for token in marked]
    assert known == [True, False, None, True, False, None]
    assert [sent.text for sent in marked.sents] == ["a b c", "d e f"]


def test_without_sentences(vocab: Vocab) -> None:
    doc = Doc(vocab, ["a", "b"])
    assert [token.is_sent_start for token in doc] == [True, None]
    assert doc[0].is_sent_end is None and doc[1].is_sent_end
    with pytest.raises(DataError, match="sentencizer"):
        list(doc.sents)
    with pytest.raises(DataError, match="sentencizer"):
        _ = doc[1].sent
    assert list(Doc(vocab).sents) == []
    assert [sent.text for sent in Doc(vocab, ["a"]).sents] == ["a"]


def test_trees_that_are_written_to_move_the_sentences(vocab: Vocab) -> None:
    doc = annotated(vocab)
    assert len(list(doc.sents)) == 2
    doc[7].head = doc[1]
    assert len(list(doc.sents)) == 1 and doc[6] in doc[1].subtree


# Entities


def test_entities(vocab: Vocab) -> None:
    doc = Doc(vocab, list("abcdef"), ents=["B-X", "I-X", "O", "", "I-Y", "L-Y"])
    assert [(e.text, e.label_) for e in doc.ents] == [("a b", "X"), ("e f", "Y")]
    assert [token.ent_iob_ for token in doc] == ["B", "I", "O", "", "B", "I"]
    doc.ents = [Span(doc, 0, 1, "Z", kb_id="Q1", span_id="e1"), ("Y", 3, 5)]  # type: ignore[assignment]
    assert [(e.text, e.label_, e.kb_id_, e.id_) for e in doc.ents] == [
        ("a", "Z", "Q1", "e1"),
        ("d e", "Y", "", ""),
    ]
    assert [token.ent_iob_ for token in doc] == ["B", "O", "O", "B", "I", "O"]
    assert doc[0].ent_kb_id_ == "Q1" and doc[4].ent_type_ == "Y"
    doc.ents = ()
    assert doc.ents == () and doc[0].ent_kb_id == 0


def test_neighbours_stay_apart(vocab: Vocab) -> None:
    doc = Doc(vocab, list("abcd"), ents=["B-X", "B-X", "I-Z", "I-Z"])
    assert [(e.text, e.label_) for e in doc.ents] == [("a", "X"), ("b", "X"), ("c d", "Z")]


def test_set_ents(vocab: Vocab) -> None:
    doc = Doc(vocab, list("abcdef"), ents=["B-X", "I-X", "O", "O", "O", "O"])
    doc.set_ents(
        [Span(doc, 5, 6, "Z")],
        blocked=[doc[2:3]],
        missing=[doc[3:4]],
        outside=[doc[4:5]],
        default="unmodified",
    )
    assert [token.ent_iob for token in doc] == [3, 1, 3, 0, 2, 3]
    assert [e.text for e in doc.ents] == ["a b", "f"]
    doc.set_ents([], default="missing")
    assert not doc.has_annotation("ENT_IOB")
    other = Doc(vocab, list("ab"))
    for arguments, message in [
        ({"entities": [Span(doc, 0, 2, "X"), Span(doc, 1, 3, "Y")]}, "token 1 .'b'. is in two"),
        ({"entities": [Span(doc, 0, 1, "X")], "missing": [doc[0:1]]}, "token 0"),
        ({"entities": [Span(other, 0, 1, "X")]}, "another document"),
        ({"entities": [Span(doc, 1, 1, "X")]}, "empty"),
        ({"entities": [], "default": "bad"}, "default must be .*'bad'"),
    ]:
        with pytest.raises(DataError, match=message):
            doc.set_ents(**arguments)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="Span or a tuple"):
        doc.ents = ["X"]  # type: ignore[list-item]


# Character spans: obtained from spaCy 3.8.18 for the text "a b c d e f "
@pytest.mark.parametrize(
    ("start", "end", "strict", "contract", "expand"),
    [
        (0, 3, "a b", "a b", "a b"),
        (0, 2, None, "a", "a"),
        (2, 5, "b c", "b c", "b c"),
        (1, 2, None, None, None),
        (1, 4, None, "b", "b"),
        (100, 101, None, None, None),
        (-1, 2, None, None, None),
        (0, 100, None, None, None),
        (0, 0, None, None, None),
        (3, 1, None, None, None),
    ],
)
def test_char_span(
    vocab: Vocab, start: int, end: int, strict: str, contract: str, expand: str
) -> None:
    doc = Doc(vocab, list("abcdef"))
    for mode, expected in (("strict", strict), ("contract", contract), ("expand", expand)):
        span = doc.char_span(start, end, "L", alignment_mode=mode)
        assert (span.text if span is not None else None) == expected
        assert span is None or span.label_ == "L"


def test_char_span_within_tokens(vocab: Vocab) -> None:
    doc = annotated(vocab)
    assert doc.char_span(11, 16) is None
    assert str(doc.char_span(11, 16, alignment_mode="expand")) == "New York"
    assert str(doc.char_span(9, 16, alignment_mode="contract")) == "New"
    assert str(doc[2:].char_span(3, 11)) == "New York"
    with pytest.raises(DataError, match="alignment_mode must be.*'loose'"):
        doc.char_span(0, 1, alignment_mode="loose")


# Arrays


def test_arrays_are_spacys(vocab: Vocab) -> None:
    doc = Doc(vocab, list("abc"), heads=[1, 1, 1], deps=["x", "ROOT", "y"])
    array = doc.to_array(["HEAD", "SENT_START", "SPACY", "LENGTH", "DEP", "IDX"])
    assert array.dtype == np.uint64 and array.shape == (3, 6)
    assert array.astype(np.int64)[:, :4].tolist() == [[1, 1, 1, 1], [0, -1, 1, 1], [-1, -1, 1, 1]]
    assert array[1, 4] == 8206900633647566924 and array[2, 5] == 4
    assert doc.to_array("ORTH").shape == (3,) and doc.to_array(65).tolist()[0] == doc[0].orth
    assert doc.count_by("HEAD") == {0: 1, 1: 1, 2**64 - 1: 1}
    other = Doc(vocab, list("abc"), sent_starts=[1, 1, 1])
    other.from_array(["HEAD", "DEP"], doc.to_array(["HEAD", "DEP"]))
    assert [token.head.i for token in other] == [1, 1, 1]
    assert len(list(other.sents)) == 1
    assert other.from_array("TAG", vocab.strings.ids(["A", "B", "C"]))[2].tag_ == "C"
    other.from_array(["SPACY", "ORTH"], other.to_array(["SPACY", "ORTH"]))
    other.from_array("SPACY", np.zeros(3, dtype=np.uint64))
    assert other.text == "abc"


def test_bad_arrays(vocab: Vocab) -> None:
    doc = Doc(vocab, list("abc"))
    with pytest.raises(DataError, match=r"shape \(2, 1\)"):
        doc.from_array(["TAG"], np.zeros((2, 1), dtype=np.uint64))
    with pytest.raises(DataError, match=r"head of token 2 \('c'\) would be token 5"):
        doc.from_array("HEAD", np.array([0, 0, 3]))
    with pytest.raises(DataError, match="ORTH follows from the words"):
        doc.from_array("ORTH", np.array([1, 2, 3]))
    with pytest.raises(DataError, match="no attribute 'NOPE'"):
        doc.to_array("NOPE")


# Vectors and hooks


def test_hooks_and_tensor(vocab: Vocab) -> None:
    doc = Doc(vocab, ["a", "b"])
    assert doc.vector.shape == (0,) and not doc.has_vector and doc.similarity(doc) == 1.0
    doc.tensor = np.array([[3.0, 0.0], [0.0, 3.0]], dtype="f")
    assert doc.vector.tolist() == [1.5, 1.5] and doc.has_vector and doc[0].has_vector
    assert doc[0].vector.tolist() == [3.0, 0.0] and doc[0].similarity(doc[1]) == 0.0
    assert doc[0:2].similarity(doc) == pytest.approx(1.0)
    doc.user_hooks["similarity"] = lambda doc, other: 0.5
    doc.user_hooks["vector"] = lambda doc: np.ones(3)
    doc.user_hooks["sents"] = lambda doc: [doc[0:1], doc[1:2]]
    doc.user_token_hooks["vector"] = lambda token: np.full(3, token.i)
    doc.user_span_hooks["vector_norm"] = lambda span: 7
    assert doc.similarity(doc) == 0.5 and doc.vector_norm == pytest.approx(3**0.5)
    assert doc[1].vector.tolist() == [1, 1, 1] and doc[0:1].vector_norm == 7.0
    assert [len(sent) for sent in doc.sents] == [1, 1] and doc[1].sent.start == 1


@pytest.mark.parametrize("heads", [[1, 0, 2], [0, 2, 3, 1], [1, 2, 0]])
def test_heads_in_a_circle_are_refused(vocab: Vocab, heads: list[int]) -> None:
    words = list("abcd")[: len(heads)]
    with pytest.raises(DataError, match=r"circle at word \d \('[abcd]'\), word"):
        Doc(vocab, words, heads=heads)
    doc = Doc(vocab, words)
    offsets = np.array(heads) - np.arange(len(heads))
    with pytest.raises(DataError, match="circle"):
        doc.from_array(["HEAD"], offsets[:, None])
    tokens = [{"id": i, "start": i, "end": i + 1, "head": head} for i, head in enumerate(heads)]
    with pytest.raises(DataError, match="circle"):
        Doc(vocab).from_json({"text": "".join(words), "tokens": tokens})


@pytest.mark.parametrize("deps", [None, ["nsubj", "ROOT", "obj", None, "nsubj", "ROOT", ""]])
def test_a_token_whose_head_is_not_annotated_begins_no_sentence(
    vocab: Vocab, deps: list[str] | None
) -> None:
    words = ["I", "like", "London", ".", "We", "go", "!"]
    doc = Doc(vocab, words, heads=[1, 1, 1, None, 5, 5, None], deps=deps)
    assert [token.is_sent_start for token in doc] == [i in (0, 4) for i in range(7)]
    again = Doc(vocab, words).from_array(["HEAD", "DEP"], doc.to_array(["HEAD", "DEP"]))
    if deps is not None:
        assert [sent.text for sent in again.sents] == ["I like London .", "We go !"]
        assert not doc[3].has_head() and doc[1].has_head()
