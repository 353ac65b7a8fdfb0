"""Tokens, spans and groups of spans; custom attributes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.errors import DataError, NameClashError
from spanloom.tokens import Doc, ExtensionTable, Span, SpanGroup, Token
from spanloom.vocab import Vocab
from spanloom.vocab.features import LexicalRules


@pytest.fixture
def vocab() -> Vocab:
    rules = LexicalRules(norm_exceptions={"’s": "'s"}, stop_words=frozenset(["the", "of"]))
    return Vocab("en", rules=rules)


@pytest.fixture
def doc(vocab: Vocab) -> Doc:
    #       0      1      2     3     4    5      6      7    8    9
    words = ["The", "cats", "of", "New", "York", "ate", "mice", "and", "rats", "."]
    return Doc(
        vocab,
        words,
        [True] * 8 + [False, False],
        heads=[1, 5, 1, 4, 2, 5, 5, 6, 6, 5],
        deps=["det", "nsubj", "prep", "compound", "pobj", "ROOT", "dobj", "cc", "conj", "punct"],
        lemmas=["the", "cat", "of", "New", "York", "eat", "mouse", "and", "rat", "."],
        ents=["O", "O", "O", "B-GPE", "I-GPE", "O", "O", "O", "O", "O"],
    )


def texts(tokens: Any) -> list[str]:
    return [token.text for token in tokens]


# Tokens


def test_lexical_attributes(vocab: Vocab) -> None:
    words = ["The", "naïve", "42", "U.S.", "“", "(", "€", "a@b.org", "www.x.org", "\n", "x.com/a"]
    doc = Doc(vocab, words)
    flags = {
        "is_alpha": [0, 1],
        "is_ascii": [0, 2, 3, 5, 7, 8, 9, 10],
        "is_digit": [2],
        "is_lower": [1, 7, 8, 10],
        "is_upper": [3],
        "is_title": [0, 3],
        "is_punct": [4, 5],
        "is_space": [9],
        "is_bracket": [5],
        "is_quote": [4],
        "is_left_punct": [4, 5],
        "is_right_punct": [],
        "is_currency": [6],
        "is_stop": [0],
        "like_num": [2],
        "like_email": [7],
        "like_url": [8, 10],
    }
    for name, expected in flags.items():
        assert [token.i for token in doc if getattr(token, name)] == expected, name
        assert [lex.text for lex in map(vocab.__getitem__, words) if getattr(lex, name)] == [
            words[i] for i in expected
        ]
    token = doc[0]
    assert (token.lower_, token.norm_, token.prefix_, token.suffix_) == ("the", "the", "T", "The")
    assert token.shape_ == "Xxx" and token.orth_ == token.text == str(token) == repr(token)
    assert token.orth == vocab.strings["The"] and token.lower == vocab.strings["the"]
    assert token.check_flag("IS_STOP") and token.lex.is_stop and len(token) == 3
    assert token.is_oov and token.lang_ == "en" and vocab.strings[token.lang] == "en"
    with pytest.raises(AttributeError, match="belongs to the word"):
        token.lower_ = "x"


def test_places(doc: Doc) -> None:
    assert (doc[4].idx, doc[4].whitespace_, doc[4].text_with_ws) == (16, " ", "York ")
    assert doc[8].whitespace_ == "" and doc[8].nbor().text == "." and doc[8].nbor(-2).text == "mice"
    with pytest.raises(IndexError, match="token 9 has no neighbour 1"):
        doc[9].nbor()
    assert doc[1] == doc[1] and doc[1] != doc[2] and doc[1] < doc[2] <= doc[2] and doc[3] > doc[2]
    assert doc[3] >= doc[3] and len({doc[1], doc[1], doc[2]}) == 2 and doc[1] != "cats"


def test_walking_the_tree(doc: Doc) -> None:
    assert doc[4].head.text == "of" and doc[5].head is not None and doc[5].head.i == 5
    assert texts(doc[5].children) == ["cats", "mice", "."]
    assert texts(doc[5].lefts) == ["cats"] and texts(doc[5].rights) == ["mice", "."]
    assert (doc[5].n_lefts, doc[5].n_rights) == (1, 2)
    assert texts(doc[1].subtree) == ["The", "cats", "of", "New", "York"]
    assert (doc[1].left_edge.i, doc[1].right_edge.i) == (0, 4)
    assert texts(doc[3].ancestors) == ["York", "of", "cats", "ate"]
    assert doc[1].is_ancestor(doc[3]) and not doc[3].is_ancestor(doc[1])
    assert texts(doc[6].conjuncts) == ["rats"] and texts(doc[8].conjuncts) == ["mice"]
    assert doc[5].conjuncts == ()
    assert doc[0].has_head() and doc[0].has_dep() and doc[5].is_sent_start is False
    matrix = doc.get_lca_matrix()
    assert matrix.shape == (10, 10) and matrix[0, 3] == 1 and matrix[6, 3] == 5
    assert matrix[4, 4] == 4


def test_tree_without_heads_and_in_circles(vocab: Vocab) -> None:
    bare = Doc(vocab, ["a", "b"])
    assert bare[0].head == bare[0] and not bare[0].has_head() and not bare[0].has_dep()
    assert texts(bare[0].children) == [] and texts(bare[0].subtree) == ["a"]
    assert bare[0:2].root.i == 0 and list(bare[1].ancestors) == []
    circle = Doc(vocab, ["a", "b", "c"], heads=[1, 1, 2])
    circle[1].head = circle[0]
    assert texts(circle[0].subtree) == ["a", "b"] and texts(circle[0].ancestors) == ["b"]
    crossed = Doc(vocab, list("abcd"), heads=[2, 3, 2, 3])
    assert texts(crossed[2].subtree) == ["a", "c"] and texts(crossed[3].subtree) == ["b", "d"]
    with pytest.raises(DataError, match="same document"):
        circle[0].head = bare[0]
    circle[0].head = circle[2]
    assert texts(circle[2].children) == ["a"]


def test_setting_attributes(doc: Doc) -> None:
    token = doc[0]
    for name in ("tag", "pos", "dep", "lemma", "ent_type", "ent_id", "ent_kb_id"):
        value = "NUM" if name == "pos" else "VALUE"
        setattr(token, f"{name}_", value)
        assert getattr(token, f"{name}_") == value
        assert doc.vocab.strings[getattr(token, name)] == value
        setattr(token, name, 0)
        assert getattr(token, f"{name}_") == ""
    assert not token.has_morph() and str(token.morph) == ""
    token.set_morph("Number=Sing|Case=Nom")
    assert str(token.morph) == "Case=Nom|Number=Sing" and token.has_morph()
    token.set_morph({"Case": "Acc"})
    assert token.morph.get("Case") == ["Acc"]
    token.set_morph("")
    assert token.has_morph() and len(token.morph) == 0
    token.set_morph(None)
    assert not token.has_morph()


# Spans


def test_span_basics(doc: Doc) -> None:
    span = Span(doc, 3, 5, "GPE", kb_id="Q60", span_id="one")
    assert (span.text, span.label_, span.kb_id_, span.id_) == ("New York", "GPE", "Q60", "one")
    assert span.label == doc.vocab.strings["GPE"] and span.ent_id_ == "one" == span.id_
    assert (span.start_char, span.end_char, len(span)) == (12, 20, 2)
    assert span.text_with_ws == "New York " and doc[8:10].text_with_ws == "rats."
    assert span[0].text == "New" and span[-1].text == "York" and texts(span) == ["New", "York"]
    assert span[1:].text == "York" and span.words == ["New", "York"]
    assert doc[5:7].lemma_ == "eat mouse" and span.orth_ == "New York"
    span.label_, span.kb_id_, span.id_ = "LOC", "Q1", "two"
    assert (span.label_, span.kb_id_, span.id_) == ("LOC", "Q1", "two")
    for place in (2, -3):
        with pytest.raises(IndexError, match="in a span of 2"):
            span[place]
    for start, end in ((3, 1), (0, 11), (-1, 2)):
        with pytest.raises(DataError, match="no span from token"):
            Span(doc, start, end)
    with pytest.raises(DataError, match="steps"):
        span[::2]


def test_spans_compare_by_place_and_label(doc: Doc) -> None:
    assert doc[0:2] == Span(doc, 0, 2) != Span(doc, 0, 2, "X")
    assert doc[0:2] < doc[0:3] <= doc[0:3] < doc[1:2] and doc[1:2] > doc[0:3] >= doc[0:2]
    assert len({doc[0:2], doc[0:2], Span(doc, 0, 2, "X")}) == 2


def test_span_in_the_tree(doc: Doc) -> None:
    assert doc[0:5].root.text == "cats" and doc[3:5].root.text == "York"
    assert texts(doc[3:7].lefts) == ["cats"] and texts(doc[4:6].rights) == ["mice", "."]
    assert doc[5:6].n_lefts == 1 and doc[5:6].n_rights == 2
    assert texts(doc[2:3].subtree) == ["of", "New", "York"]
    assert texts(doc[6:7].conjuncts) == ["rats"]
    two = Doc(doc.vocab, list("abcde"), heads=[2, 0, 2, 4, 4])
    assert [two[0:2].root.i, two[1:4].root.i, two[1:5].root.i] == [0, 2, 2]
    assert [ent.text for ent in doc[0:6].ents] == ["New York"] and doc[0:4].ents == ()
    assert doc[3:5].sent.text == doc.text and len(list(doc[3:5].sents)) == 1
    with pytest.raises(DataError, match="empty span"):
        _ = doc[2:2].root


def test_span_as_document(doc: Doc) -> None:
    Doc.set_extension("note", default=None, force=True)
    Token.set_extension("mark", default=None, force=True)
    doc._.note, doc[4]._.mark, doc[9]._.mark = "n", "m", "gone"
    doc.tensor = np.arange(20, dtype="f").reshape(10, 2)
    part = doc[2:6].as_doc()
    assert part.text == "of New York ate " and [token.head.i for token in part] == [0, 2, 0, 3]
    assert [ent.text for ent in part.ents] == ["New York"] and part.user_data == {}
    assert part.tensor.tolist() == doc.tensor[2:6].tolist()
    cut = doc[4:6].as_doc(copy_user_data=True)
    assert cut.ents == () and cut[0].ent_iob_ == "" and cut[1].ent_iob_ == "O"
    assert cut._.note == "n" and cut[0]._.mark == "m" and len(cut.user_data) == 2
    cut[0].lemma_ = "changed"
    assert doc[4].lemma_ == "York"
    Doc.remove_extension("note")
    Token.remove_extension("mark")


def test_groups(doc: Doc) -> None:
    doc.spans["a"] = [doc[0:2], doc[1:3]]
    group = doc.spans["a"]
    assert isinstance(group, SpanGroup) and group.name == "a" and group.has_overlap
    group.append(doc[5:6])
    group.extend([doc[6:7]])
    group += [doc[7:8]]
    assert len(group) == 5 and [s.start for s in group] == [0, 1, 5, 6, 7] and group[1].start == 1
    del group[0]
    group[0] = doc[0:1]
    assert not group.has_overlap and group[0:2] == [doc[0:1], doc[5:6]]
    both = [*group, doc[9:10]]
    assert len(both) == 5 and len(group) == 4 and both != group == group.copy()
    doc.spans.update({"b": both})
    assert doc.spans["b"].name == "b" and list(doc.spans) == ["a", "b"]
    assert len(doc.spans.setdefault("c", [doc[0:1]])) == len(doc.spans.setdefault("c")) == 1
    assert "SpanGroup('c'" in repr(doc.spans)
    other = Doc(doc.vocab, ["x"])
    with pytest.raises(DataError, match="another document"):
        group.append(other[0:1])
    with pytest.raises(DataError, match="another document"):
        other.spans["a"] = group


# Custom attributes


@pytest.fixture
def clean() -> Any:
    yield
    for cls in (Doc, Token, Span):
        for name in ("x", "y", "z"):
            if cls.has_extension(name):  # type: ignore[attr-defined]
                cls.remove_extension(name)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("clean")
def test_custom_attributes(doc: Doc) -> None:
    Doc.set_extension("x", default=[])
    Token.set_extension("x", default=1)
    Span.set_extension("x", getter=lambda span: len(span))
    Doc.set_extension("y", method=lambda doc, by: len(doc) * by)
    Token.set_extension("z", getter=lambda t: t.tag_, setter=lambda t, v: setattr(t, "tag_", v))
    other = doc.copy()
    doc._.x.append(1)
    assert doc._.x == [1] and other._.x == []
    doc[1]._.x = 2
    doc[1]._.z = "TAG"
    assert [token._.x for token in doc][:3] == [1, 2, 1] and doc[1].tag_ == doc[1]._.z == "TAG"
    assert doc[1:4]._.x == 3 and doc._.y(2) == 20 and doc._.get("x") == [1]
    assert doc._.has("y") and not doc._.has("z") and "x" in dir(doc._)
    doc._.set("y", 5)
    assert doc._.y == 5 and doc._["x"] == [1]
    assert doc.user_data["._.", "x", 4, None] == 2
    assert Token.get_extension("x") == (1, None, None, None)
    with pytest.raises(AttributeError, match="has a getter and no setter"):
        doc[0:1]._.x = 1
    with pytest.raises(AttributeError, match=r"declared: x, y\).*Doc.set_extension\('nope'"):
        _ = doc._.nope
    with pytest.raises(AttributeError, match="'nope'"):
        doc[0]._.nope = 1


@pytest.mark.usefixtures("clean")
def test_declaring_wrongly() -> None:
    with pytest.raises(DataError, match="exactly one.*none of them"):
        Doc.set_extension("x")
    with pytest.raises(DataError, match="exactly one.*default and method"):
        Doc.set_extension("x", default=1, method=len)
    with pytest.raises(DataError, match="setter but no getter"):
        Doc.set_extension("x", default=1, setter=len)
    with pytest.raises(DataError, match="can't be called: it is int"):
        Doc.set_extension("x", getter=3)
    assert not Doc.has_extension("x")
    Doc.set_extension("x", default=None)
    with pytest.raises(NameClashError, match="force=True"):
        Doc.set_extension("x", default=2)
    Doc.set_extension("x", default=2, force=True)
    assert Doc.remove_extension("x")[0] == 2
    for function in (Doc.get_extension, Doc.remove_extension):
        with pytest.raises(DataError, match=r"no custom attribute doc._.x"):
            function("x")


@pytest.mark.usefixtures("clean")
def test_attributes_of_one_pipeline(vocab: Vocab) -> None:
    table = vocab.extensions
    table.declare("doc", "x", owner="spanloom-one", default=3)
    table.declare("doc", "x", owner="spanloom-one", default=4)
    assert Doc(vocab, ["a"])._.x == 4 and not Doc.has_extension("x")
    with pytest.raises(AttributeError):
        _ = Doc(Vocab(), ["a"])._.x
    with pytest.raises(NameClashError, match=r"doc._.x was declared by spanloom-one.*spanloom-two"):
        table.declare("doc", "x", owner="spanloom-two", default=5)
    Doc.set_extension("y", default=1)
    with pytest.raises(NameClashError, match=r"doc._.y was declared by a script.*spanloom-one"):
        table.declare("doc", "y", owner="spanloom-one", default=5)
    with pytest.raises(DataError, match="of the kind doc, token, span, not 'word'"):
        ExtensionTable().declare("word", "x", owner="me", default=1)  # type: ignore[arg-type]
    assert table.names("doc") == ["x", "y"] and table.names("token") == []


@pytest.mark.lengthy
@given(st.data())
def test_spans_say_what_the_whole_document_says(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 40))
    doc = Doc(Vocab("en"), words=["ab", "c"] * (size // 2) + ["def"] * (size % 2))
    starts = data.draw(st.lists(st.sampled_from([-1, 0, 1]), min_size=len(doc), max_size=len(doc)))
    doc.set_column("SENT_START", np.array([1, *starts[1:]], dtype=np.int8))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(doc)), max_size=8)))
    doc.ents = [Span(doc, a, b, "X") for a, b in zip(cuts[::2], cuts[1::2])]
    first = data.draw(st.integers(0, len(doc)))
    span = doc[first : data.draw(st.integers(first, len(doc)))]
    inside = [e for e in doc.ents if span.start <= e.start and e.end <= span.end]
    assert list(span.ents) == inside
    if doc.has_annotation("SENT_START"):
        end = max(span.end, span.start + 1)  # an empty span is where its next token is
        over = [s for s in doc.sents if s.start < end and span.start < s.end]
        assert list(span.sents) == over
        if len(span):
            assert span.sent in list(doc.sents) and span.sent.start <= span.start < span.sent.end
    elif len(span):
        with pytest.raises(DataError, match="no sentence boundaries"):
            list(span.sents)
    if len(span):
        assert [e.text for e in span.as_doc().ents] == [e.text for e in inside]
    for mode in ("strict", "contract", "expand"):
        a, b = sorted(data.draw(st.tuples(*[st.integers(0, len(doc.text))] * 2)))
        found = doc.char_span(a, b, alignment_mode=mode)
        ends = doc.ends
        if mode == "expand":
            tokens = [t for t in range(len(doc)) if ends[t] > a and doc.starts[t] < b]
        else:
            tokens = [t for t in range(len(doc)) if doc.starts[t] >= a and ends[t] <= b]
        exact = bool(tokens) and doc.starts[tokens[0]] == a and ends[tokens[-1]] == b
        wanted = tokens if a < b and (exact or mode != "strict") else []
        assert (found is None) == (not wanted)
        assert found is None or (found.start, found.end) == (wanted[0], wanted[-1] + 1)


def test_a_part_of_speech_that_does_not_exist_is_refused(vocab: Vocab) -> None:
    doc = Doc(vocab, ["a", "b"])
    with pytest.raises(DataError, match=r"'NOMEN' \(did you mean 'NOUN'\?\)"):
        doc[0].pos_ = "NOMEN"
    with pytest.raises(DataError, match=r"token 1: .* 'noun' \(did you mean 'NOUN'\?\)"):
        doc[1].pos = vocab.strings.add("noun")
    with pytest.raises(DataError, match="pos: there is no part of speech 'QQ'"):
        Doc(vocab, ["a", "b"], pos=["X", "QQ"])
    with pytest.raises(DataError, match="attrs"), doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2], attrs={"POS": "QQ"})
    with pytest.raises(DataError, match="pos"):
        Doc(vocab).from_json({"text": "a", "tokens": [{"start": 0, "end": 1, "pos": "QQ"}]})
    assert not doc.has_annotation("POS")
    assert [t.pos_ for t in Doc(vocab, ["a", "b", "c"], pos=["CCONJ", None, ""])] == [
        "CCONJ",
        "",
        "",
    ]
