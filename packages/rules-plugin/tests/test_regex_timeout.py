"""The time limit of regular expressions."""

from __future__ import annotations

import pickle
import sys
import time

import pytest

import spanloom
from spanloom import Doc
from spanloom.errors import DataError
from spanloom.tokens import Token
from spanloom_rules import DependencyMatcher, Matcher, PatternError, RegexTimeoutError

#: Takes exponential time where it isn't found, in the word below years.
SLOW, WORD = "^(a|aa)+$", "a" * 60 + "?"


@pytest.fixture
def nlp():
    return spanloom.blank("en")


def add(matcher, condition):
    matcher.add("SLOW", [[condition]])
    return matcher


def test_without_a_limit_the_package_regex_is_not_asked_for(nlp, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "regex", None)
    assert len(add(Matcher(nlp.vocab), {"TEXT": {"REGEX": "^a"}})(nlp("a b"))) == 1
    with pytest.raises(DataError, match=r"pip install 'spanloom-rules\[regex\]'"):
        Matcher(nlp.vocab, regex_timeout=1.0)


class TestWithLimit:
    @pytest.fixture(autouse=True)
    def _needs_regex(self) -> None:
        pytest.importorskip("regex")

    @pytest.mark.parametrize(
        "condition",
        [
            {"TEXT": {"REGEX": SLOW}},
            {"TEXT": {"REGEX": {"NOT_IN": ["^b", SLOW]}}},
            {"TAG": {"REGEX": SLOW}},
            {"_": {"note": {"REGEX": SLOW}}},
        ],
    )
    def test_an_expression_that_would_hang_is_named(self, nlp, condition) -> None:
        Token.set_extension("note", default=WORD, force=True)
        matcher = add(Matcher(nlp.vocab, regex_timeout=0.2), condition)
        doc = Doc(nlp.vocab, words=["aa", WORD], tags=["X", WORD])
        for each in (matcher, pickle.loads(pickle.dumps(matcher))):  # noqa: S301
            begin = time.monotonic()
            with pytest.raises(RegexTimeoutError, match=r"0\.2 s.*'\^\(a\|aa\)\+\$' on 'aaa"):
                each(doc)
            assert time.monotonic() - begin < 5

    def test_results_are_those_without_a_limit(self, nlp) -> None:
        conditions = [{"TEXT": {"REGEX": "^[Aa].*s$"}}, {"LOWER": {"REGEX": {"IN": ["o", "x"]}}}]
        doc = nlp("Apples and As grow on boxes as alms")
        for condition in conditions:
            limited = add(Matcher(nlp.vocab, regex_timeout=60), condition)
            assert limited(doc) == add(Matcher(nlp.vocab), condition)(doc) != []

    def test_many_documents_have_their_time_each(self, nlp) -> None:
        matcher = add(Matcher(nlp.vocab, regex_timeout=0.5), {"TEXT": {"REGEX": "^a"}})
        assert matcher(nlp("a"))
        time.sleep(0.6)
        assert matcher(nlp("ab")) and matcher(nlp("a"))

    @pytest.mark.parametrize(
        "factory", ["entity_ruler", "span_ruler", "future_entity_ruler", "attribute_ruler"]
    )
    def test_components_have_the_setting(self, nlp, factory) -> None:
        ruler = nlp.add_pipe(factory, config={"regex_timeout": 0.2})
        pattern = [{"TEXT": {"REGEX": SLOW}}]
        if factory == "attribute_ruler":
            ruler.add([pattern], {"LEMMA": "x"})
        else:
            ruler.add_patterns([{"label": "X", "pattern": pattern}])
        with pytest.raises(RegexTimeoutError, match="regex_timeout"):
            ruler(Doc(nlp.vocab, words=[WORD]))

    def test_trees(self, nlp) -> None:
        matcher = DependencyMatcher(nlp.vocab, regex_timeout=0.2)
        node = {"RIGHT_ID": "x", "RIGHT_ATTRS": {"TEXT": {"REGEX": SLOW}}}
        matcher.add("SLOW", [[node]])
        with pytest.raises(RegexTimeoutError):
            matcher(Doc(nlp.vocab, words=[WORD], heads=[0], deps=["ROOT"]))

    @pytest.mark.parametrize("wrong", [0, -1, True, "1"])
    def test_what_is_no_time_is_named(self, nlp, wrong) -> None:
        with pytest.raises(DataError, match="regex_timeout is .*seconds above 0"):
            Matcher(nlp.vocab, regex_timeout=wrong)

    def test_what_is_no_expression_is_named(self, nlp) -> None:
        with pytest.raises((DataError, PatternError), match="can't be used"):
            add(Matcher(nlp.vocab, regex_timeout=1), {"TEXT": {"REGEX": "("}})(nlp("a"))
