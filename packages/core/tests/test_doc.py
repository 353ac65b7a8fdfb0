"""Documents: construction, text, columns, annotation."""

from wordloom.tokens import Doc
from wordloom.vocab import Vocab


def test_text_and_columns() -> None:
    doc = Doc(Vocab("en"), ["I", "like", "NY", "."], [True, True, False, False], tags=list("abcd"))
    assert doc.text == "I like NY." and doc.words == ["I", "like", "NY", "."]
    assert doc.starts.tolist() == [0, 2, 7, 9] and doc.ends.tolist() == [1, 6, 9, 10]
    assert [token.tag_ for token in doc] == list("abcd")
    assert doc[1:3].text == "like NY" and doc[-1].text == "."
    fast = Doc.from_rows(doc.vocab, doc.text, doc.rows, doc.spaces)
    assert fast.words == doc.words and fast.column("TAG") is None
