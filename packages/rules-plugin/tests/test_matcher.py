"""The token matcher: rules, options, errors, and what it remembers of words."""

from __future__ import annotations

import pickle
import re

import pytest

import spanloom
from spanloom import Doc, Token
from spanloom.errors import DataError
from spanloom_rules import Matcher, PatternError, validate_token_pattern


@pytest.fixture
def nlp():
    return spanloom.blank("en")


def found(matcher, doc, **options):
    return [doc[start:end].text for _, start, end in matcher(doc, **options)]


def test_rules_are_added_asked_for_and_removed(nlp) -> None:
    matcher = Matcher(nlp.vocab)
    matcher.add("A", [[{"LOWER": "a"}]])
    matcher.add("B", [[{"LOWER": "b"}], [{"LOWER": "c"}]])
    matcher.add("B", [[{"LOWER": "d"}]])
    assert len(matcher) == 2 and "A" in matcher and matcher.has_key("B") and "C" not in matcher
    assert matcher.get("B") == (None, [[{"LOWER": "b"}], [{"LOWER": "c"}], [{"LOWER": "d"}]])
    assert matcher.get("C", 1) == 1
    doc = nlp.make_doc("a b c d")
    assert found(matcher, doc) == ["a", "b", "c", "d"]
    matcher.remove("B")
    assert found(matcher, doc) == ["a"]
    with pytest.raises(DataError, match="no rule 'B'"):
        matcher.remove("B")


def test_a_matcher_without_rules_says_so(nlp) -> None:
    with pytest.warns(UserWarning, match="no patterns"):
        assert Matcher(nlp.vocab)(nlp.make_doc("a")) == []


def test_spans_have_the_rule_as_label_and_are_counted_in_the_document(nlp) -> None:
    matcher = Matcher(nlp.vocab)
    matcher.add("X", [[{"LOWER": "b"}]])
    doc = nlp.make_doc("a b c b")
    assert [(s.start, s.label_) for s in matcher(doc[1:], as_spans=True)] == [(1, "X"), (3, "X")]
    assert [match[1:] for match in matcher(doc[1:])] == [(0, 1), (2, 3)]
    with pytest.raises(DataError, match="takes a Doc or a Span, not str"):
        matcher("a b")


def test_callbacks_see_all_matches_of_their_rule(nlp) -> None:
    seen = []
    matcher = Matcher(nlp.vocab)
    matcher.add("A", [[{"LOWER": "a"}]], on_match=lambda *args: seen.append(args))
    matcher.add("B", [[{"LOWER": "b"}]])
    doc = nlp.make_doc("b a a")
    matches = matcher(doc)
    assert [(m is matcher, d is doc, i, all_) for m, d, i, all_ in seen] == [
        (True, True, 1, matches),
        (True, True, 2, matches),
    ]
    with pytest.raises(DataError, match="can't be called"):
        matcher.add("C", [[{"LOWER": "c"}]], on_match=5)


def test_greedy_rules_keep_matches_that_do_not_overlap(nlp) -> None:
    doc = nlp.make_doc("a a a b")
    for greedy, expected in [(None, 9), ("FIRST", ["a a a b"]), ("LONGEST", ["a a a b"])]:
        matcher = Matcher(nlp.vocab)
        matcher.add("A", [[{"LOWER": "a", "OP": "+"}, {"LOWER": "b", "OP": "?"}]], greedy=greedy)
        result = found(matcher, doc)
        assert len(result) == expected if isinstance(expected, int) else result == expected
    with pytest.raises(DataError, match="greedy is 'ALL'"):
        matcher.add("A", [[{"LOWER": "a"}]], greedy="ALL")


def test_annotation_that_is_missing_is_named(nlp) -> None:
    matcher = Matcher(nlp.vocab)
    matcher.add("A", [[{"POS": "NOUN"}]])
    doc = nlp.make_doc("a b")
    with pytest.raises(DataError, match="asks for POS, .* 'morphologizer'"):
        matcher(doc)
    assert matcher(doc, allow_missing=True) == []
    doc[1].pos_ = "NOUN"
    assert found(matcher, doc) == ["b"]


