"""Sentences, entities, character spans and arrays of a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from . import arrays, entities, tree
from .span import Span

if TYPE_CHECKING:
    from .doc import Doc

__all__ = ["AnnotationMixin"]

_MODES = ("strict", "contract", "expand")


class AnnotationMixin:
    """The part of :class:`~spanloom.tokens.Doc` that deals with annotation."""

    __slots__ = ()

    # Sentences

    @property
    def sent_starts(self) -> NDArray[np.int8]:
        """Whether each token starts a sentence: 1, -1 for no, 0 for unknown; shape ``(n,)``.

        It's the column SENT_START, and if there is none, by the heads: each tree is a sentence.
        """
        doc = cast("Doc", self)
        column = doc.column("SENT_START")
        if column is not None:
            return column
        heads = doc.column("HEAD")
        if heads is None:
            return np.zeros(len(doc), dtype=np.int8)
        known = doc._extra().get("sents")
        if known is None or not np.array_equal(known[0], heads):
            known = doc._extra()["sents"] = (heads.copy(), tree.tree_starts(heads))
        starts: NDArray[np.int8] = known[1]
        return starts

    def set_sent_start(self, i: int, value: bool | None) -> None:
        """Say whether token ``i`` starts a sentence (``None``: unknown)."""
        doc = cast("Doc", self)
        if doc.column("SENT_START") is None:
            doc.set_column("SENT_START", self.sent_starts.copy())
        doc.writable("SENT_START")[i] = 0 if value is None else 1 if value else -1

    @property
    def sents(self) -> Iterator[Span]:
        """The sentences. Raises :class:`DataError` if nothing has set their boundaries."""
        doc = cast("Doc", self)
        hook = doc.hook("doc", "sents")
        if hook is not None:
            yield from hook(doc)
            return
        bounds = [*self._sentence_bounds().tolist(), len(doc)]
        for start, end in zip(bounds, bounds[1:], strict=False):
            yield Span(doc, start, end)

    def _sentence_bounds(self) -> NDArray[np.int64]:
        doc = cast("Doc", self)
        if not self.has_annotation("SENT_START"):
            raise DataError(
                "the document has no sentence boundaries: add a component that sets them to the "
                "pipeline (nlp.add_pipe('sentencizer')), or set token.is_sent_start"
            )
        starts = self.sent_starts == 1
        if len(doc) and not starts[0]:
            starts[0] = True
        return np.flatnonzero(starts)

    def sentence_at(self, i: int) -> Span:
        """The sentence that token ``i`` is in. Raises :class:`DataError` without sentences."""
        doc = cast("Doc", self)
        if doc.hook("doc", "sents") is not None:
            return next(sent for sent in self.sents if sent.start <= i < sent.end)
        bounds = self._sentence_bounds()
        which = int(np.searchsorted(bounds, i, side="right"))
        end = int(bounds[which]) if which < len(bounds) else len(doc)
        return Span(doc, int(bounds[which - 1]), end)

    # What is annotated

    def has_annotation(self, attr: str | int, *, require_complete: bool = False) -> bool:
        """Whether any token (``require_complete``: every token) has a value for ``attr``.

        An empty document counts as annotated, and one of one token as a sentence.
        """
        from ..vocab.attrs import LEXICAL_ATTRS, attr_name

        doc = cast("Doc", self)
        name = attr_name(attr)
        if len(doc) == 0 or name in LEXICAL_ATTRS or name in ("SPACY", "IDX", "LANG"):
            return True
        values: NDArray[Any] | None
        if name == "SENT_START":
            # The first token says nothing: it always starts a sentence.
            values = self.sent_starts[1:]
            if not len(values):
                return True
        elif name == "HEAD":
            # A head can't be told from a missing one: relations can.
            deps = doc.column("DEP")
            values = np.ones(len(doc)) if deps is None else deps
            if doc.column("HEAD") is None:
                return False
        else:
            values = doc.column(name)
        if values is None:
            return False
        return bool((values != 0).all() if require_complete else (values != 0).any())

    # Entities

    @property
    def ents(self) -> tuple[Span, ...]:
        """The named entities, in order. Set them with spans or ``(label, start, end)`` tuples,
        see :meth:`set_ents`."""
        return entities.spans(cast("Doc", self))

    @ents.setter
    def ents(self, spans: Iterable[Any]) -> None:
        doc = cast("Doc", self)
        self.set_ents([s if isinstance(s, Span) else entities.as_span(doc, s) for s in spans])

    def set_ents(
        self,
        entities_: Sequence[Span],
        *,
        blocked: Sequence[Span] = (),
        missing: Sequence[Span] = (),
        outside: Sequence[Span] = (),
        default: str = "outside",
    ) -> None:
        """Set the named entities.

        Tokens of ``blocked`` spans can't be part of one, of ``missing`` ones nothing is known, and
        ``outside`` ones are in none. ``default`` says which of these holds of all other tokens
        ("unmodified" leaves them as they are). Raises :class:`DataError` for spans that overlap.
        """
        groups = {"blocked": blocked, "missing": missing, "outside": outside}
        entities.assign(cast("Doc", self), entities_, groups, default)

    @property
    def is_nered(self) -> bool:
        """Whether anything is known about entities."""
        return self.has_annotation("ENT_IOB")

    @property
    def is_tagged(self) -> bool:
        """Whether any token has a tag."""
        return self.has_annotation("TAG")

    @property
    def is_parsed(self) -> bool:
        """Whether any token has a relation to its head."""
        return self.has_annotation("DEP")

    @property
    def is_sentenced(self) -> bool:
        """Whether sentence boundaries are known."""
        return self.has_annotation("SENT_START")

    # Character offsets

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
        """The span from one character offset to another, or ``None`` if there isn't one.

        "strict": they must be the bounds of tokens; "contract": all tokens that lie within;
        "expand": all tokens that have a character within.
        """
        doc = cast("Doc", self)
        if alignment_mode not in _MODES:
            raise DataError(
                f"alignment_mode is {alignment_mode!r}, and can be {', '.join(map(repr, _MODES))}"
            )
        if not 0 <= start_idx < end_idx <= len(doc.text):
            return None
        if alignment_mode == "expand":
            start = int(np.searchsorted(doc.ends, start_idx, side="right"))
            end = int(np.searchsorted(doc.starts, end_idx, side="left"))
        else:
            start = int(np.searchsorted(doc.starts, start_idx, side="left"))
            end = int(np.searchsorted(doc.ends, end_idx, side="right"))
        if start >= end:
            return None
        exact = int(doc.starts[start]) == start_idx and int(doc.ends[end - 1]) == end_idx
        if alignment_mode == "strict" and not exact:
            return None
        return Span(doc, start, end, label, kb_id, span_id)

    # Arrays

    def to_array(self, names: str | int | Sequence[str | int]) -> NDArray[np.uint64]:
        """Attributes of all tokens as uint64: shape ``(n,)`` for one name, else
        ``(n, len(names))``. HEAD is the head's offset from the token; it and SENT_START may be
        negative, as two's complement."""
        return arrays.to_array(cast("Doc", self), names)

    def from_array(self, names: str | int | Sequence[str | int], array: NDArray[Any]) -> Doc:
        """Set attributes from an array as :meth:`to_array` gives it; returns the document itself.

        Raises :class:`DataError` for a wrong shape, heads outside the document, and attributes
        of the words themselves that differ from what they are.
        """
        arrays.from_array(cast("Doc", self), names, array)
        return cast("Doc", self)

    def count_by(self, attr: str | int) -> dict[int, int]:
        """How many tokens have each value of an attribute."""
        values, counts = np.unique(self.to_array(attr), return_counts=True)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))

    def get_lca_matrix(self) -> NDArray[np.int32]:
        """The lowest common ancestor of each two tokens, int32 of shape ``(n, n)``; -1 if they
        are of different trees."""
        return tree.common_ancestors(cast("Doc", self))
