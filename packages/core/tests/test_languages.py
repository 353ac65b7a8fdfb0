"""Languages: what each sets, and the neutral rules for the others."""

from __future__ import annotations

import warnings

import pytest

import spanloom
from spanloom import registry
from spanloom.config import init_config
from spanloom.errors import DataError
from spanloom.lang import LanguageDefaults, language
from spanloom.tokenizer import CharacterTokenizer, Tokenizer, TokenizerRules


def test_registered_languages() -> None:
    names = registry.languages.names()
    assert {"bo", "en", "ja", "km", "lo", "my", "th", "xx", "zh"} <= set(names)
    for name in names:
        found = language(name)
        if not found.__module__.startswith("spanloom.lang"):
            continue  # a plugin's
        assert found.code == name
        assert found.tokenizer_rules().prefix
        assert found.lexical_rules().norm("“") == '"'


@pytest.mark.parametrize(("code", "direction"), [("sw", "ltr"), ("ps", "rtl"), ("tlh", "ltr")])
def test_other_codes_get_neutral_rules(code: str, direction: str) -> None:
    found = language(code)
    assert found.code == code
    assert found.direction == direction
    assert found.tokenizer_rules() == language("xx").tokenizer_rules()


@pytest.mark.parametrize("code", ["", "e", "EN", "english", "e1", "en_US", "qq", "zzz", "qaa"])
def test_bad_code(code: str) -> None:
    with pytest.raises(DataError, match="There are rules for .*en, .*zh"):
        spanloom.blank(code)
    with pytest.raises(DataError, match="isn't a language code"):
        init_config(code, ["tagger"])


@pytest.mark.parametrize(
    ("code", "used"),
    [("eng", "en"), ("cym", "cy"), ("wel", "cy"), ("ji", "yi"), ("mul", "xx"), ("zho", "zh")],
)
def test_codes_that_mean_the_same(code: str, used: str) -> None:
    nlp = spanloom.blank(code)
    assert nlp.lang == nlp.vocab.lang == nlp.config["nlp"]["lang"] == used
    assert language(code).code == used
    assert init_config(code, ["tagger"])["nlp"]["lang"] == used


def test_a_language_without_rules_is_told_once() -> None:
    with pytest.warns(UserWarning, match="no rules for the language 'sw'") as told:
        spanloom.blank("sw")
    assert [each.filename for each in told] == [__file__]
    with pytest.warns(UserWarning, match="no rules for the language 'got'"):
        init_config("got", ["tagger"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spanloom.blank("eng")
        spanloom.blank("th")


def test_own_language() -> None:
    class Shouting(LanguageDefaults):
        code = "qqq"
        stop_words = frozenset(["o"])

        @classmethod
        def tokenizer_rules(cls) -> TokenizerRules:
            return super().tokenizer_rules().with_cases({"O!": (("O!", None),)})

    registry.languages("qqq", func=Shouting)
    try:
        nlp = spanloom.blank("qqq")
        doc = nlp("O! you, O!!")
        assert doc.words == ["O!", "you", ",", "O!", "!"]
        assert nlp.vocab["O"].is_stop
    finally:
        registry.languages.remove("qqq")


def test_neutral_rules() -> None:
    nlp = spanloom.blank("xx")
    assert nlp.lang == "xx"
    doc = nlp("Schöne Grüße (z. B.), 3-mal und C++: gut-besucht, 5 km² a.b@c.de!")
    assert "|".join(doc.words) == (
        "Schöne|Grüße|(|z.|B.|)|,|3-mal|und|C++|:|gut|-|besucht|,|5|km²|a.b@c.de|!"
    )


def test_marks_belong_to_letters() -> None:
    nlp = spanloom.blank("xx")
    assert nlp("हिन्दी-अंग्रेज़ी में।").words == ["हिन्दी", "-", "अंग्रेज़ी", "में", "।"]
    # A letter with an accent apart is a letter, as is the one that holds it.
    for word in ("café", "cafe\u0301"):
        assert spanloom.blank("xx")(f"{word}-bar.").words == [word, "-", "bar", "."]


@pytest.mark.parametrize("code", ["zh", "ja", "th"])
def test_scripts_without_spaces(code: str) -> None:
    nlp = spanloom.blank(code)
    assert isinstance(nlp.tokenizer, CharacterTokenizer)
    assert nlp("今日は。").words == [*"今日は。"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("spanloom.Tokenizer.v1", Tokenizer), ("spanloom.CharacterTokenizer.v1", CharacterTokenizer)],
)
def test_tokenizer_in_config(name: str, kind: type) -> None:
    nlp = spanloom.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": name}}})
    assert isinstance(nlp.tokenizer, kind)


def test_english_lexical_rules() -> None:
    vocab = spanloom.blank("en").vocab
    numbers = "12 3,000 1/2 -5 twelve Third 22nd ninetieth million"
    assert all(vocab[word].like_num for word in numbers.split())
    assert not any(vocab[word].like_num for word in ["the", "ten-ish", "nd", "1/2/3", "fortyth"])
    assert all(vocab[word].is_stop for word in ["the", "The", "of", "n't", "been"])
    assert not vocab["house"].is_stop
    assert len(spanloom.blank("en").vocab.rules.stop_words) == 326  # as many as spaCy has
    assert all(vocab[word].is_stop for word in ["ten", "first", "go", "n‘t", "whither", "amount"])
    norms = {"’s": "'s", "—": "-", "€": "$", "Word": "word", "''": '"'}
    assert {word: vocab[word].norm_ for word in norms} == norms