def test_custom_attributes(nlp) -> None:
    Token.set_extension("kind", getter=lambda token: token.text.upper())
    Token.set_extension("many", default=None)
    try:
        doc = nlp.make_doc("a b c")
        doc[1]._.many = ["x", "y"]
        for wanted, texts in [
            ({"kind": "A"}, ["a"]),
            ({"kind": {"IN": ["A", "C"]}}, ["a", "c"]),
            ({"kind": {"REGEX": "[BC]"}}, ["b", "c"]),
            ({"kind": {"FUZZY1": "AB"}}, ["a", "b"]),
            ({"many": {"IS_SUPERSET": ["x"]}}, ["b"]),
            ({"many": {"INTERSECTS": ["z", "y"]}}, ["b"]),
            ({"many": {">": 5}}, []),
        ]:
            matcher = Matcher(nlp.vocab)
            matcher.add("A", [[{"_": wanted}]])
            assert found(matcher, doc) == texts, wanted
    finally:
        Token.remove_extension("kind")
        Token.remove_extension("many")


def test_features_of_words_that_change_are_seen(nlp) -> None:
    matcher = Matcher(nlp.vocab)
    matcher.add("A", [[{"IS_STOP": True}]])
    doc = nlp.make_doc("the word")
    assert found(matcher, doc) == ["the"]
    nlp.vocab["word"].is_stop = True
    assert found(matcher, doc) == ["the", "word"]
    nlp.vocab["word"].is_stop = False
    assert found(matcher, doc) == ["the"]


def test_words_of_another_lexicon_are_looked_up_afresh(nlp) -> None:
    matcher = Matcher(nlp.vocab)
    matcher.add("A", [[{"LOWER": {"REGEX": "^b"}}]])
    other = spanloom.blank("en")
    for each in (nlp, other, nlp):
        assert found(matcher, each.make_doc("abc bcd cde")) == ["bcd"]


def test_a_bounded_vocab_stays_bounded() -> None:
    from spanloom import Vocab

    vocab = Vocab("en", max_types=50)
    matcher = Matcher(vocab)
    matcher.add("A", [[{"LOWER": {"REGEX": "9$"}}, {"LEMMA": {"REGEX": "x"}, "OP": "?"}]])
    for i in range(300):
        doc = Doc(vocab, words=[f"w{i}"], lemmas=[f"x{i}"])
        assert len(matcher(doc)) == (i % 10 == 9)
        vocab.renew()
    assert len(matcher._ready()._table) <= 60
    assert all(len(values) <= 60 for values in matcher._ready()._classes._values.values())


def test_pickled_matchers_keep_rules_options_and_comparison(nlp) -> None:
    matcher = Matcher(nlp.vocab, validate=False)
    matcher.add("A", [[{"LOWER": "a", "OP": "+"}]], greedy="LONGEST", on_match=print_nothing)
    again = pickle.loads(pickle.dumps(matcher))  # noqa: S301
    assert again.get("A") == (print_nothing, [[{"LOWER": "a", "OP": "+"}]])
    assert found(again, spanloom.blank("en").make_doc("a a")) == ["a a"]


