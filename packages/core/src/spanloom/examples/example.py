"""Training examples: a document as predicted, and the one it should be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..tokens import Doc, Span
from ..vocab.absent import absent
from ..vocab.columns import COLUMNS, STRING_COLUMNS
from ..vocab.views import Attribute, alias
from .alignment import Alignment, align_docs, starts_on_words
from .from_dict import reference_from_dict, to_dict
from .spans import aligned_entity_tags, aligned_spans

__all__ = ["Example"]


@absent("Example")
class Example:
    """A ``predicted`` document (``x``) and its ``reference`` (``y``), of the same text.

    Both may be tokenised differently; :attr:`alignment` says which tokens belong together.
    """

    __slots__ = ("_alignment", "_rows", "predicted", "reference")

    def __init__(self, predicted: Doc, reference: Doc) -> None:
        """Raises :class:`DataError` if one of them isn't a document."""
        for name, doc in (("predicted", predicted), ("reference", reference)):
            if not isinstance(doc, Doc):
                raise DataError(f"{name} must be a Doc, not {type(doc).__name__}")
        self.predicted = predicted
        self.reference = reference
        self._alignment: Alignment | None = None
        self._rows: tuple[Any, Any] = (None, None)

    @classmethod
    def from_dict(
        cls, predicted: Doc, example_dict: Mapping[str, Any], *, strict: bool = False
    ) -> Example:
        """An example whose reference is made of a dict of annotation.

        Keys: ``words``, ``spaces``, ``tags``, ``pos``, ``morphs``, ``lemmas``, ``heads``,
        ``deps``, ``sent_starts``, ``entities`` (one tag for each word, or character offsets
        ``(start, end, label)``), ``cats``, ``spans`` (name to a list of character offsets),
        ``links`` (character offsets of an entity to the chances of ids in a knowledge base), or
        what :meth:`to_dict` gives. Without ``words`` those of ``predicted`` are taken. No entities,
        ``[]``, says that there are none; without the key, or by tags "-", nothing is known. Raises
        :class:`DataError` for other keys and what doesn't fit together.

        Of a span that doesn't begin and end where tokens do, nothing is known: it's left out with a
        :class:`MisalignedWarning`, or with ``strict`` a :class:`DataError`.
        """
        try:
            return cls(predicted, reference_from_dict(predicted, example_dict, strict=strict))
        except (TypeError, AttributeError) as error:
            told = f"annotation of {predicted.text[:40]!r} that can't be used: {error}"
            raise DataError(told) from error

    def to_dict(self) -> dict[str, Any]:
        """The reference's annotation, in the form of spaCy's: a ``doc_annotation`` and a
        ``token_annotation``."""
        return to_dict(self.reference)

    x: Attribute[Doc] = alias("predicted", "The predicted document.")
    y: Attribute[Doc] = alias("reference", "The reference.")

    @property
    def text(self) -> str:
        """The text of the predicted document."""
        return self.predicted.text

    def __repr__(self) -> str:
        return f"Example({self.predicted.text[:40]!r}, {len(self.reference)} reference tokens)"

    def __len__(self) -> int:
        return len(self.predicted)

    def copy(self) -> Example:
        """An example of copies of both documents."""
        return Example(self.predicted.copy(), self.reference.copy())

    def with_predicted(self, predicted: Doc) -> Example:
        """An example of another predicted document and the same reference. What is known of the
        alignment stays, if the tokens are the same."""
        example = Example(predicted, self.reference)
        if predicted.rows is self.predicted.rows:
            example._alignment, example._rows = self._alignment, self._rows
        return example

    @property
    def alignment(self) -> Alignment:
        """Which tokens of both belong together. Computed once, until the tokens change.

        Raises :class:`DataError` if the texts have too little in common.
        """
        rows = (self.predicted.rows, self.reference.rows)
        if self._alignment is None or self._rows[0] is not rows[0] or self._rows[1] is not rows[1]:
            self._alignment = align_docs(self.predicted, self.reference)
            self._rows = rows
        return self._alignment

    def get_aligned_ids(self, column: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """A column of the reference, for the tokens of the predicted document.

        Returns the values and a mask, both of shape ``(len(predicted),)``. The mask is false, and
        the value 0, where nothing is known: no value in the reference, no token aligned, or
        several with different values. HEAD isn't a value of this kind: see
        :meth:`get_aligned_parse`. SENT_START is 1 for a token in which a sentence starts.
        """
        if column == "HEAD":
            raise DataError("heads are aligned by get_aligned_parse")
        values = self.reference.column(column)
        if column == "SENT_START":
            values = self.reference.sent_starts
        size = len(self.predicted)
        if values is None or not len(values):
            return np.zeros(size, dtype=COLUMNS[column]), np.zeros(size, dtype=np.bool_)
        if column == "SENT_START":
            values = self._starts_known(values)
        alignment = self.alignment
        if alignment.one2one:
            return values, values != 0
        if column == "SENT_START":
            return _aligned_starts(alignment, starts_on_words(self.reference, values))
        return _aligned_values(alignment, values)

    def _starts_known(self, values: NDArray[Any]) -> NDArray[Any]:
        """The first token starts a sentence if anything is known about sentences."""
        if values[0] == 0 and (values[1:] != 0).any():
            values = values.copy()
            values[0] = 1
        return values

    def get_aligned(self, field: str, as_string: bool = False) -> list[Any]:
        """An attribute of the reference for each token of the predicted document: the string id
        (``as_string``: the string), ``None`` where none or several different tokens are aligned.

        A value that is missing in the reference is 0 or ``""``.
        """
        name = field.upper()
        if name == "HEAD":
            raise DataError("heads are aligned by get_aligned_parse")
        values = self.reference.to_array(name)
        alignment = self.alignment
        if alignment.one2one:
            known = np.ones(len(values), dtype=np.bool_)
        else:
            # 0 is a value here: shifted, so that it isn't taken for a missing one.
            unique, shifted = np.unique(values, return_inverse=True)
            picked, known = _aligned_values(alignment, shifted + 1)
            values = np.append(unique, unique.dtype.type(0))[picked - 1] if len(unique) else picked
        items: list[Any] = values.tolist()
        if as_string and (name in STRING_COLUMNS or values.dtype == np.uint64):
            strings = self.reference.lexicon.strings
            items = [strings[item] for item in items]
            if name == "MORPH":
                items = ["" if item == "_" else item for item in items]
        return [item if ok else None for item, ok in zip(items, known.tolist(), strict=True)]

    def get_aligned_sent_starts(self) -> list[bool | None]:
        """Whether each token of the predicted document starts a sentence in the reference;
        ``None`` where that isn't known."""
        values, known = self.get_aligned_ids("SENT_START")
        pairs = zip(values.tolist(), known.tolist(), strict=True)
        return [value == 1 if ok else None for value, ok in pairs]

    def get_aligned_parse(self) -> tuple[list[int | None], list[str | None]]:
        """The head (absolute index) and its label for each token of the predicted document.

        ``None`` where the token isn't aligned with exactly one, and, for the head, where its head
        isn't either.
        """
        size = len(self.predicted)
        heads, deps = self.reference.column("HEAD"), self.reference.column("DEP")
        if heads is None or not size or not len(heads):
            return [None] * size, [None] * size
        x2y, y2x = self.alignment.x2y, self.alignment.y2x
        single = x2y.lengths == 1
        own = np.zeros(size, dtype=np.int64)
        own[single] = x2y.data[x2y.starts[single]]
        above = heads[own]
        labelled = single if deps is None else single & (deps[own] != 0)
        known = labelled & (y2x.lengths[above] == 1)
        target = np.zeros(size, dtype=np.int64)
        target[known] = y2x.data[y2x.starts[above[known]]]
        labels = [""] * size
        if deps is not None:
            labels = self.reference.lexicon.strings.strings(deps[own])
        pairs = zip(target.tolist(), known.tolist(), strict=True)
        return (
            [head if ok else None for head, ok in pairs],
            [label if ok else None for label, ok in zip(labels, labelled.tolist(), strict=True)],
        )

    def get_aligned_ner(self) -> list[str | None]:
        """The entities of the reference as BILUO tags of the predicted document's tokens.

        ``None`` where nothing is known, and where an entity's bounds are no bounds of tokens.
        """
        x, y = self.predicted, self.reference
        if not y.has_annotation("ENT_IOB"):
            return [None] * len(x)
        return aligned_entity_tags(x, y, self.alignment)

    def get_aligned_spans_y2x(
        self, y_spans: Iterable[Span], allow_overlap: bool = False
    ) -> list[Span]:
        """The spans of the predicted document that have the text of spans of the reference; see
        :func:`~spanloom.examples.spans.aligned_spans`."""
        y2x = self.alignment.y2x
        return aligned_spans(y_spans, self.predicted, y2x, allow_overlap=allow_overlap)

    def get_aligned_spans_x2y(
        self, x_spans: Iterable[Span], allow_overlap: bool = False
    ) -> list[Span]:
        """The same from the predicted document to the reference."""
        x2y = self.alignment.x2y
        return aligned_spans(x_spans, self.reference, x2y, allow_overlap=allow_overlap)

    def split_sents(self) -> list[Example]:
        """One example for each sentence of the reference; the example itself if it has none."""
        if not self.reference.has_annotation("SENT_START"):
            return [self]
        starts = np.array(self.get_aligned_sent_starts(), dtype=object) == np.True_
        bounds = np.flatnonzero(starts).tolist()
        sents = list(self.reference.sents)
        if len(bounds) != len(sents) or not bounds or bounds[0] != 0:
            # Sentences that begin within one predicted token can't be told apart.
            return [self]
        ends = [*bounds[1:], len(self.predicted)]
        return [
            Example(self.predicted[start:end].as_doc(), sent.as_doc())
            for start, end, sent in zip(bounds, ends, sents, strict=True)
        ]


def _aligned_values(
    alignment: Alignment, values: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The value that all tokens aligned with one agree on; 0 and false where there is none."""
    x2y = alignment.x2y
    some = x2y.lengths > 0
    out = np.zeros(len(x2y), dtype=values.dtype)
    if not some.any():
        return out, some
    aligned = values[x2y.data]
    starts = x2y.starts[some]
    first = aligned[starts]
    agree = (np.minimum.reduceat(aligned, starts) == first) & (
        np.maximum.reduceat(aligned, starts) == first
    )
    known = some.copy()
    known[some] = agree & (first != 0)
    out[some] = np.where(agree, first, 0)
    return out, known


def _aligned_starts(
    alignment: Alignment, values: NDArray[np.int8]
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Sentence starts: of all tokens aligned with the first of a sentence, the first is one.

    A token that isn't aligned, such as white space that the reference doesn't have, is none.
    """
    x2y, y2x = alignment.x2y, alignment.y2x
    out = np.full(len(x2y), -1 if (values != 0).any() else 0, dtype=values.dtype)
    some = x2y.lengths > 0
    aligned = values[x2y.data]
    if len(aligned):
        # Known if the reference says no of all of them; a yes is set below, for one token.
        unknown = np.minimum.reduceat(np.abs(aligned), x2y.starts[some]) == 0
        out[some] = np.where(unknown, 0, -1)
    begins = np.flatnonzero((values == 1) & (y2x.lengths > 0))
    out[y2x.data[y2x.starts[begins]]] = 1
    return out, out != 0
