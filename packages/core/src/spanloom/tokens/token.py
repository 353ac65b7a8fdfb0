"""Tokens, as light views on a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.absent import absent
from ..vocab.attrs import attr_name
from ..vocab.extensions import Extended, Underscore
from ..vocab.lexeme import Lexeme
from ..vocab.morphology import MorphAnalysis
from ..vocab.vectors import HasVector, cosine
from ..vocab.views import WordView
from . import tree
from .attributes import column_number, column_string, word_accessors

if TYPE_CHECKING:
    from ..vocab import Vocab
    from .forward import Doc, Span

__all__ = ["Token"]

_IOB = ("", "I", "O", "B")


@absent("Token")
class Token(WordView, Extended):
    """One token: ``doc`` and its index ``i``.

    Names that end in ``_`` are strings, the same without it their ids. What a component would set
    and nobody has is ``""`` and 0.
    """

    _kind = "token"
    __slots__ = ("doc", "i")

    iob_strings: ClassVar[tuple[str, ...]] = _IOB

    def __init__(self, doc: Doc, i: int) -> None:
        self.doc = doc
        self.i = i

    tag = column_number("TAG", "The id of the fine-grained tag.")
    tag_ = column_string("TAG", "The fine-grained tag.")
    pos = column_number("POS", "The id of the universal part of speech.")
    pos_ = column_string("POS", "The universal part of speech.")
    dep = column_number("DEP", "The id of the label of the relation to the head.")
    dep_ = column_string("DEP", "The label of the relation to the head.")
    lemma = column_number("LEMMA", "The id of the base form.")
    lemma_ = column_string("LEMMA", "The base form.")
    ent_type = column_number("ENT_TYPE", "The id of the label of the entity that it's part of.")
    ent_type_ = column_string("ENT_TYPE", "The label of the entity that it's part of.")
    ent_id = column_number("ENT_ID", "The id of the entity's id.")
    ent_id_ = column_string("ENT_ID", "The entity's id.")
    ent_kb_id = column_number("ENT_KB_ID", "The id of the entity's id in a knowledge base.")
    ent_kb_id_ = column_string("ENT_KB_ID", "The entity's id in a knowledge base.")

    _accessors = staticmethod(word_accessors)

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__

    def __len__(self) -> int:
        return len(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self.doc is other.doc and self.i == other.i

    def __lt__(self, other: Token) -> bool:
        return self.i < other.i

    def __le__(self, other: Token) -> bool:
        return self.i <= other.i

    def __gt__(self, other: Token) -> bool:
        return self.i > other.i

    def __ge__(self, other: Token) -> bool:
        return self.i >= other.i

    def __hash__(self) -> int:
        return hash((id(self.doc), self.i))

    # The text

    @property
    def vocab(self) -> Vocab:
        """The document's vocab."""
        return self.doc.vocab

    @property
    def text(self) -> str:
        """The text, without the space after it."""
        doc = self.doc
        return doc.lexicon._texts[doc.rows.item(self.i)]

    @property
    def whitespace_(self) -> str:
        """The space after it, or ``""``."""
        return " " if self.doc.spaces[self.i] else ""

    @property
    def text_with_ws(self) -> str:
        """The text, with the space after it if there is one."""
        return self.text + self.whitespace_

    @property
    def idx(self) -> int:
        """The character offset at which it starts."""
        return self.doc.starts.item(self.i)

    @property
    def lex(self) -> Lexeme:
        """The word type."""
        return Lexeme(self.vocab, self.doc.lexicon, self.doc.rows.item(self.i))

    def nbor(self, i: int = 1) -> Token:
        """The token that is ``i`` places further. Raises :class:`IndexError` outside the text."""
        if not 0 <= self.i + i < len(self.doc):
            size = len(self.doc)
            raise IndexError(f"token {self.i} has no neighbour {i} places further: of {size}")
        return self.doc[self.i + i]

    # Morphology, sentences and entities

    @property
    def morph(self) -> MorphAnalysis:
        """The morphological features; empty where none were set."""
        column = self.doc.column("MORPH")
        key = 0 if column is None else int(column[self.i])
        return MorphAnalysis(self.vocab.strings, self.doc.lexicon.strings[key])

    @morph.setter
    def morph(self, value: MorphAnalysis) -> None:
        if value.strings is not self.vocab.strings:
            raise DataError(f"the features '{value}' are of another vocab: use set_morph(str(...))")
        self.doc.set_value("MORPH", self.i, value.key if len(value) else 0)

    def set_morph(self, features: str | int | Mapping[str, str] | MorphAnalysis | None) -> None:
        """Set the features, from a FEATS string, its id, a dict or an analysis; ``None`` unsets
        them."""
        if isinstance(features, int):
            features = self.vocab.strings[features]
        key = 0 if features is None else self.vocab.morphology.add(features)
        self.doc.set_value("MORPH", self.i, key)

    def has_morph(self) -> bool:
        """Whether features were set, be it none."""
        column = self.doc.column("MORPH")
        return column is not None and bool(column[self.i])

    @property
    def is_sent_start(self) -> bool | None:
        """Whether it starts a sentence; ``None`` if that isn't known. The first token does."""
        value = int(self.doc.sent_starts[self.i])
        if value == 0:
            return True if self.i == 0 else None
        return value == 1

    @is_sent_start.setter
    def is_sent_start(self, value: bool | None) -> None:
        self.doc.set_sent_start(self.i, value)

    sent_start = is_sent_start

    @property
    def is_sent_end(self) -> bool | None:
        """Whether it ends a sentence; ``None`` if that isn't known."""
        if self.i + 1 == len(self.doc):
            return True
        return self.doc[self.i + 1].is_sent_start

    @property
    def sent(self) -> Span:
        """The sentence that it's in. Raises :class:`DataError` if there are no sentences."""
        return self.doc.sentence_at(self.i)

    @property
    def ent_iob(self) -> int:
        """0 no entity was set, 1 inside one, 2 outside of any, 3 at the beginning of one."""
        column = self.doc.column("ENT_IOB")
        return 0 if column is None else int(column[self.i])

    @property
    def ent_iob_(self) -> str:
        """ "I" inside an entity, "O" outside, "B" at its beginning, "" if none was set."""
        return _IOB[self.ent_iob]

    # The tree

    @property
    def head(self) -> Token:
        """The syntactic head; a root is its own."""
        column = self.doc.column("HEAD")
        return self if column is None else Token(self.doc, int(column[self.i]))

    @head.setter
    def head(self, other: Token) -> None:
        if other.doc is not self.doc:
            raise DataError(
                f"the head of token {self.i} ({self.text!r}) must be of the same document"
            )
        self.doc.writable("HEAD")[self.i] = other.i

    def has_head(self) -> bool:
        """Whether a head was set."""
        return self.doc.column("HEAD") is not None and (
            self.has_dep() or self.doc.column("DEP") is None
        )

    def has_dep(self) -> bool:
        """Whether a relation to the head was set."""
        return self.dep != 0

    def _views(self, indices: NDArray[np.int64] | list[int]) -> Iterator[Token]:
        doc = self.doc
        return (Token(doc, int(i)) for i in indices)

    @property
    def lefts(self) -> Iterator[Token]:
        """Its children to the left, in order."""
        kids = tree.children(self.doc, self.i)
        return self._views(kids[kids < self.i])

    @property
    def rights(self) -> Iterator[Token]:
        """Its children to the right, in order."""
        kids = tree.children(self.doc, self.i)
        return self._views(kids[kids > self.i])

    @property
    def children(self) -> Iterator[Token]:
        """Its children, in order."""
        return self._views(tree.children(self.doc, self.i))

    @property
    def n_lefts(self) -> int:
        """The number of children to the left."""
        return int((tree.children(self.doc, self.i) < self.i).sum())

    @property
    def n_rights(self) -> int:
        """The number of children to the right."""
        return int((tree.children(self.doc, self.i) > self.i).sum())

    @property
    def subtree(self) -> Iterator[Token]:
        """The token and all of its descendants, in order."""
        return self._views(tree.subtree(self.doc, self.i))

    @property
    def left_edge(self) -> Token:
        """The first token of the subtree."""
        return Token(self.doc, tree.subtree(self.doc, self.i)[0])

    @property
    def right_edge(self) -> Token:
        """The last token of the subtree."""
        return Token(self.doc, tree.subtree(self.doc, self.i)[-1])

    @property
    def ancestors(self) -> Iterator[Token]:
        """Its head, the head's head, and so on up to the root."""
        return self._views(tree.ancestors(self.doc, self.i))

    def is_ancestor(self, descendant: Token) -> bool:
        """Whether it's an ancestor of ``descendant``."""
        same = self.doc is descendant.doc
        return same and self.i in tree.ancestors(self.doc, descendant.i)

    @property
    def conjuncts(self) -> tuple[Token, ...]:
        """The tokens that are coordinated with it, without itself."""
        return tuple(self._views(tree.conjuncts(self.doc, self.i)))

    # Vectors

    @property
    def vector(self) -> NDArray[np.float32]:
        """The vector, shape ``(width,)``: by the document's hook or the vocab's vectors."""
        hook = self.doc.hook("token", "vector")
        if hook:
            return np.asarray(hook(self))
        if self.vocab.vectors is None and self.doc.tensor.size:
            return np.asarray(self.doc.tensor[self.i])
        if self.vocab.vectors is None:
            return np.zeros(0, dtype=np.float32)
        return np.asarray(self.vocab.vectors.token_vectors(self.doc, self.i, self.i + 1)[0][0])

    @property
    def has_vector(self) -> bool:
        """Whether there is a vector for it."""
        hook = self.doc.hook("token", "has_vector")
        if hook:
            return bool(hook(self))
        if self.vocab.vectors is None:
            return bool(self.doc.tensor.size)
        return bool(self.vocab.vectors.token_vectors(self.doc, self.i, self.i + 1)[1][0])

    @property
    def vector_norm(self) -> float:
        """The L2 norm of the vector."""
        hook = self.doc.hook("token", "vector_norm")
        return float(hook(self) if hook else np.linalg.norm(self.vector))

    @property
    def tensor(self) -> NDArray[np.float32]:
        """The token's row of ``doc.tensor``, shape ``(width,)``."""
        return np.asarray(self.doc.tensor[self.i])

    @property
    def is_oov(self) -> bool:
        """Whether the vocab's vectors have no row for it."""
        return not self.vocab.has_vector(self.text)

    def similarity(self, other: HasVector) -> float:
        """The cosine of the vectors of this token and of a token, span, lexeme or document."""
        hook = self.doc.hook("token", "similarity")
        return float(hook(self, other) if hook else cosine(self, other))

    def check_flag(self, flag_id: str | int) -> bool:
        """Whether a flag of the word, by name (``"IS_ALPHA"``) or number, is true."""
        return bool(self.doc.lexicon.column(attr_name(flag_id))[self.doc.rows[self.i]])

    # Custom attributes

    @property
    def _(self) -> Underscore:
        """The custom attributes."""
        doc = self.doc
        key = (self.idx, None)
        return Underscore("token", self, doc.vocab.extensions, doc.user_data, key)