def print_nothing(*_):
    return None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ([{"XX": "foo"}], "have no attribute 'XX'"),
        ([{"LOWER": "a"}, {"LIKE_NUM": None}], "token 1, LIKE_NUM: give true or false, not None"),
        ([{"IS_PUNCT": True, "OP": "$"}], "token 0, OP: unknown operator"),
        ([{"LOWER": "a", "OP": "{2,1}"}], "unknown operator '{2,1}'"),
        ([{"LOWER": "a", "OP": "{,}"}], "unknown operator '{,}'"),
        ([{"_": "foo"}], "_: give a dict"),
        ("text", "must be a list of dicts"),
        ([], "no tokens"),
        ([1], "token 0: give a dict"),
        ([{"ENT_IOB": "foo"}], "ENT_IOB: give"),
        ([{"TEXT": {"VALUE": "foo"}}], "ORTH: there is no operator 'VALUE'"),
        ([{"LENGTH": {"IN": [1, "3"]}}], "LENGTH: IN has '3'"),
        ([{"POS": {"IN": "VERB"}}], "POS: IN needs a list"),
        ([{"LENGTH": {">=": "x"}}], "needs a number"),
        ([{"LOWER": {"REGEX": 5}}], "needs a string"),
        ([{"LENGTH": "2"}], "give a number"),
        ([{"ORTH": -1}], "give a string"),
    ],
)
def test_bad_patterns_are_named_with_rule_and_place(nlp, pattern, message) -> None:
    matcher = Matcher(nlp.vocab)
    with pytest.raises(PatternError, match=re.escape(message)) as error:
        matcher.add("RULE", [[{"LOWER": "good"}], pattern])
    assert "'RULE'" in str(error.value) and "pattern 1" in str(error.value)
    assert list(error.value.problems) == [1] and len(matcher) == 0
    assert validate_token_pattern(pattern)


def test_regular_expressions_that_are_none_are_named(nlp) -> None:
    matcher = Matcher(nlp.vocab)
    matcher.add("A", [[{"LOWER": {"REGEX": "("}}]])
    with pytest.raises(DataError, match=r"LOWER: the regular expression '\(' can't be used"):
        matcher(nlp.make_doc("a"))


def test_without_validation_values_are_taken_as_they_are(nlp) -> None:
    matcher = Matcher(nlp.vocab, validate=False)
    with pytest.warns(UserWarning, match="unknown operator 'BEFORE'"):
        matcher.add("A", [[{"LOWER": {"BEFORE": "a"}}]])
    with pytest.raises(PatternError, match="can't be None"):
        matcher.add("B", [[{"LOWER": None}]])
    assert found(matcher, nlp.make_doc("a b")) == ["a", "b"]


def test_good_patterns_have_no_problems() -> None:
    for pattern in [
        [{"TEXT": "foo"}, {"lower": "bar", "op": "+"}],
        [{"LEMMA": {"IN": ["love", "like"]}}, {"POS": "DET", "OP": "?"}],
        [{"LIKE_NUM": True, "LENGTH": {">=": 5}}],
        [{"LOWER": {"REGEX": "^X", "NOT_IN": ["XXX", "XY"]}}],
        [{"LOWER": {"FUZZY2": {"IN": ["a", "b"]}}}],
        [{"_": {"foo": {"NOT_IN": ["bar", "baz"]}, "a": 5, "b": {">": 10}}}],
        [{"ENT_IOB": 1}, {"IS_SENT_START": True}],
    ]:
        assert validate_token_pattern(pattern) == []
    assert validate_token_pattern('[{"LOWER": "a"}]') == []


def test_many_rules_are_added_in_linear_time_and_memory(nlp) -> None:
    matcher = Matcher(nlp.vocab)
    for i in range(3000):
        matcher.add(f"R{i}", [[{"LOWER": f"w{i}"}, {"LOWER": f"v{i}", "OP": "?"}]])
    doc = Doc(nlp.vocab, words=["w5", "v5", "x", "w2999"])
    assert [nlp.vocab.strings[key] for key, *_ in matcher(doc)] == ["R5", "R5", "R2999"]
    # Only what was met has a state.
    assert len(matcher._ready()._automaton._states) == 2


@pytest.mark.parametrize("name", ["IS_OOV", "is_oov", "FLAG19"])
@pytest.mark.parametrize("validate", [True, False])
def test_flags_that_are_none_of_a_word_are_refused_with_what_to_do(name, validate) -> None:
    nlp = spanloom.blank("en")
    with pytest.raises(PatternError, match=f"can't ask for '{name}'.*set_extension"):
        Matcher(nlp.vocab, validate=validate).add("X", [[{name: True}]])
    Token.set_extension("oov", getter=lambda token: token.is_oov)
    try:
        matcher = Matcher(nlp.vocab, validate=validate)
        matcher.add("X", [[{"_": {"oov": True}}]])
        assert len(matcher(nlp("a b"))) == 2
    finally:
        Token.remove_extension("oov")
