from __future__ import annotations

import pytest

import spanloom
from spanloom.errors import ConfigError


def test_long_tokens_are_split_and_the_text_stays() -> None:
    nlp = spanloom.blank("en")
    config = {"min_length": 20, "split_length": 5}
    nlp.add_pipe("token_splitter", config=config, first=True)
    text = "aaaaabbbbbcccccdddd aaaaabbbbbcccccddddd aaaaabbbbbcccccdddddee.  End"
    doc = nlp(text)
    assert doc.text == text
    assert doc.words == [
        "aaaaabbbbbcccccdddd",
        *("aaaaa", "bbbbb", "ccccc", "ddddd"),
        *("aaaaa", "bbbbb", "ccccc", "ddddd", "ee"),
        ".",
        " ",
        "End",
    ]
    assert [doc[i].idx for i in range(3)] == [0, 20, 25]


def test_defaults_and_bad_settings() -> None:
    nlp = spanloom.blank("en")
    splitter = nlp.add_pipe("token_splitter")
    assert (splitter.min_length, splitter.split_length) == (25, 10)
    assert len(nlp("x" * 24)) == 1 and len(nlp("x" * 25)) == 3
    with pytest.raises(ConfigError, match="split_length"):
        nlp.add_pipe("token_splitter", name="other", config={"split_length": 0})
