"""What a transformer gives: for a batch (:class:`FullTransformerBatch`) and for each document
(:class:`TransformerData`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly
from numpy.typing import NDArray

from spanloom.errors import SerializationError
from spanloom.tokens.text_bound import TextBound

from .align import PieceAlignment, align

if TYPE_CHECKING:
    from spanloom.tokens import Doc, Span

__all__ = ["FullTransformerBatch", "Pieces", "TransformerData", "Truncation"]

Ints = NDArray[np.int64]

#: Version of the layout of TransformerData as bytes.
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Truncation:
    """What was cut off a span with ``overflow = "truncate"``.

    ``start`` and ``end`` are character offsets in the document's text, ``pieces`` and ``tokens``
    count what the model didn't see. Of a document that was cut out of a longer one, ``pieces`` is
    that of the whole stretch.
    """

    start: int
    end: int
    pieces: int
    tokens: int

    def part(self, span: Span) -> Truncation | None:
        """What was cut off of a span's text, with offsets in it; ``None`` for nothing."""
        doc = span.doc
        first, last = doc.starts[span.start : span.end], doc.ends[span.start : span.end]
        tokens = int(((last > self.start) & (first < self.end)).sum())
        if not tokens:
            return None
        start, end = max(self.start, span.start_char), min(self.end, span.end_char)
        return Truncation(start - span.start_char, end - span.start_char, self.pieces, tokens)


@dataclass(slots=True)
class Pieces:
    """Word pieces, flat, special ones included, with the span that each belongs to.

    ``ids``, and ``starts`` and ``ends`` (character offsets in the document's text, equal for
    special pieces) have shape ``(rows,)``; ``lengths`` has the number of pieces of each span.
    ``strings`` are the pieces as the tokenizer writes them.
    """

    ids: Ints
    starts: Ints
    ends: Ints
    lengths: Ints
    vocabulary: Any = None
    _strings: list[str] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def strings(self) -> list[str]:
        """The pieces as the tokenizer writes them, made when first asked for."""
        if self._strings is None:
            self._strings = self.vocabulary.strings(self.ids) if self.vocabulary else []
        return self._strings

    def part(self, rows: slice, spans: slice) -> Pieces:
        """The pieces of some of the spans."""
        return Pieces(
            self.ids[rows],
            self.starts[rows],
            self.ends[rows],
            self.lengths[spans],
            self.vocabulary,
            self._strings[rows] if self._strings is not None else None,
        )

    def around(self, rows: Ints, start: int, end: int) -> tuple[Ints, Pieces]:
        """``rows`` and the special pieces of their spans, ascending, and these pieces, with offsets
        in the text from ``start`` to ``end``."""
        spans = np.repeat(np.arange(len(self.lengths)), self.lengths)
        kept = np.zeros(len(self), dtype=np.bool_)
        kept[rows] = True
        used = np.bincount(spans[kept], minlength=len(self.lengths)) > 0
        kept |= used[spans] & (self.starts == self.ends)
        found = np.flatnonzero(kept)
        lengths = np.bincount(spans[found], minlength=len(self.lengths))[used]
        part = Pieces(
            self.ids[found],
            self._within(self.starts[found], start, end),
            self._within(self.ends[found], start, end),
            lengths,
            self.vocabulary,
            [self._strings[row] for row in found.tolist()] if self._strings is not None else None,
        )
        return found, part

    @staticmethod
    def _within(offsets: Ints, start: int, end: int) -> Ints:
        return np.clip(offsets, start, end) - start

    @classmethod
    def joined(cls, parts: Sequence[Pieces], starts: Sequence[int]) -> Pieces:
        """The pieces of several texts, which start at ``starts`` of the joined text."""
        one = all(each.vocabulary is parts[0].vocabulary for each in parts)
        strings = [string for each in parts for string in each.strings]
        return cls(
            np.concatenate([each.ids for each in parts]),
            np.concatenate([each.starts + start for each, start in zip(parts, starts)]),
            np.concatenate([each.ends + start for each, start in zip(parts, starts)]),
            np.concatenate([each.lengths for each in parts]),
            parts[0].vocabulary if one else None,
            strings,
        )


