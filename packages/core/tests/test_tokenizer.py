"""The tokenizer: what it splits, that it loses nothing, and how its rules are changed and saved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spanloom import Vocab, registry
from spanloom.errors import DataError, MissingFileError, SerializationError
from spanloom.lang import language
from spanloom.tokenizer import (
    CharacterTokenizer,
    Tokenizer,
    TokenizerRules,
    WhitespaceTokenizer,
    base_infixes,
    base_suffixes,
    compile_infixes,
    compile_prefixes,
    compile_suffixes,
)
from spanloom.tokenizer.fast import FastSplitter
from spanloom.tokenizer.splitter import Splitter
from spanloom.tokenizer.tokenizer import TokenizerBase
from spanloom.tokens import Doc

SAMPLE = Path(__file__).parent / "data" / "ewt_tokens.jsonl"


def english(vocab: Vocab | None = None) -> Tokenizer:
    defaults = language("en")
    if vocab is None:
        vocab = Vocab("en", rules=defaults.lexical_rules())
    return Tokenizer(vocab, defaults.tokenizer_rules())


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """English; tests that change rules make their own."""
    return english()


def put_together(doc: Doc) -> str:
    return "".join(
        word + " " * space for word, space in zip(doc.words, doc.spaces.tolist(), strict=True)
    )


def words(tokenizer: TokenizerBase, text: str) -> list[str]:
    return tokenizer(text).words


# Nothing is lost

#: What the rules are about, so that random strings of it meet them.
PARTS = st.sampled_from(
    [*"aBéßд你क्1²°.,:;!?'\"’‘()[]{}<>-–—~…+*^%$£/=@#&_|\\☺👍 \n\t\xa0\u3000\ud800"]  # noqa: RUF005
    + ["  ", "..", "--", "US$", "km", "don't", "'s", ":)", "http://", "www.", "com", "a.m."]
    + [
        "👍🏿",
        "🇩🇰",
        "\u200d",
        "\ufe0f",
        "10am",
        "C++",
        "Ph.D.",
        "can't",
        "'em",
        "and/or",
        "w/o",
        "(o:",
        "°C.",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PARTS, max_size=12).map("".join))
CHUNKS = st.lists(PARTS, min_size=1, max_size=8).map("".join).map(lambda t: "".join(t.split()))


@given(TEXTS)
@example("")
@example(" ")
@example(" \n x\n\n y \t")
@example("a\nb c\r\nd")
@example("\ud83d lone")
def test_text_comes_back_from_tokens(text: str) -> None:
    for tokenizer in EVERY_KIND:
        doc = tokenizer(text)
        assert doc.text == text
        assert put_together(doc) == text
        assert all(doc.words)


@pytest.mark.lengthy
@given(st.lists(TEXTS, max_size=6))
def test_batch_is_the_same_as_one_by_one(texts: list[str]) -> None:
    for tokenizer in EVERY_KIND:
        together = tokenizer.batch(texts)
        alone = [tokenizer(text) for text in texts]
        streamed = list(tokenizer.pipe(iter(texts), batch_size=2))
        for docs in (together, streamed):
            assert [doc.words for doc in docs] == [doc.words for doc in alone]
            assert [doc.spaces.tolist() for doc in docs] == [doc.spaces.tolist() for doc in alone]


EVERY_KIND: list[TokenizerBase] = [
    english(),
    Tokenizer(Vocab("xx"), language("xx").tokenizer_rules()),
    Tokenizer(Vocab("xx")),
    WhitespaceTokenizer(Vocab("xx")),
    CharacterTokenizer(Vocab("zh")),
]


@pytest.mark.lengthy
@pytest.mark.parametrize("code", ["en", "xx"])
def test_fast_path_is_the_general_algorithm(code: str) -> None:
    rules = language(code).tokenizer_rules()
    fast = FastSplitter(rules)
    general = Splitter(
        rules.special_cases,
        re.compile(rules.prefix or "").search,
        re.compile(rules.suffix or "").search,
        re.compile(rules.infix or "").finditer,
        None,
        re.compile(rules.url or "").match,
    )

    @settings(max_examples=300)
    @given(CHUNKS)
    def same(chunk: str) -> None:
        assert fast(chunk) == general(chunk)

    same()


# Whitespace


@pytest.mark.parametrize(
    ("text", "expected", "spaces"),
    [
        ("", [], []),
        (" ", [" "], [0]),
        ("   ", ["   "], [0]),
        ("a b", ["a", "b"], [1, 0]),
        ("a  b", ["a", " ", "b"], [1, 0, 0]),
        (" a", [" ", "a"], [0, 0]),
        ("a ", ["a"], [1]),
        ("a  ", ["a", " "], [1, 0]),
        ("a\nb", ["a", "\n", "b"], [0, 0, 0]),
        ("a \n b", ["a", "\n ", "b"], [1, 0, 0]),
        ("a\t\tb c\n", ["a", "\t\t", "b", "c", "\n"], [0, 0, 1, 0, 0]),
        ("a\xa0b", ["a", "\xa0", "b"], [0, 0, 0]),
    ],
)
def test_whitespace(
    tokenizer: Tokenizer, text: str, expected: list[str], spaces: list[int]
) -> None:
    doc = tokenizer(text)
    assert doc.words == expected
    assert doc.spaces.tolist() == [bool(space) for space in spaces]


# English

ENGLISH = {
    "Hello, world!": "Hello|,|world|!",
    "Don't we? He'd've gone, they're cannot.": "Do|n't|we|?|He|'d|'ve|gone|,|they|'re|can|not|.",
    "don’t dont wouldn't've I'ma": "do|n’t|do|nt|would|n't|'ve|I|'m|a",
    "the dogs' John's 'cause 'twas": "the|dogs|'|John|'s|'cause|'|twas",
    "Mr. and Mrs. Smith, U.S.A. in Jan.": "Mr.|and|Mrs.|Smith|,|U.S.A.|in|Jan.",
    "the end. The START. a B.": "the|end|.|The|START|.|a|B.",
    "at 10am or 9p.m., 5kg for $3.50 or US$5": "at|10|am|or|9|p.m.|,|5|kg|for|$|3.50|or|US$|5",
    "well-known 24-hour pre--war 3-4 1+2": "well|-|known|24|-|hour|pre|--|war|3|-|4|1|+|2",
    "yes,no and/or either/or a=b": "yes|,|no|and/or|either|/|or|a|=|b",
    "(see \"this\") [and] {that} «so»": "(|see|\"|this|\"|)|[|and|]|{|that|}|«|so|»",
    "wait... what?!... ok..": "wait|...|what|?|!|...|ok|..",
    "see http://a.b.com/x?y=1#z, www.x.org.": "see|http://a.b.com/x?y=1#z|,|www.x.org|.",
    "mail (me.too@x.co.uk) or ftp://1.2.3.4:80/": "mail|(|me.too@x.co.uk|)|or|ftp://1.2.3.4:80/",
    "fun :) ;-) <3 (o: :'(": "fun|:)|;-)|<3|(o:|:'(",
    "nice 👍👍 work☺!": "nice|👍|👍|work|☺|!",
    "20°C. 5€ £5 50% #tag @me": "20|°|C|.|5|€|£|5|50|%|#|tag|@me",
    "first.Second end.\"Next": "first|.|Second|end|.|\"Next",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ENGLISH.items())
def test_english(tokenizer: Tokenizer, text: str, expected: str) -> None:
    assert "|".join(words(tokenizer, text)) == expected


def test_agrees_with_spacy_on_a_sample_of_ewt(tokenizer: Tokenizer) -> None:
    lines = [json.loads(line) for line in SAMPLE.read_text(encoding="utf8").splitlines()]
    assert len(lines) > 50
    for doc, line in zip(tokenizer.batch([x["text"] for x in lines]), lines, strict=True):
        assert [word for word in doc.words if not word.isspace()] == line["tokens"]


def test_norms_of_special_cases(tokenizer: Tokenizer) -> None:
    assert [token.norm_ for token in tokenizer("I can't, won’t; he'd n't")] == [
        "i", "can", "not", ",", "will", "not", ";", "he", "'d", "n't",
    ]  # fmt: skip


def test_special_case_taken_apart_is_put_together(tokenizer: Tokenizer) -> None:
    assert words(tokenizer, '("\'s"') == ["(", '"', "'s", '"']
    # but not across a space
    assert words(tokenizer, "( :)'em :) )") == ["(", ":)", "'em", ":)", ")"]


# Own rules


def test_add_special_case() -> None:
    tokenizer = english()
    assert words(tokenizer, "gimme that") == ["gimme", "that"]
    tokenizer.add_special_case("gimme", [{"ORTH": "gim", "NORM": "give"}, {"ORTH": "me"}])
    doc = tokenizer("(gimme that!")
    assert doc.words == ["(", "gim", "me", "that", "!"]
    assert doc[1].norm_ == "give"
    assert doc[1].lower_ == "gim"
    assert doc.spaces.tolist() == [False, False, True, False, False]
    tokenizer.add_special_case("...gimme...?", [{"ORTH": "...gimme...?"}])
    assert words(tokenizer, "...gimme...?") == ["...gimme...?"]
    assert words(tokenizer, "(...gimme...?)") == ["(", "...gimme...?", ")"]


def test_special_case_with_spaces() -> None:
    tokenizer = english()
    tokenizer.add_special_case("New York", [{"ORTH": "New York", "NORM": "ny"}])
    tokenizer.add_special_case("New York City", [{"ORTH": "New York"}, {"ORTH": " City"}])
    texts = ["In New York, not New Yorker. New York", "New York City (New York)", "none"]
    for docs in (tokenizer.batch(texts), [tokenizer(text) for text in texts]):
        assert docs[0].words == ["In", "New York", ",", "not", "New", "Yorker", ".", "New York"]
        assert docs[1].words == ["New York", " City", "(", "New York", ")"]
        assert [put_together(doc) for doc in docs] == texts
        assert docs[0][1].norm_ == "ny"
    assert tokenizer.explain("New York City!") == [
        ("SPECIAL", "New York"), ("SPECIAL", " City"), ("SUFFIX", "!"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("string", "pieces", "match"),
    [
        ("ab", [{"ORTH": "a"}], "put together"),
        ("ab", [], "put together"),
        ("ab", [{"ORTH": "ab", "LEMMA": "x"}], "LEMMA"),
        ("ab", [{"ORTH": ""}, {"ORTH": "ab"}], "ORTH"),
        ("ab", [{"NORM": "ab"}], "ORTH"),
    ],
)
def test_bad_special_case(
    tokenizer: Tokenizer, string: str, pieces: list[dict[str, str]], match: str
) -> None:
    with pytest.raises(DataError, match=match):
        tokenizer.add_special_case(string, pieces)
    assert words(tokenizer, "ab") == ["ab"]


def test_set_search_functions() -> None:
    tokenizer = english()
    tokenizer.suffix_search = compile_suffixes([*base_suffixes(), "-+"]).search
    assert words(tokenizer, "well-- then.") == ["well", "--", "then", "."]
    infixes = [p for p in base_infixes(digit_before_hyphen=True) if "–—~" not in p]
    tokenizer.infix_finditer = compile_infixes(infixes).finditer
    assert words(tokenizer, "well-known yes,no") == ["well-known", "yes", ",", "no"]
    tokenizer.token_match = re.compile(r"^<\w+>$").match
    assert words(tokenizer, "<b> (<b>) <b") == ["<b>", "(", "<b>", ")", "<", "b"]
    tokenizer.prefix_search = None
    assert words(tokenizer, "(b)") == ["(b", ")"]
    tokenizer.url_match = None
    tokenizer.infix_finditer = re.compile(r"\.").finditer
    assert words(tokenizer, "ab.com") == ["ab", ".", "com"]
    tokenizer.rules = {}
    assert words(tokenizer, "don't") == ["don't"]


def test_rules_as_in_spacy() -> None:
    tokenizer = Tokenizer(
        Vocab("en"),
        rules={":)": [{"ORTH": ":)"}], "cant": [{65: "ca"}, {65: "nt", 67: "not"}]},
        prefix_search=compile_prefixes([r"\(", ":"]).search,
        suffix_search=re.compile(r"\)$").search,
    )
    assert words(tokenizer, "(cant :) :( a.b)") == ["(", "ca", "nt", ":)", ":", "(", "a.b", ")"]
    assert tokenizer.rules[":)"] == [{"ORTH": ":)"}]


def test_without_rules_only_whitespace_splits() -> None:
    assert words(Tokenizer(Vocab("en")), "don't (do) it!") == ["don't", "(do)", "it!"]


def test_bad_pattern_names_it() -> None:
    with pytest.raises(DataError, match="infix patterns.*regular expression"):
        compile_infixes(["a", "(b"])


# Explain


def test_explain(tokenizer: Tokenizer) -> None:
    text = '("Can\'t  do" 24-hour www.x.com!) \'s"\n'
    explained = tokenizer.explain(text)
    assert explained == [
        ("PREFIX", "("), ("PREFIX", '"'), ("SPECIAL-1", "Ca"), ("SPECIAL-2", "n't"),
        ("TOKEN", "do"), ("SUFFIX", '"'), ("TOKEN", "24"), ("INFIX", "-"), ("TOKEN", "hour"),
        ("URL_MATCH", "www.x.com"), ("SUFFIX", "!"), ("SUFFIX", ")"),
        ("SPECIAL-1", "'s"), ("SUFFIX", '"'),
    ]  # fmt: skip


@given(TEXTS)
def test_explain_gives_the_same_tokens(text: str) -> None:
    tokenizer = EVERY_KIND[0]
    assert isinstance(tokenizer, Tokenizer)
    expected = [word for word in tokenizer(text).words if not word.isspace()]
    assert [word for _, word in tokenizer.explain(text)] == expected


# Saving


def test_to_and_from_bytes_and_disk(tmp_path: Path) -> None:
    tokenizer = english()
    tokenizer.add_special_case("\ud800x", [{"ORTH": "\ud800"}, {"ORTH": "x", "NORM": "y"}])
    tokenizer.suffix_search = re.compile("ING$", re.IGNORECASE).search
    tokenizer.url_match = None
    tokenizer.to_disk(tmp_path / "tokenizer")
    text = "(going, \ud800x a.com can't"
    for again in (
        Tokenizer(Vocab("en")).from_bytes(tokenizer.to_bytes()),
        Tokenizer(Vocab("en")).from_disk(tmp_path / "tokenizer"),
    ):
        assert words(again, text) == words(tokenizer, text)
        assert again.explain(text) == tokenizer.explain(text)
        assert again.to_bytes() == tokenizer.to_bytes()
        assert again("\ud800x")[1].norm_ == "y"


def test_saved_rules_stay_fast() -> None:
    again = Tokenizer(Vocab("en")).from_bytes(english().to_bytes())
    assert isinstance(again._split(), FastSplitter)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"nonsense",
        b'{"format":99}',
        b'{"format":1,"prefix":"("}',
        english().to_bytes().replace(b'"gonna":[["gon"', b'"gonna":[["x"'),
    ],
)
def test_damaged_bytes(data: bytes) -> None:
    tokenizer = english()
    with pytest.raises(SerializationError, match="rules"):
        tokenizer.from_bytes(data)
    assert words(tokenizer, "can't") == ["ca", "n't"]


def test_a_damaged_pattern_is_an_error_when_it_is_used() -> None:
    data = english().to_bytes().replace(b'"url":"', b'"url":"(')
    with pytest.raises(DataError, match="url pattern"):
        Tokenizer(Vocab("en")).from_bytes(data)("a.b.c")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        english().from_disk(tmp_path / "none")


def test_own_function_cant_be_saved(tmp_path: Path) -> None:
    tokenizer = english()
    tokenizer.token_match = lambda text: re.match("x", text)
    with pytest.raises(SerializationError, match="token_match"):
        tokenizer.to_disk(tmp_path / "tokenizer")
    assert not list(tmp_path.iterdir())


def test_rules_of_others_name_the_package_that_reads_them() -> None:
    with pytest.raises(SerializationError, match="not the rules of a tokenizer") as told:
        english().from_bytes(b"\x81\xa1a\x01")
    assert ("pip install spanloom-spacy" in str(told.value)) is ("spacy" not in registry.dialects)


# Size, threads, wrong input


@pytest.mark.lengthy
@pytest.mark.parametrize("part", ["word ", "a", "!", "\n", "a\n ", "日本"])
def test_a_megabyte(tokenizer: Tokenizer, part: str) -> None:
    text = part * (1_000_000 // len(part))
    doc = tokenizer(text)
    assert put_together(doc) == text


@pytest.mark.lengthy
@pytest.mark.parametrize(
    "part", ["a.", ".,", "a@", "'s", "a-b,", "://", "x:y@", "5km", "(:", "a👍🏿"]
)
def test_time_is_linear_without_spaces(tokenizer: Tokenizer, part: str) -> None:
    # A quadratic algorithm would need many minutes.
    text = part * 40_000
    doc = tokenizer(text)
    assert put_together(doc) == text


def test_cache_is_bounded() -> None:
    vocab = Vocab("en")
    tokenizer = Tokenizer(vocab, language("en").tokenizer_rules(), max_cache_size=50)
    texts = [f"w{i} x{i}, {'y' * 300}{i}" for i in range(500)]
    for doc, text in zip(tokenizer.pipe(texts, batch_size=7), texts, strict=True):
        assert put_together(doc) == text
    cache = tokenizer._cache
    assert cache is not None
    assert len(cache.chunks) < 50 + 7 * 3 * 2


def test_follows_a_renewed_lexicon() -> None:
    vocab = Vocab("en", max_types=3)
    tokenizer = english(vocab)
    old = tokenizer("one two three four five don't")
    vocab.renew()
    new = tokenizer("four don't")
    assert new.lexicon is not old.lexicon
    assert new.words == ["four", "do", "n't"]
    assert old.words[-2:] == ["do", "n't"]


def test_threads() -> None:
    tokenizer = english(Vocab("en"))
    texts = [f"Don't stop (w{i % 97}): it's {i}km, e-mail a{i}@b.com!" for i in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        parts = [texts[i::8] for i in range(8)]
        found = list(pool.map(tokenizer.batch, parts))
    fresh = english()
    for docs, part in zip(found, parts, strict=True):
        assert [doc.words for doc in docs] == [fresh(text).words for text in part]


CALLS: list[Callable[[TokenizerBase, object], object]] = [
    lambda tokenizer, text: tokenizer(text),  # type: ignore[arg-type]
    lambda tokenizer, text: tokenizer.batch(["a", text]),  # type: ignore[list-item]
    lambda tokenizer, text: list(tokenizer.pipe(["a", text])),  # type: ignore[list-item]
]


@pytest.mark.parametrize("text", [None, b"bytes", 3, ["list"]])
@pytest.mark.parametrize("call", CALLS)
def test_not_a_string(call: Callable[[TokenizerBase, object], object], text: object) -> None:
    for tokenizer in EVERY_KIND:
        with pytest.raises(DataError, match="strings, not"):
            call(tokenizer, text)


def test_bad_batch_size(tokenizer: Tokenizer) -> None:
    with pytest.raises(DataError, match="batch_size"):
        list(tokenizer.pipe(["a"], batch_size=0))


# Other tokenizers


def test_characters() -> None:
    doc = CharacterTokenizer(Vocab("zh"))("我爱 北京。  ok\n")
    assert doc.words == [*"我爱北京。", " ", "o", "k", "\n"]
    assert put_together(doc) == "我爱 北京。  ok\n"


def test_rules_are_data() -> None:
    rules = language("en").tokenizer_rules()
    more = rules.with_cases({"gimme": (("gim", "give"), ("me", None))})
    assert "gimme" not in rules.special_cases
    assert words(Tokenizer(Vocab("en"), more), "gimme") == ["gim", "me"]
    assert TokenizerRules().with_cases({}) == TokenizerRules()


def test_differences_from_spacy_that_the_guide_lists(tokenizer: Tokenizer) -> None:
    expected = {
        "( :)so": ["(", ":)", "so"],
        "⤵️.": ["⤵️", "."],
        "67.9ºF.": ["67.9ºF", "."],
        "5тб": ["5", "тб"],
        "Ա-Ա": ["Ա", "-", "Ա"],
    }
    assert {text: words(tokenizer, text) for text in expected} == expected


@pytest.mark.parametrize("code", ["en", "xx", "cy"])
@pytest.mark.parametrize(
    "picture",
    [
        "👍🏿",
        "🇩🇰",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "🤷🏽\u200d♀\ufe0f",
        "🏳\ufe0f\u200d🌈",
    ],
)
def test_what_is_seen_as_one_picture_is_one_token(code: str, picture: str) -> None:
    tokenizer = Tokenizer(Vocab(code), language(code).tokenizer_rules())
    assert tokenizer(f"Nice!{picture}").words == ["Nice", "!", picture]
    assert tokenizer(f"({picture}{picture}) 👍{picture}.").words == [
        "(",
        picture,
        picture,
        ")",
        "👍",
        picture,
        ".",
    ]
    assert [token for _, token in tokenizer.explain(f"Nice!{picture}")] == ["Nice", "!", picture]
    assert tokenizer(f"https://x.org/{picture}").words == ["https://x.org/", picture]
    assert tokenizer(f"https://x.org/{picture}/a").words == [f"https://x.org/{picture}/a"]
    tokenizer.add_special_case(picture, [{"ORTH": each} for each in picture])
    assert tokenizer(f"a{picture}").words == ["a", *picture]
    assert CharacterTokenizer(Vocab("zh"))(f"好{picture} 人").words == ["好", picture, "人"]
    assert Tokenizer(Vocab("en"))(f"a{picture}").words == [f"a{picture}"]


def test_joiners_that_make_no_picture_stay_where_they_were(tokenizer: Tokenizer) -> None:
    words = ["क्\u200dष", "می\u200cشود", "a\u200db", "x\ufe0fy"]
    assert tokenizer(" ".join(words)).words == words
    assert tokenizer("👍\u200d!").words[0] == "👍"
