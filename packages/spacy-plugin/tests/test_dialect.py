"""spaCy's names, advice and tokenizers by its dialect; and a dialect of somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import srsly

import spanloom
from spanloom import Pipeline, Vocab, registry
from spanloom.config.foreign import is_foreign
from spanloom.errors import ConfigError, DataError, SerializationError, UnknownNameError
from spanloom.tokenizer import Tokenizer
from spanloom_spacy.segmenters import (
    SegmentedTokenizer,
    chinese_tokenizer,
    thai_tokenizer,
    vietnamese_tokenizer,
)

FakeDist = Callable[..., Path]

RULES: dict[str, Any] = {
    "prefix_search": r"^\(",
    "suffix_search": r"\)$",
    "infix_finditer": "-",
    "token_match": None,
    "url_match": "^www.*",
    "exceptions": {"cant": [{65: "ca"}, {65: "nt", 67: "not"}]},
    "faster_heuristics": True,
}

#: A library whose names are those of ours backwards.
OTHER = """
import json

class Other:
    def our_names(self, name):
        _, thing, version = name.split(".")
        yield f"spanloom.{thing[::-1]}.{version}"

    def advice(self, registry_name, name):
        if registry_name == "factories" and name == "reggat":
            return "read it backwards"

    def tokenizer_rules(self, data):
        if data.startswith(b"other:"):
            return {"prefix": None, "suffix": None, "infix": data[6:].decode(), "token": None,
                    "url": None, "special_cases": {}}

    def pipeline(self, source):
        return None

OTHER = Other()
"""


def problems_of(factory: str) -> str:
    config = {"nlp": {"lang": "en", "pipeline": ["it"]}, "components": {"it": {"factory": factory}}}
    with pytest.raises(ConfigError) as told:
        Pipeline.from_config(config)
    return str(told.value)


@pytest.fixture
def other(fake_dist: FakeDist) -> None:
    points = {"spanloom_dialects": {"other": "loom_other:OTHER"}}
    fake_dist("loom-other", points=points, modules={"loom_other": OTHER})


@pytest.mark.parametrize("name", ["Tagger.v2", "HashEmbedCNN.v2", "Tok2VecListener.v1"])
def test_names_of_spacy_mean_ours(name: str) -> None:
    ours = registry.architectures.get(f"spanloom.{name}")
    assert registry.architectures.get(f"spacy.{name}") is ours


def test_names_with_arguments_of_their_own_come_before_general_ones() -> None:
    logger = registry.loggers.get("spacy.ConsoleLogger.v3")
    assert logger.__module__ == "spanloom_spacy.loggers"


def test_what_spacy_has_and_we_do_not_comes_with_advice() -> None:
    assert "kb_id" in problems_of("entity_linker")
    with pytest.raises(UnknownNameError, match="spacy.Nothing.v1"):
        registry.architectures.get("spacy.Nothing.v1")


def test_rules_of_a_tokenizer_are_read() -> None:
    tokenizer = Tokenizer(Vocab("en")).from_bytes(srsly.msgpack_dumps(RULES))
    doc = tokenizer("(cant a-b www.a-b)")
    assert doc.words == ["(", "ca", "nt", "a", "-", "b", "www.a-b", ")"]
    assert doc[2].norm_ == "not"


@pytest.mark.parametrize(
    "changes", [{"prefix_search": 1}, {"exceptions": {"cant": [{65: "c"}]}}, {"exceptions": 1}]
)
def test_damaged_rules_are_errors(changes: dict[str, Any]) -> None:
    with pytest.raises(SerializationError):
        Tokenizer(Vocab("en")).from_bytes(srsly.msgpack_dumps({**RULES, **changes}))
    with pytest.raises(SerializationError, match="not the rules of a tokenizer"):
        Tokenizer(Vocab("en")).from_bytes(srsly.msgpack_dumps({"a": 1}))


def test_a_damaged_pattern_is_an_error_of_ours_when_it_is_used() -> None:
    rules = {**RULES, "prefix_search": "("}
    tokenizer = Tokenizer(Vocab("en")).from_bytes(srsly.msgpack_dumps(rules))
    with pytest.raises(DataError, match="prefix patterns of the tokenizer"):
        tokenizer("cant")


@pytest.mark.usefixtures("other")
def test_a_dialect_of_somebody_else_names_advises_and_reads() -> None:
    name = f"other.{'Tagger'[::-1]}.v2"
    assert registry.architectures.get(name) is registry.architectures.get("spanloom.Tagger.v2")
    assert is_foreign({"model": {"@architectures": name}})
    assert "read it backwards" in problems_of("reggat")
    with pytest.raises(UnknownNameError, match="other.gnihtoN.v1"):
        registry.architectures.get("other.gnihtoN.v1")
    tokenizer = Tokenizer(Vocab("en")).from_bytes(b"other:=")
    assert tokenizer("a=b c-d").words == ["a", "=", "b", "c-d"]


def test_a_segmenter_that_is_not_here_is_an_error() -> None:
    assert callable(chinese_tokenizer(segmenter="char"))
    with pytest.raises(ConfigError, match=r"nlp\.tokenizer\.segmenter"):
        chinese_tokenizer(segmenter="pkuseg")


@pytest.mark.parametrize(
    ("package", "make"),
    [
        ("jieba", lambda: chinese_tokenizer("jieba")),
        ("pythainlp", thai_tokenizer),
        ("pyvi", vietnamese_tokenizer),
    ],
)
def test_a_segmenter_of_another_library_is_named_with_its_package(
    package: str, make: Callable[[], Any]
) -> None:
    nlp = spanloom.blank("xx")
    if find_spec(package):
        assert make()(nlp)("a b").text == "a b"
    else:
        with pytest.raises(ConfigError, match=f"pip install {package}"):
            make()(nlp)


def test_words_of_jieba_are_the_tokens() -> None:
    pytest.importorskip("jieba")
    tokenizer = chinese_tokenizer("jieba")(spanloom.blank("zh"))
    doc = tokenizer("我来到北京  清华大学 。\n")
    assert doc.words == ["我", "来到", "北京", " ", "清华大学", "。", "\n"]
    assert doc.text == "我来到北京  清华大学 。\n"
    assert [token.whitespace_ for token in doc][2:5] == [" ", "", " "]


def test_words_of_a_segmenter_leave_the_text_as_it_is() -> None:
    texts = ["", " ", "a", " a  b ", "\n\na b", "👍🏽 ok"]
    for segment in (list, str.split, lambda text: [text.upper()], lambda text: []):
        tokenizer = SegmentedTokenizer(Vocab("zh"), segment)
        assert [doc.text for doc in tokenizer.pipe(texts)] == texts
    chars = chinese_tokenizer()(spanloom.blank("zh"))
    assert chars("a👍🏽  b").words == ["a", "👍", "🏽", " ", "b"]


def test_without_its_dialect_a_name_is_unknown() -> None:
    with pytest.raises(UnknownNameError):
        registry.architectures.get(f"other.{'Tagger'[::-1]}.v2")
    assert not is_foreign({"model": {"@architectures": "other.Tagger.v2"}})


def test_tokenizers_by_spacys_names() -> None:
    for name, kind in (
        ("spacy.Tokenizer.v1", Tokenizer),
        ("spacy.zh.ChineseTokenizer", SegmentedTokenizer),
    ):
        nlp = spanloom.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": name}}})
        assert isinstance(nlp.tokenizer, kind), name