@dataclass(slots=True)
class TransformerData(TextBound):
    """What the transformer gave for one document: ``doc._.trf_data``.

    ``tensors`` are arrays on the CPU, without padding. With ``keep = "last"`` it's one, the last
    layer, shape ``(rows, width)``, one row for each word piece of each span, in order; with
    ``"all"`` one for each layer; with ``"pooled"`` one row for each token, and no pieces. ``align``
    says which rows belong to which token. ``truncated`` holds what the model didn't see.

    ``extra`` is what else was asked for and kept (``"all"``): with ``output_attentions``,
    ``extra["attentions"]`` is a list of arrays, one for each window that the model saw, shape
    ``(layers, heads, pieces, pieces)``.

    ``text_length`` is the number of characters of the document's text, ``None`` where nobody noted
    it. The data follows its document when that is cut out, joined with others or retokenized;
    ``extra`` doesn't follow into a part.
    """

    tensors: tuple[Any, ...]
    pieces: Pieces
    align: PieceAlignment
    truncated: tuple[Truncation, ...] = ()
    pooled: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    text_length: int | None = None

    @classmethod
    def empty(cls) -> Self:
        """The data of a document without tokens."""
        none = np.zeros(0, dtype=np.int64)
        return cls((), Pieces(none, none, none, none), PieceAlignment(none, none))

    @property
    def wordpieces(self) -> Pieces:
        """The pieces."""
        return self.pieces

    @property
    def width(self) -> int:
        """The width of the vectors; 0 where nothing was kept."""
        return int(self.tensors[-1].shape[-1]) if self.tensors else 0

    @property
    def last_hidden_state(self) -> Any:
        """The last layer, shape ``(rows, width)``."""
        return self.tensors[-1]

    def fits(self, doc: Doc) -> bool:
        """Whether the data can be that of ``doc``: its text is as long, and has as many tokens."""
        tokens = len(self.tensors[-1]) if self.pooled else len(self.align)
        return tokens == len(doc) and self.text_length in (None, len(doc.text))

    def for_part(self, span: Span) -> Self | None:
        """The data of the tokens of a span, for a document of their own: the rows of their pieces,
        and the special pieces around them."""
        if not self.fits(span.doc):
            return None
        start, size = span.start_char, len(span.text_with_ws)
        cuts = [cut.part(span) for cut in self.truncated]
        common: dict[str, Any] = {
            "truncated": tuple(cut for cut in cuts if cut is not None),
            "extra": {},
            "text_length": size,
        }
        if self.pooled:
            tensors = tuple(tensor[span.start : span.end].copy() for tensor in self.tensors)
            return replace(self, tensors=tensors, **common)
        alignment = self.align.part(span.start, span.end, 0)
        rows, pieces = self.pieces.around(alignment.rows, start, start + size)
        return replace(
            self,
            tensors=tuple(tensor[rows] for tensor in self.tensors),
            pieces=pieces,
            align=PieceAlignment(np.searchsorted(rows, alignment.rows), alignment.lengths.copy()),
            **common,
        )

    @classmethod
    def for_joined(
        cls, docs: Sequence[Doc], values: Sequence[Self], starts: Sequence[int]
    ) -> Self | None:
        """The data of all ``docs`` as that of one; ``None`` if it isn't of one kind and width."""
        kinds = {(data.pooled, tuple(t.shape[1:] for t in data.tensors)) for data in values}
        if len(kinds) > 1 or not all(map(cls.fits, values, docs)):
            return None
        counts = [len(data.pieces) for data in values]
        firsts = np.cumsum([0, *counts[:-1]]).tolist()
        return replace(
            values[0],
            tensors=tuple(map(np.concatenate, zip(*(data.tensors for data in values)))),
            pieces=Pieces.joined([data.pieces for data in values], starts),
            align=PieceAlignment.joined([data.align for data in values], firsts),
            truncated=tuple(
                replace(cut, start=cut.start + start, end=cut.end + start)
                for data, start in zip(values, starts)
                for cut in data.truncated
            ),
            extra=_joined_lists([data.extra for data in values]),
            text_length=starts[-1] + len(docs[-1].text),
        )

    def for_retokenized(self, doc: Doc, source: Ints) -> Self | None:
        """The data aligned with new tokens of the same text; ``None`` with ``keep = "pooled"``,
        since one vector for each token is no vector of their parts, nor of several."""
        if self.pooled or self.text_length not in (None, len(doc.text)):
            return None
        rows = np.zeros(len(self.pieces), dtype=np.int64)
        return replace(self, align=align([doc], rows, self.pieces.starts, self.pieces.ends))

    def to_dict(self) -> dict[str, Any]:
        """Everything but the tokenizer, as msgpack can hold it."""
        pieces = self.pieces
        return {
            "format": _FORMAT,
            "tensors": [np.ascontiguousarray(tensor) for tensor in self.tensors],
            "pieces": [pieces.ids, pieces.starts, pieces.ends, pieces.lengths],
            "strings": pieces.strings,
            "align": [self.align.rows, self.align.lengths],
            "truncated": [[t.start, t.end, t.pieces, t.tokens] for t in self.truncated],
            "pooled": self.pooled,
            "extra": self.extra,
            "text_length": self.text_length,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """What :meth:`to_dict` gave. Raises :class:`SerializationError` for anything else."""
        version = data.get("format")
        if version != _FORMAT:
            raise SerializationError(
                f"transformer data of format {version!r} can't be read: this version of "
                f"spanloom-transformers reads {_FORMAT}"
            )
        ids, starts, ends, lengths = data["pieces"]
        return cls(
            tuple(data["tensors"]),
            Pieces(ids, starts, ends, lengths, None, list(data["strings"])),
            PieceAlignment(*data["align"]),
            tuple(Truncation(*each) for each in data["truncated"]),
            bool(data["pooled"]),
            dict(data.get("extra", {})),
            data.get("text_length"),
        )

    def to_bytes(self) -> bytes:
        """:meth:`to_dict` as msgpack."""
        return bytes(srsly.msgpack_dumps(self.to_dict()))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Take what :meth:`to_bytes` gave."""
        return cls.from_dict(srsly.msgpack_loads(data))


def _joined_lists(extras: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The lists that all have, one after the other."""
    names = [name for name in extras[0] if all(isinstance(e.get(name), list) for e in extras)]
    return {name: [item for extra in extras for item in extra[name]] for name in names}


@dataclass(slots=True)
class FullTransformerBatch:
    """What a transformer gives for a batch of documents.

    ``tensors[-1]`` is the last layer, shape ``(rows, width)`` on the device of the model: a row for
    each piece of each span of each document, in order, without padding. ``align`` has the rows of
    each token of the batch, ``token_lengths`` and ``row_lengths`` the numbers of tokens and rows of
    each document. ``extra`` holds, by name, a list of what there is for each document. A model of
    one's own gives such an object; all else has a default.
    """

    spans: list[list[Span]]
    tensors: tuple[Any, ...]
    align: PieceAlignment
    token_lengths: Ints
    row_lengths: Ints
    pieces: Pieces | None = None
    truncated: dict[int, list[Truncation]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    pooled: dict[Any, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, values: Sequence[TransformerData], asarray: Callable[[Any], Any]) -> Self:
        """The last layers of documents, at least one, as a batch."""
        counts = np.array([len(data.last_hidden_state) for data in values])
        return cls(
            [[] for _ in values],
            (asarray(np.concatenate([data.last_hidden_state for data in values])),),
            PieceAlignment.joined([data.align for data in values], np.cumsum(counts) - counts),
            np.array([len(data.align) for data in values]),
            counts,
        )

    @property
    def wordpieces(self) -> Pieces | None:
        """The pieces."""
        return self.pieces

    @property
    def rows(self) -> Any:
        """The last layer, shape ``(rows, width)``."""
        return self.tensors[-1]

    def like(self, gradient: Any) -> FullTransformerBatch:
        """The gradient of :attr:`rows` in the shape that a model's backward takes."""
        return replace(self, tensors=(gradient,), pooled={})

    @property
    def doc_data(self) -> list[TransformerData]:
        """What there is for each document, tensors as views on those of the batch."""
        return self.parts(self.tensors)

    def parts(self, tensors: Sequence[Any]) -> list[TransformerData]:
        """One :class:`TransformerData` for each document, with its part of ``tensors``."""
        found = []
        row = token = span = pair = 0
        sizes = self.align.lengths
        documents = zip(self.row_lengths.tolist(), self.token_lengths.tolist(), self.spans)
        for number, (rows, tokens, spans) in enumerate(documents):
            mine = slice(row, row + rows)
            lengths = sizes[token : token + tokens]
            pairs = int(lengths.sum())
            alignment = PieceAlignment(self.align.rows[pair : pair + pairs] - row, lengths)
            pieces = TransformerData.empty().pieces
            if self.pieces is not None:
                pieces = self.pieces.part(mine, slice(span, span + len(spans)))
            found.append(
                TransformerData(
                    tuple(tensor[mine] for tensor in tensors),
                    pieces,
                    alignment,
                    tuple(self.truncated.get(number, ())),
                    extra={key: values[number] for key, values in self.extra.items()},
                )
            )
            row += rows
            token += tokens
            span += len(spans)
            pair += pairs
        return found
