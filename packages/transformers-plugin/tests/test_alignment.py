"""Which pieces belong to which tokens: laws that hold for any text and kind of tokenizer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spanloom
from spanloom_onnx.sequences import Limits, make_sequences
from spanloom_onnx.span_getters import get_doc_spans, get_strided_spans
from spanloom_transformers.offsets import find_offsets

KINDS = ["byte_bpe", "slow_bytes", "unigram", "word_bpe", "wordpiece"]
NLP = spanloom.blank("en")

texts = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\x00"),
        st.sampled_from(list("ab .,'-\n\t éßİ😀👩‍🚀東京\u200b\u3000\xa0\r")),
    ),
    max_size=60,
)
ordinary = st.lists(
    st.sampled_from(["The", "fox", "don't", "internationalization", "Köln", "(2019)", "  ", "\n"])
).map(" ".join)

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def every_kind(strategy: st.SearchStrategy[str]) -> Any:
    """A test for each kind of tokenizer, with many texts."""
    return lambda test: pytest.mark.parametrize("kind", KINDS)(quick(given(text=strategy)(test)))


def laid_out(text: str, tokenizer: Any, get_spans: Any = get_doc_spans, limit: int = 10**6) -> Any:
    doc = NLP.make_doc(text)
    return doc, make_sequences([doc], get_spans([doc]), tokenizer, Limits(limit))


def check(text: str, tokenizer: Any) -> None:
    doc, made = laid_out(text, tokenizer)
    pieces, alignment = made.pieces, made.align
    assert len(alignment) == len(doc)
    starts, ends = doc.starts, doc.ends
    seen = set()
    for token in range(len(doc)):
        for row in alignment[token].tolist():
            seen.add(row)
            first = max(int(starts[token]), int(pieces.starts[row]))
            last = min(int(ends[token]), int(pieces.ends[row]))
            assert first < last, "token and piece share no character"
            word = doc.text[starts[token] : ends[token]]
            assert word.isspace() or doc.text[first:last].strip()
    for row in range(len(pieces)):
        covered = doc.text[pieces.starts[row] : pieces.ends[row]]
        # Each token with a character of the piece has it, and no other.
        owners = {
            token
            for token in range(len(doc))
            for place in range(int(pieces.starts[row]), int(pieces.ends[row]))
            if starts[token] <= place < ends[token] and not doc.text[place].isspace()
        }
        having = {token for token in range(len(doc)) if row in alignment[token].tolist()}
        if covered.strip():
            assert having == owners


@every_kind(st.one_of(texts, ordinary))
def test_every_character_belongs_to_its_token(
    kind: str, text: str, tokenizers: dict[str, Any]
) -> None:
    for tokenizer in tokenizers[kind]:
        check(text, tokenizer)


@every_kind(ordinary)
def test_ordinary_words_have_pieces(kind: str, text: str, tokenizers: dict[str, Any]) -> None:
    doc, made = laid_out(text, tokenizers[kind][0])
    words = np.array([bool(word.strip()) for word in doc.words], dtype=bool)
    assert (made.align.lengths[words] > 0).all()


@every_kind(st.one_of(texts, ordinary))
def test_reading_a_tokenizer_back_changes_nothing(
    kind: str, text: str, tokenizers: dict[str, Any]
) -> None:
    made, read = (each.encode([text]) for each in tokenizers[kind])
    assert made.ids.tolist() == read.ids.tolist()
    assert made.starts.tolist() == read.starts.tolist()
    assert made.ends.tolist() == read.ends.tolist()


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(several=st.lists(ordinary, min_size=1, max_size=5))
def test_a_batch_is_aligned_as_its_documents(
    kind: str, several: list[str], tokenizers: dict[str, Any]
) -> None:
    tokenizer = tokenizers[kind][0]
    docs = [NLP.make_doc(text) for text in several]
    together = make_sequences(docs, get_doc_spans(docs), tokenizer, Limits(10**6))
    row = token = 0
    for doc in docs:
        alone = make_sequences([doc], get_doc_spans([doc]), tokenizer, Limits(10**6))
        part = together.align.part(token, token + len(doc), row)
        assert part.rows.tolist() == alone.align.rows.tolist()
        assert part.lengths.tolist() == alone.align.lengths.tolist()
        row += len(alone.pieces)
        token += len(doc)


def test_pieces_of_a_word_inside_a_text_are_those_of_the_raw_text(
    tokenizers: dict[str, Any],
) -> None:
    tokenizer = tokenizers["byte_bpe"][0]
    assert tokenizer.space_matters
    doc = NLP.make_doc("The quick brown fox jumps over the lazy dog")
    whole = make_sequences([doc], [[doc[:]]], tokenizer, Limits(1000))
    parts = make_sequences([doc], [[doc[:3], doc[3:6], doc[6:]]], tokenizer, Limits(1000))
    bare = [row for row in parts.pieces.strings if row not in ("<s>", "</s>")]
    assert bare == [row for row in whole.pieces.strings if row not in ("<s>", "</s>")]


def test_tokens_in_several_spans_have_all_copies_of_their_pieces(
    tokenizers: dict[str, Any],
) -> None:
    tokenizer = tokenizers["wordpiece"][0]
    doc = NLP.make_doc("The quick brown fox jumps over the lazy dog")
    made = make_sequences([doc], get_strided_spans(4, 2)([doc]), tokenizer, Limits(1000))
    alone = make_sequences([doc], [[doc[:]]], tokenizer, Limits(1000))
    copies = made.align.lengths // alone.align.lengths
    assert copies.tolist() == [1, 1, 2, 2, 2, 2, 2, 2, 1]


def test_white_space_has_pieces_only_where_the_tokenizer_has_them(
    tokenizers: dict[str, Any],
) -> None:
    text = "one\n\n two"
    doc, made = laid_out(text, tokenizers["wordpiece"][0])
    blank = [i for i, word in enumerate(doc.words) if word.isspace()]
    assert blank and (made.align.lengths[blank] == 0).all()
    doc, made = laid_out(text, tokenizers["byte_bpe"][0])
    assert (made.align.lengths > 0).all()


def test_offsets_of_pieces_that_changed_case_and_accents() -> None:
    text = "Visit  Köln now"
    pieces = ["visit", "ko", "##ln", None]
    assert find_offsets(text, pieces) == [(0, 5), (7, 9), (9, 11), (11, 15)]


@pytest.mark.parametrize(
    ("text", "pieces", "surfaces"),
    [
        # A tokenizer that keeps marks, one that takes them off, and one of characters.
        ("हिन्दी में", ["हि", "##न्द", "##ी", "में"], ["हि", "न्द", "ी", "में"]),
        ("हिन्दी में", ["ह", "##न", "##द", "म"], ["ह", "न", "द", "म"]),
        ("हिन्दी में", list("हिन्दी में"), list("हिन्दी में")),
        ("नमस्ते", ["न", None, "##्", "##ते"], ["न", "मस", "्", "ते"]),
        # Joiners, and accents of a word that stands there without them as well.
        ("a\u200db c", ["a", "##\u200d", "##b", "c"], ["a", "\u200d", "b", "c"]),
        ("a\u200db c", ["ab", "c"], ["a\u200db", "c"]),
        ("école ecole", ["ecole", "ecole"], ["école", "ecole"]),
        ("école ecole", ["école", "ecole"], ["école", "ecole"]),
        ("e\u0301té x", ["été", "x"], ["e\u0301té", "x"]),
    ],
)
def test_marks_and_joiners_belong_to_the_pieces_that_spell_them(
    text: str, pieces: list[str | None], surfaces: list[str]
) -> None:
    assert [text[start:end] for start, end in find_offsets(text, pieces)] == surfaces


def test_a_tokenizer_of_characters_gives_each_token_its_own() -> None:
    from transformers import CanineTokenizer

    from spanloom_transformers.pieces import PieceTokenizer

    tokenizer = PieceTokenizer(CanineTokenizer())
    for text in ("हिन्दी में", "a\u200db é ß", "x  \n y"):
        doc, made = laid_out(text, tokenizer)
        assert made.align.lengths.tolist() == list(map(len, doc.words))


def test_a_piece_around_white_space_belongs_to_the_words_alone() -> None:
    from spanloom_onnx.align import align

    doc = spanloom.Doc(
        NLP.vocab, words=["a", " ", "b", "\n", "c"], spaces=[True, False, False, False, False]
    )
    starts, ends = np.array([0, 0, len(doc.text) - 1]), np.array([len(doc.text), 2, len(doc.text)])
    found = align([doc], np.zeros(3, dtype=np.int64), starts, ends)
    assert [found[i].tolist() for i in range(5)] == [[0, 1], [], [0], [], [0, 2]]
