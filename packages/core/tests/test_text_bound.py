"""Values that belong to the tokens of a document follow them, or are left out: never stale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pytest

from spanloom.errors import SerializationError
from spanloom.tokens import Doc, Span, TextBound
from spanloom.vocab import Vocab

WORDS = ["Ada", "writes", "long", "programs", "."]
SPACES = [True, True, True, False, False]


@dataclass(frozen=True)
class Sizes(TextBound):
    """The length of each token, and where each starts."""

    sizes: tuple[int, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, doc: Doc) -> Self:
        return cls(tuple(map(len, doc.words)), tuple(doc.starts.tolist()))

    def for_part(self, span: Span) -> Self:
        own = slice(span.start, span.end)
        return type(self)(
            self.sizes[own], tuple(start - span.start_char for start in self.starts[own])
        )

    @classmethod
    def for_joined(cls, docs: Sequence[Doc], values: Sequence[Self], starts: Sequence[int]) -> Self:
        return cls(
            tuple(size for value in values for size in value.sizes),
            tuple(own + at for value, at in zip(values, starts) for own in value.starts),
        )

    def for_retokenized(self, doc: Doc, source: Any) -> Self:
        assert all(word in WORDS[i] or WORDS[i] in word for i, word in zip(source, doc.words))
        return self.of(doc)


class Silent(TextBound):
    """Says nothing of other documents."""


@pytest.fixture
def vocab() -> Iterator[Vocab]:
    Doc.set_extension("sizes", default=None)
    yield Vocab()
    Doc.remove_extension("sizes")


def sized(vocab: Vocab) -> Doc:
    doc = Doc(vocab, WORDS, SPACES)
    doc._.sizes = Sizes.of(doc)
    return doc


def test_a_part_gets_its_part(vocab: Vocab) -> None:
    doc = sized(vocab)
    part = doc[1:4].as_doc(copy_user_data=True)
    assert part._.sizes == Sizes.of(part) and part._.sizes.starts == (0, 7, 12)
    assert doc[1:4].as_doc()._.sizes is None
    assert doc._.sizes == Sizes.of(doc)


def test_joined_documents_get_them_joined(vocab: Vocab) -> None:
    doc = sized(vocab)
    for whitespace in (True, False):
        joined = Doc.from_docs([doc, Doc(vocab), sized(vocab)], ensure_whitespace=whitespace)
        assert joined is not None
        assert joined._.sizes == Sizes.of(joined)
    joined = Doc.from_docs([doc])
    assert joined is not None and joined._.sizes == Sizes.of(doc)


@pytest.mark.parametrize("other", [None, 3, Silent()])
def test_joined_with_a_document_without_it_there_is_none(vocab: Vocab, other: Any) -> None:
    doc, plain = sized(vocab), Doc(vocab, WORDS, SPACES)
    plain._.sizes = other
    for docs in ([doc, plain], [plain, doc]):
        joined = Doc.from_docs(docs)
        assert joined is not None and joined._.sizes is None


def test_retokenized(vocab: Vocab) -> None:
    doc = sized(vocab)
    doc.user_data["own"] = doc._.sizes
    copy, before = doc.copy(), doc._.sizes
    # As many tokens as before, so that a count wouldn't tell.
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
        retokenizer.split(doc[3], ["pro", "grams"], [doc[1], doc[1]])
    assert len(doc) == len(WORDS)
    assert doc._.sizes == doc.user_data["own"] == Sizes((10, 4, 3, 5, 1), (0, 11, 16, 19, 24))
    assert copy._.sizes is before == Sizes.of(copy)


def test_what_a_class_does_not_say_is_left_out(vocab: Vocab) -> None:
    doc = Doc(vocab, WORDS, SPACES, user_data={"plain": 1})
    doc._.sizes = Silent()
    parts = [doc[1:3].as_doc(copy_user_data=True), Doc.from_docs([doc, doc])]
    for other in parts:
        assert other is not None and other._.sizes is None and other.user_data == {"plain": 1}
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
    assert doc._.sizes is None and doc.user_data == {"plain": 1}


def test_another_text_is_another_text(vocab: Vocab) -> None:
    doc = sized(vocab)
    doc.user_data["plain"] = 1
    doc.set_spaces([False] * len(doc))
    assert doc._.sizes is None and doc.user_data["plain"] == 1


def test_json_says_what_it_cannot_hold(vocab: Vocab) -> None:
    doc = sized(vocab)
    with pytest.raises(SerializationError, match=r"doc\._\.sizes .* JSON can't .*to_bytes"):
        doc.to_json(underscore=["sizes"])
    doc._.sizes = [1, {"a": None}]
    assert doc.to_json(underscore=["sizes"])["_"] == {"sizes": [1, {"a": None}]}


def test_hooks_go_along_with_user_data(vocab: Vocab) -> None:
    doc, other = sized(vocab), sized(vocab)
    for each in (doc, other):
        each.user_hooks["vector"] = each.user_span_hooks["vector"] = _length
    part = doc[0:2].as_doc(copy_user_data=True)
    assert part.vector.tolist() == [2] and part[0:1].vector.tolist() == [1]
    assert doc[0:2].as_doc().hook("doc", "vector") is None
    part.user_hooks["vector"] = _zero
    assert doc.vector.tolist() == [5]
    joined = Doc.from_docs([doc, other])
    assert joined is not None and joined.vector.tolist() == [10]
    joined = Doc.from_docs([doc, Doc(vocab, WORDS)])
    assert joined is not None and joined.hook("doc", "vector") is None


def _length(what: Any) -> Any:
    return [len(what)]


def _zero(what: Any) -> Any:
    return [0]
