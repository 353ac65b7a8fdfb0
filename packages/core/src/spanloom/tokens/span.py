"""Spans, as light views on a run of tokens."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.absent import absent
from ..vocab.extensions import Extended, Underscore
from ..vocab.vectors import HasVector, cosine
from . import annotation, entities, tree
from .attributes import id_string, string_id
from .slicing import span_as_doc
from .token import Token

if TYPE_CHECKING:
    from ..vocab import Vocab
    from .forward import Doc

__all__ = ["Span"]


@absent("Span")
class Span(Extended):
    """The tokens ``start`` to ``end`` (not included) of ``doc``, maybe with a label.

    ``label``, ``kb_id`` and ``id`` are string ids; the same with ``_`` behind are the strings.
    """

    _kind = "span"
    __slots__ = ("doc", "end", "id", "kb_id", "label", "start")

    def __init__(
        self,
        doc: Doc,
        start: int,
        end: int,
        label: str | int = 0,
        kb_id: str | int = 0,
        span_id: str | int = 0,
    ) -> None:
        """Raises :class:`DataError` if the span doesn't lie within the document."""
        if not 0 <= start <= end <= len(doc):
            raise DataError(
                f"There is no span from token {start} to {end} in a document of {len(doc)} tokens: "
                f"0 <= start <= end <= {len(doc)} must hold"
            )
        self.doc = doc
        self.start = start
        self.end = end
        self.label = label if label.__class__ is int else string_id(doc, "ENT_TYPE", label)
        self.kb_id = kb_id if kb_id.__class__ is int else string_id(doc, "ENT_KB_ID", kb_id)
        self.id = span_id if span_id.__class__ is int else string_id(doc, "ENT_ID", span_id)

    label_ = id_string("label", "ENT_TYPE", "The label.")
    kb_id_ = id_string("kb_id", "ENT_KB_ID", "The id in a knowledge base.")
    id_ = id_string("id", "ENT_ID", "The span's own id.")
    ent_id = property(lambda self: self.id, doc="The span's own id, as an entity's.")
    ent_id_ = property(lambda self: self.id_, doc="The span's own id, as an entity's.")

    # As a sequence

    def __len__(self) -> int:
        return self.end - self.start

    def __iter__(self) -> Iterator[Token]:
        return map(Token, repeat(self.doc), range(self.start, self.end))

    @overload
    def __getitem__(self, key: int) -> Token: ...
    @overload
    def __getitem__(self, key: slice) -> Span: ...
    def __getitem__(self, key: int | slice) -> Token | Span:
        size = len(self)
        if isinstance(key, slice):
            start, end, step = key.indices(size)
            if step != 1:
                raise DataError(f"a span is a run of tokens: slicing by steps of {step} gives none")
            return Span(self.doc, self.start + start, self.start + max(start, end))
        if -size <= key < size:
            return Token(self.doc, (self.start if key >= 0 else self.end) + key)
        raise IndexError(f"There is no token {key} in a span of {size} tokens")

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__

    def _key(self) -> tuple[int, int, int, int, int]:
        return self.start_char, self.end_char, self.label, self.kb_id, self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and self.doc is other.doc and self._key() == other._key()

    def __lt__(self, other: Span) -> bool:
        return self._key() < other._key()

    def __le__(self, other: Span) -> bool:
        return self._key() <= other._key()

    def __gt__(self, other: Span) -> bool:
        return self._key() > other._key()

    def __ge__(self, other: Span) -> bool:
        return self._key() >= other._key()

    def __hash__(self) -> int:
        return hash((id(self.doc), *self._key()))

    # The text

    @property
    def vocab(self) -> Vocab:
        """The document's vocab."""
        return self.doc.vocab

    @property
    def start_char(self) -> int:
        """The character offset at which the first token starts."""
        starts = self.doc.starts
        return int(starts[self.start]) if self.start < len(starts) else len(self.doc.text)

    @property
    def end_char(self) -> int:
        """The character offset at which the last token ends."""
        if self.start == self.end:
            return self.start_char
        last = self.end - 1
        return int(self.doc.starts[last]) + len(self.doc.lexicon.texts[self.doc.rows[last]])

    @property
    def text(self) -> str:
        """The text, without the space after the last token."""
        return self.doc.text[self.start_char : self.end_char]

    orth_ = text

    @property
    def text_with_ws(self) -> str:
        """The text, with the space after the last token if there is one."""
        return self.text + (" " if len(self) and self.doc.spaces[self.end - 1] else "")

    @property
    def words(self) -> list[str]:
        """The text of each token."""
        texts = self.doc.lexicon.texts
        return [texts[row] for row in self.doc.rows[self.start : self.end].tolist()]

    @property
    def lemma_(self) -> str:
        """The lemmas of the tokens, with the spaces between them."""
        return "".join(token.lemma_ + token.whitespace_ for token in self).strip()

    def char_span(
        self,
        start_idx: int,
        end_idx: int,
        label: str | int = 0,
        kb_id: str | int = 0,
        *,
        alignment_mode: str = "strict",
        span_id: str | int = 0,
    ) -> Span | None:
        """As :meth:`Doc.char_span`, with offsets that count from the start of this span."""
        first = self.start_char
        return self.doc.char_span(
            first + start_idx,
            first + end_idx,
            label,
            kb_id,
            alignment_mode=alignment_mode,
            span_id=span_id,
        )

    # What it overlaps

    @property
    def ents(self) -> tuple[Span, ...]:
        """The entities that lie within it."""
        found = entities.within(self.doc, self.start, self.end)
        return tuple(Span(self.doc, *e) for e in found if self.start <= e[0] and e[1] <= self.end)

    @property
    def sent(self) -> Span:
        """The sentence of its first token, or what the hook gives. Raises :class:`DataError`
        without sentences."""
        hook = self.doc.hook("span", "sent")
        return cast(Span, hook(self)) if hook else self.doc.sentence_at(self.start)

    @property
    def sents(self) -> Iterator[Span]:
        """The sentences that it's part of, or what the hook gives; those of an empty span are those
        of the token at its start."""
        hook = self.doc.hook("span", "sents")
        if hook is not None:
            return iter(hook(self))
        end = max(self.end, self.start + 1)
        if self.doc.hook("doc", "sents") is not None:
            return (s for s in self.doc.sents if s.start < end and self.start < s.end)
        bounds = annotation.sentences_of(self.doc, self.start, end)
        return (Span(self.doc, *each) for each in bounds)

    @property
    def noun_chunks(self) -> Iterator[Span]:
        """The base noun phrases of the document that lie within it."""
        return (c for c in self.doc.noun_chunks if self.start <= c.start and c.end <= self.end)

    # The tree

    @property
    def root(self) -> Token:
        """The token that is nearest to the root of its sentence, the first of several."""
        if not len(self):
            raise DataError(f"an empty span (at token {self.start}) has no root")
        return Token(self.doc, tree.root_of(self.doc, self.start, self.end))

    @property
    def lefts(self) -> Iterator[Token]:
        """Children of its tokens that lie to the left of it, in order."""
        found = [left for token in self for left in token.lefts if left.i < self.start]
        return iter(sorted(found))

    @property
    def rights(self) -> Iterator[Token]:
        """Children of its tokens that lie to the right of it, in order."""
        found = [right for token in self for right in token.rights if right.i >= self.end]
        return iter(sorted(found))

    @property
    def n_lefts(self) -> int:
        """The number of :attr:`lefts`."""
        return sum(1 for _ in self.lefts)

    @property
    def n_rights(self) -> int:
        """The number of :attr:`rights`."""
        return sum(1 for _ in self.rights)

    @property
    def subtree(self) -> Iterator[Token]:
        """Its tokens and all of their descendants, in order."""
        found = {i for token in self for i in tree.subtree(self.doc, token.i)}
        return (Token(self.doc, i) for i in sorted(found))

    @property
    def conjuncts(self) -> tuple[Token, ...]:
        """The tokens that are coordinated with its root."""
        return self.root.conjuncts

    # Documents and arrays

    def as_doc(self, *, copy_user_data: bool = False) -> Doc:
        """A document of its own with these tokens and their annotation. Heads that lie outside
        become the token itself.

        ``copy_user_data`` takes the document's user data along, with custom attributes, and its
        hooks. Values that belong to the text (:class:`~spanloom.tokens.TextBound`) give their part
        for it, or are left out.
        """
        return span_as_doc(self, copy_user_data=copy_user_data)

    def to_array(self, py_attr_ids: str | int | list[str | int]) -> NDArray[Any]:
        """As :meth:`Doc.to_array`, for these tokens."""
        return self.doc.to_array(py_attr_ids)[self.start : self.end]

    # Vectors

    @property
    def vector(self) -> NDArray[np.float32]:
        """The mean of the tokens' vectors, shape ``(width,)``, or what the hook gives."""
        hook = self.doc.hook("span", "vector")
        if hook:
            return np.asarray(hook(self))
        vectors: Any
        if self.vocab.vectors is not None and self.doc.hook("token", "vector") is None:
            vectors = self.vocab.vectors.token_vectors(self.doc, self.start, self.end)[0]
        else:
            vectors = [token.vector for token in self]
        if not len(vectors):
            return np.zeros(self.vocab.vectors_length, dtype=np.float32)
        return np.asarray(np.mean(vectors, axis=0), dtype=np.float32)

    @property
    def has_vector(self) -> bool:
        """Whether there is a vector for one of its tokens."""
        hook = self.doc.hook("span", "has_vector")
        return bool(hook(self)) if hook else any(token.has_vector for token in self)

    @property
    def vector_norm(self) -> float:
        """The L2 norm of the vector."""
        hook = self.doc.hook("span", "vector_norm")
        return float(hook(self) if hook else np.linalg.norm(self.vector))

    @property
    def tensor(self) -> Any:
        """The tokens' rows of ``doc.tensor``, shape ``(len(span), width)``."""
        return self.doc.tensor[self.start : self.end]

    def get_lca_matrix(self) -> NDArray[np.int32]:
        """As :meth:`Doc.get_lca_matrix`, within the span: -1 for an ancestor outside of it."""
        return self.as_doc().get_lca_matrix()

    def similarity(self, other: HasVector) -> float:
        """The cosine of the vectors of this span and of a token, span, lexeme or document."""
        hook = self.doc.hook("span", "similarity")
        return float(hook(self, other) if hook else cosine(self, other))

    # Custom attributes

    @property
    def _(self) -> Underscore:
        """The custom attributes."""
        doc = self.doc
        key = (self.start_char, self.end_char)
        return Underscore("span", self, doc.vocab.extensions, doc.user_data, key)
