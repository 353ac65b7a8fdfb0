"""What a transformer gives: for a batch (:class:`FullTransformerBatch`) and for each document
(:class:`TransformerData`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly
from numpy.typing import NDArray

from wordloom.errors import SerializationError

from .align import Alignment, align

if TYPE_CHECKING:
    from wordloom.tokens import Doc, Span

__all__ = ["FullTransformerBatch", "Pieces", "TransformerData", "Truncation"]

Ints = NDArray[np.int64]

#: Version of the layout of TransformerData as bytes.
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Truncation:
    """What was cut off a span with ``overflow = "truncate"``.

    ``start`` and ``end`` are character offsets in the document's text, ``pieces`` and ``tokens``
    count what the model didn't see.
    """

    start: int
    end: int
    pieces: int
    tokens: int


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


@dataclass(slots=True)
class TransformerData:
    """What the transformer gave for one document: ``doc._.trf_data``.

    ``tensors`` are arrays on the CPU, without padding. With ``keep = "last"`` it's one, the last
    layer, shape ``(rows, width)``, one row for each word piece of each span, in order; with
    ``"all"`` one for each layer; with ``"pooled"`` one row for each token, and no pieces. ``align``
    says which rows belong to which token. ``truncated`` holds what the model didn't see.

    ``extra`` is what else was asked for and kept (``"all"``): with ``output_attentions``,
    ``extra["attentions"]`` is a list of arrays, one for each window that the model saw, shape
    ``(layers, heads, pieces, pieces)``.
    """

    tensors: tuple[Any, ...]
    pieces: Pieces
    align: Alignment
    truncated: tuple[Truncation, ...] = ()
    pooled: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Self:
        """The data of a document without tokens."""
        none = np.zeros(0, dtype=np.int64)
        return cls((), Pieces(none, none, none, none), Alignment(none, none))

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

    def aligned_to(self, doc: Doc) -> Alignment:
        """The alignment with the present tokens of ``doc``, which may have been merged or split
        since the transformer ran, as long as the text is the same."""
        if self.pooled or len(doc) == len(self.align):
            return self.align
        rows = np.zeros(len(self.pieces), dtype=np.int64)
        return align([doc], rows, self.pieces.starts, self.pieces.ends)

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
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """What :meth:`to_dict` gave. Raises :class:`SerializationError` for anything else."""
        version = data.get("format")
        if version != _FORMAT:
            raise SerializationError(
                f"transformer data of format {version!r} can't be read: this version of "
                f"wordloom-transformers reads {_FORMAT}"
            )
        ids, starts, ends, lengths = data["pieces"]
        return cls(
            tuple(data["tensors"]),
            Pieces(ids, starts, ends, lengths, None, list(data["strings"])),
            Alignment(*data["align"]),
            tuple(Truncation(*each) for each in data["truncated"]),
            bool(data["pooled"]),
            dict(data.get("extra", {})),
        )

    def to_bytes(self) -> bytes:
        """:meth:`to_dict` as msgpack."""
        return bytes(srsly.msgpack_dumps(self.to_dict()))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Take what :meth:`to_bytes` gave."""
        return cls.from_dict(srsly.msgpack_loads(data))


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
    align: Alignment
    token_lengths: Ints
    row_lengths: Ints
    pieces: Pieces | None = None
    truncated: dict[int, list[Truncation]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    pooled: dict[Any, Any] = field(default_factory=dict, repr=False)

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
            alignment = Alignment(self.align.rows[pair : pair + pairs] - row, lengths)
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
