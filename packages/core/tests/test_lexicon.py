"""Word types and their features."""

import pickle
from typing import Any

import numpy as np
import pytest

from spanloom.errors import DataError
from spanloom.vocab.features import (
    LexicalRules,
    like_email,
    like_num,
    like_url,
    word_shape,
    word_shapes,
)
from spanloom.vocab.lexicon import Lexicon
from spanloom.vocab.strings import StringStore, hash_string


def lexicon(**rules: object) -> Lexicon:
    return Lexicon(StringStore(), LexicalRules(**rules))  # type: ignore[arg-type]


def test_rows_and_columns() -> None:
    lex = lexicon()
    rows = lex.rows_of(["Apple", "is", "Apple"])
    assert rows.dtype == np.int32 and rows.tolist() == [0, 1, 0] and len(lex) == 2
    assert lex.texts_of(rows) == ["Apple", "is", "Apple"]
    assert lex.column("LENGTH").tolist() == [5, 2]
    assert lex.strings.strings(lex.column("SHAPE")) == ["Xxxxx", "xx"]
    assert lex.strings.strings(lex.column("LOWER")) == ["apple", "is"]
    lex.row("2026")
    assert lex.column("IS_DIGIT").tolist() == [False, False, True]
    assert lex.column("ORTH").tolist() == [hash_string(text) for text in lex.texts]
    with pytest.raises(DataError, match="no feature 'NOSUCH'"):
        lex.column("NOSUCH")


def test_norms_make_types() -> None:
    lex = lexicon(norm_exceptions={"’s": "'s"})
    plain, ruled, same = lex.row("wo"), lex.row("wo", "will"), lex.row("wo", "wo")
    assert plain == same != ruled
    assert lex.row("wo", "will") == ruled
    lex.rows_of(["’s", "’S"])
    norms = lex.strings.strings(lex.column("NORM"))
    assert norms == ["wo", "will", "'s", "'s"]
    again = pickle.loads(pickle.dumps(lex))  # noqa: S301
    assert again.texts == lex.texts and (again.column("NORM") == lex.column("NORM")).all()


def test_shapes() -> None:
    words = ["", "Apple", "......", "x" * 99, "x" * 100, "日本語日本語", "ǅ½²", "a-1", "", "B2B"]
    expected = ["", "Xxxxx", "....", "xxxx", "LONG", "xxxx", "x½d", "x-d", "", "XdX"]
    assert word_shapes(words) == [word_shape(word) for word in words] == expected
    assert word_shapes([*words, "\x1e\x1e", "a"]) == [*expected, "\x1e\x1e", "x"]
    assert word_shapes([""] * 9) == [""] * 9 and word_shapes([]) == []


@pytest.mark.parametrize(
    ("function", "yes", "no"),
    [  # as spaCy 3.8.18 has it
        (like_num, "1 10,000 1.5 1/2 -3 +3 ±3 ~4 ² 1, 10.", "x ½ 一 1/x one / -"),
        (like_email, "a@b.com a.b@c.de a+b@c-d.org", "a@b @b.com <a@b.com> é@b.com a@b.c,d"),
        (
            like_url,
            "http://a https://x.org/b a.com x.org/b?c a.b.uk www.x.y Wikipedia.org münchen.de "
            "http:// x.aero:80 user:pw@host.com",
            "a/b .com a@b.com foo. foo.b/c 1.2 1.2/3 e.g https: http U.S 192.168.1.1 a.COM www. "
            "localhost:80 mailto:x@y.com a.com. a.c (x.com)",
        ),
    ],
)
def test_what_words_look_like(function: Any, yes: str, no: str) -> None:
    assert [word for word in yes.split() if not function(word)] == []
    assert [word for word in ["", *no.split()] if function(word)] == []


def test_looking_at_huge_words_is_quick() -> None:
    for word in ("a." * 200_000, "a" * 400_000 + ".", "a:" * 200_000, "a@" * 200_000 + "."):
        assert not like_url(word)
        like_email(word)
        word_shape(word)


def test_the_norm_of_a_tokenizer_rule_wins_over_one_that_was_set() -> None:
    lex = lexicon()
    plain, ruled = lex.row("wo"), lex.row("wo", "will")
    lex.set_value("NORM", "wo", "woe")
    other = lex.row("wo", "want")
    norms = lex.strings.strings(lex.column("NORM"))
    assert (norms[plain], norms[ruled], norms[other]) == ("woe", "will", "want")
    again = pickle.loads(pickle.dumps(lex))  # noqa: S301
    assert again.strings.strings(again.column("NORM")) == norms
