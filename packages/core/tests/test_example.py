"""Examples: alignment of tokenisations and what is read through it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanloom.errors import DataError
from spanloom.examples.alignment import Alignment, align_docs, align_words
from spanloom.examples.example import Example
from spanloom.examples.offsets import MisalignedWarning
from spanloom.tokens import Doc, Span
from spanloom.vocab import Vocab


def lists(aligned: Alignment) -> tuple[list[list[int]], list[list[int]]]:
    x2y, y2x = aligned.x2y, aligned.y2x
    return [x2y[i].tolist() for i in range(len(x2y))], [y2x[i].tolist() for i in range(len(y2x))]


# Obtained from spaCy 3.8.18.
@pytest.mark.parametrize(
    ("x", "y", "x2y", "y2x"),
    [
        (["a", "bc", "d"], ["ab", "c", "d"], [[0], [0, 1], [2]], [[0, 1], [1], [2]]),
        (["obama", "'", "s"], ["obama's"], [[0], [0], [0]], [[0, 1, 2]]),
        (["a", "b"], ["a", "B"], [[0], [1]], [[0], [1]]),
        (["a", " ", "b"], ["a", " ", "b"], [[0], [1], [2]], [[0], [1], [2]]),
        ([" ", "a"], ["a"], [[], [0]], [[1]]),
        (["a", "\n", "b"], ["a", "b"], [[0], [], [1]], [[0], [2]]),
        (["New York"], ["New", "York"], [[0, 1]], [[0], [0]]),
    ],
)
def test_alignment_as_spacys(
    x: list[str], y: list[str], x2y: list[list[int]], y2x: list[list[int]]
) -> None:
    assert lists(align_words(x, y)) == (x2y, y2x)


def test_texts_that_differ() -> None:
    words = align_words(["He", "said", "“", "hi", "”"], ["He", "said", "``", "hi", "''"])
    assert lists(words)[0] == [[0], [1], [], [3], []]
    near = align_words(["colour", "and", "form"], ["color", "and", "for", "m"])
    assert lists(near)[0] == [[0], [1], [2, 3]]
    # Words belong together from half of the characters of the shorter one on.
    half = align_words(["same", "text", "abxyz"], ["same", "text", "abvw"])
    assert lists(half)[0] == [[0], [1], [2]]
    less = align_words(["same", "text", "axyz"], ["same", "text", "avwu"])
    assert lists(less)[0] == [[0], [1], []]
    assert lists(align_words([], [])) == ([], [])
    with pytest.raises(DataError, match="can't be aligned"):
        align_words(["a", "b"], ["c", "d"])
    with pytest.raises(DataError, match="can't be aligned"):
        align_words(["a"], [])


CUTS = st.lists(st.integers(0, 30), max_size=10)


def _doc(vocab: Vocab, text: str, cuts: list[int]) -> Doc:
    bounds = sorted({0, len(text), *(c for c in cuts if c < len(text))})
    words, spaces = [], []
    for start, end in zip(bounds, bounds[1:], strict=False):
        word = text[start:end]
        space = word.endswith(" ") and len(word) > 1
        words.append(word[:-1] if space else word)
        spaces.append(space)
    return Doc(vocab, words, spaces)


@given(st.text("ab \n😀", min_size=1, max_size=30), CUTS, CUTS)
def test_alignment_is_overlap(text: str, x_cuts: list[int], y_cuts: list[int]) -> None:
    vocab = Vocab()
    x, y = _doc(vocab, text, x_cuts), _doc(vocab, text, y_cuts)
    assert x.text == y.text == text
    found, back = lists(align_docs(x, y))
    for i in range(len(x)):
        expected = [j for j in range(len(y)) if x.starts[i] < y.ends[j] and y.starts[j] < x.ends[i]]
        assert found[i] == expected
    assert {(i, j) for i, js in enumerate(found) for j in js} == {
        (i, j) for j, xs in enumerate(back) for i in xs
    }


@pytest.fixture
def split(vocab: Vocab) -> Example:
    x = Doc(vocab, ["I", "like", "New York", "."])
    y = Doc(
        vocab,
        ["I", "li", "ke", "New", "York", "."],
        tags=["P", "V1", "V2", "N", "N", "."],
        pos=["PRON", "VERB", "VERB", "PROPN", "PROPN", "PUNCT"],
        heads=[1, 1, 1, 4, 1, 1],
        deps=["a", "ROOT", "b", "c", "d", "e"],
        ents=["O", "O", "O", "B-G", "I-G", "O"],
        morphs=["A=1", "", "", "", "", None],
    )
    return Example(x, y)


def test_aligned_values_as_spacys(split: Example) -> None:
    assert split.get_aligned("TAG", as_string=True) == ["P", None, "N", "."]
    assert split.get_aligned("pos", as_string=True) == ["PRON", "VERB", "PROPN", "PUNCT"]
    assert split.get_aligned("ENT_TYPE", as_string=True) == ["", "", "G", ""]
    assert split.get_aligned("MORPH", as_string=True) == ["A=1", "", "", ""]
    assert split.get_aligned_sent_starts() == [True, False, False, False]
    assert split.get_aligned_parse() == ([1, None, None, 1], ["a", None, None, "e"])
    merged = Example(Doc(split.x.vocab, ["I", "like", "New", "York", "."]), split.y)
    assert merged.get_aligned_parse() == ([1, None, 3, 1, 1], ["a", None, "c", "d", "e"])
    back = Example(split.reference, split.predicted)
    assert back.get_aligned("ORTH", as_string=True)[3:5] == ["New York", "New York"]


def test_aligned_ids(split: Example) -> None:
    values, known = split.get_aligned_ids("TAG")
    strings = split.x.vocab.strings
    assert known.tolist() == [True, False, True, True]
    assert [strings[v] for v in values.tolist()] == ["P", "", "N", "."]
    values, known = split.get_aligned_ids("MORPH")
    assert known.tolist() == [True, True, True, False]
    values, known = split.get_aligned_ids("LEMMA")
    assert not known.any() and values.dtype == np.uint64 and len(values) == 4
    with pytest.raises(DataError, match="get_aligned_parse"):
        split.get_aligned_ids("HEAD")
    with pytest.raises(DataError, match="get_aligned_parse"):
        split.get_aligned("HEAD")


def test_one_to_one_needs_no_lookup(vocab: Vocab) -> None:
    words = ["a", "b", "c"]
    example = Example(Doc(vocab, words), Doc(vocab, words, tags=["X", "", "Y"]))
    assert example.alignment.one2one and example.alignment is example.alignment
    values, known = example.get_aligned_ids("TAG")
    assert values is example.reference.column("TAG") and known.tolist() == [True, False, True]
    assert example.get_aligned("TAG", as_string=True) == ["X", "", "Y"]
    other = example.with_predicted(example.predicted.copy())
    assert other.alignment is example.alignment and other.reference is example.reference
    assert not example.with_predicted(Doc(vocab, ["ab", "c"])).alignment.one2one
    example.predicted = Doc(vocab, ["ab", "c"])
    assert not example.alignment.one2one


def test_sentence_starts(vocab: Vocab) -> None:
    y = Doc(vocab, ["I", "like", "it", "You", "go"], sent_starts=[1, -1, -1, 1, -1])
    x = Doc(vocab, ["I", "like", "itYou", "go"], [True, True, True, False])
    assert Example(x, y).get_aligned_sent_starts() == [True, False, True, False]
    assert [e.text for e in Example(x, y).split_sents()] == ["I like ", "itYou go"]
    spaced = Doc(
        vocab, ["I", "like", "it", "\n", "You", "go"], [True] * 2 + [False] * 2 + [True] * 2
    )
    assert Example(spaced, y).get_aligned_sent_starts() == [True, False, False, False, True, False]
    y.set_column("SENT_START", [1, -1, 0, 0, -1])
    assert Example(x, y).get_aligned_sent_starts() == [True, False, None, False]
    y.set_column("SENT_START", None)
    assert Example(x, y).get_aligned_sent_starts() == [None] * 4
    two = Doc(vocab, ["I", "like"], heads=[0, 1], deps=["ROOT", "ROOT"])
    assert Example(two.copy(), two).get_aligned_sent_starts() == [True, True]


# Obtained from spaCy 3.8.18.
@pytest.mark.parametrize(
    ("x", "y", "ents", "tags", "texts"),
    [
        ("I|like|New York", "I|li|ke|New|York", "O O O B-G I-G", ["O", "O", "U-G"], ["New York"]),
        ("New|York|City", "New|York City", "O B-G", ["O", "B-G", "L-G"], ["York City"]),
        ("New York|City", "New|York|City", "B-G I-G I-G", ["B-G", "L-G"], ["New York City"]),
        ("New York|City", "New|York|City", "O B-G I-G", [None, None], []),
        ("a|\n|b", "a|b", "B-G I-G", ["B-G", "I-G", "L-G"], ["a \n b"]),
        ("a|b|c", "a|b|c", "B-G - O", ["U-G", None, "O"], ["a"]),
        ("a|\n|b", "a|b", "O -", ["O", "O", None], []),
        ("a|b", "a|b", "- -", [None, None], []),
    ],
)
def test_aligned_entities(
    vocab: Vocab, x: str, y: str, ents: str, tags: list[str | None], texts: list[str]
) -> None:
    example = Example(Doc(vocab, x.split("|")), Doc(vocab, y.split("|"), ents=ents.split()))
    assert example.get_aligned_ner() == tags
    spans = example.get_aligned_spans_y2x(example.reference.ents)
    assert [span.text for span in spans] == texts and all(s.label_ == "G" for s in spans)
    back = example.get_aligned_spans_x2y(spans)
    assert back == [e for e in example.reference.ents if e in back] and len(back) == len(spans)


def test_aligned_spans_that_overlap(split: Example) -> None:
    spans = [split.y[0:3], split.y[1:5]]
    assert [s.text for s in split.get_aligned_spans_y2x(spans)] == ["I like"]
    both = split.get_aligned_spans_y2x(spans, allow_overlap=True)
    assert [s.text for s in both] == ["I like", "like New York"]


def test_from_dict(vocab: Vocab) -> None:
    x = Doc(vocab, ["I", "like", "New", "York", "."], [True, True, True, False, False])
    example = Example.from_dict(
        x,
        {
            "words": ["I", "like", "New York", "."],
            "tags": ["a", "b", "c", "d"],
            "entities": [(7, 15, "GPE")],
            "cats": {"a": 1.0},
            "spans": {"s": [(0, 6, "S")]},
        },
    )
    y = example.reference
    assert y.text == x.text and [e.label_ for e in y.ents] == ["GPE"]
    assert y.cats == {"a": 1.0} and y.spans["s"][0].text == "I like"
    assert example.get_aligned("TAG", as_string=True) == ["a", "b", "c", "c", "d"]
    again = Example.from_dict(x, example.to_dict()).reference
    assert again.to_json() == y.to_json()
    tagged = Example.from_dict(x, {"entities": ["O", "O", "B-G", "L-G", "O"]})
    assert [e.text for e in tagged.y.ents] == ["New York"]


def test_bad_examples_are_named(vocab: Vocab) -> None:
    x = Doc(vocab, ["I", "like", "it"])
    with pytest.raises(DataError, match="'foo' is no kind"):
        Example.from_dict(x, {"foo": 1})
    with pytest.raises(DataError, match="2 tags for 1 words"):
        Example.from_dict(x, {"words": ["a"], "tags": ["a", "b"]})
    with pytest.raises(DataError, match=r"3-4 \(X\), 'i'.*'like'"):
        Example.from_dict(x, {"entities": [(3, 4, "X")]}, strict=True)
    with pytest.raises(DataError, match="lie within"):
        Example.from_dict(x, {"entities": [(3, 400, "X")]}, strict=True)
    with pytest.raises(DataError, match="no characters"):
        Example.from_dict(x, {"entities": [(4, 3, "X")]})
    with pytest.raises(DataError, match="reference must be a Doc, not NoneType"):
        Example(x, None)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="can't be aligned"):
        Example(x, Doc(vocab, ["something", "else"], tags=["a", "b"])).get_aligned("TAG")


def test_an_entity_that_fits_no_tokens_is_left_out(vocab: Vocab) -> None:
    x = Doc(vocab, ["I", "like", "it", "here"])
    given = {"entities": [(0, 1, "A"), (4, 6, "B"), (7, 99, "C")], "spans": {"s": [(0, 2, "D")]}}
    with pytest.warns(MisalignedWarning, match=r"4-6 \(B\).*and 2 more") as told:
        y = Example.from_dict(x, given).reference
    assert len(told) == 1 and [ent.text for ent in y.ents] == ["I"] and not y.spans["s"]
    assert [token.ent_iob_ for token in y] == ["B", "", "", ""]
    with pytest.warns(MisalignedWarning):
        y = Example.from_dict(Doc(vocab, ["x", "y"]), {"entities": [(1, 2, "B")]}).reference
    assert not y.ents and [token.ent_iob_ for token in y] == ["O", "O"]


@pytest.mark.parametrize(
    ("x", "y", "pairs"),
    [
        (["b", " ", "c"], ["B", " ", "c"], [(1, 1)]),
        (["\n", "a"], ["\n", "A"], [(0, 0)]),
        (["a", "\n\n"], ["A", "\n", "\n"], [(1, 1), (1, 2)]),
        (["a", "\n", "b"], ["A", " ", "b"], []),
        (["a", " \n", "b"], ["A", " ", "\n", "b"], [(1, 1), (1, 2)]),
        (["ab", " ", "c"], ["A", "b", " ", "c"], [(1, 2)]),
        (["ab", " ", "c"], ["A", " ", "bc"], []),
        (["a", " ", "c"], ["A", "c"], []),
        (["same", " ", "here", "x"], ["Same", " ", "here", "quite"], [(1, 1)]),
        (["the", "cat", "x", "\t"], ["The", "cat", "y", "\t"], [(3, 3)]),
        ([" ", "\n"], ["\n"], [(1, 0)]),
    ],
)
def test_white_space_is_aligned_between_the_same_words(
    x: list[str], y: list[str], pairs: list[tuple[int, int]]
) -> None:
    for one, other, expected in ((x, y, pairs), (y, x, [(j, i) for i, j in pairs])):
        aligned = align_words(one, other)
        found = [(i, int(j)) for i in range(len(one)) for j in aligned.x2y[i]]
        assert [(i, j) for i, j in found if not one[i].strip()] == sorted(expected)
        back = [(int(i), j) for j in range(len(other)) for i in aligned.y2x[j]]
        assert sorted(back) == found


def test_annotation_of_white_space_is_aligned(vocab: Vocab) -> None:
    gold = Doc(vocab, words=["B", " ", "c"], tags=["X", "_SP", "Y"])
    gold.ents = [Span(gold, 1, 3, label="E")]
    example = Example(Doc(vocab, words=["b", " ", "c"]), gold)
    assert example.get_aligned("TAG", as_string=True) == ["X", "_SP", "Y"]
    spans = example.get_aligned_spans_y2x(gold.ents)
    assert [(span.start, span.end) for span in spans] == [(1, 3)]


def test_empty(vocab: Vocab) -> None:
    example = Example(Doc(vocab), Doc(vocab))
    assert example.get_aligned("TAG") == [] and example.get_aligned_sent_starts() == []
    assert example.get_aligned_parse() == ([], [])
    assert example.get_aligned_ids("TAG")[0].shape == (0,)


def test_no_entities_say_that_there_are_none(vocab: Vocab) -> None:
    doc = Doc(vocab, ["hello", "there"])
    marks = {"none": [], "unknown": ["-", "-"], "absent": None}
    found = {
        name: [t.ent_iob_ for t in Example.from_dict(doc, {"entities": given}).reference]
        for name, given in marks.items()
    }
    assert found == {"none": ["O", "O"], "unknown": ["", ""], "absent": ["", ""]}
    assert [t.ent_iob_ for t in Example.from_dict(doc, {}).reference] == ["", ""]
    again = Example.from_dict(doc, Example.from_dict(doc, {"entities": ()}).to_dict())
    assert [t.ent_iob_ for t in again.reference] == ["O", "O"]


@pytest.mark.parametrize(
    "annotation", [{"cats": [1]}, {"heads": ["x"]}, {"links": [1]}, {"tags": 3}]
)
def test_annotation_of_another_kind_is_named(annotation) -> None:  # type: ignore[no-untyped-def]
    doc = Doc(Vocab("en"), words=["a"])
    with pytest.raises(DataError, match="annotation of|tags"):
        Example.from_dict(doc, annotation)
