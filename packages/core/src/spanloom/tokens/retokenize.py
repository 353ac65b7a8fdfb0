"""Merging and splitting the tokens of a document. The text stays what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..vocab.attrs import attr_name
from ..vocab.columns import COLUMNS, IOB_BEGIN, IOB_IN, STRING_COLUMNS, check_strings
from ..vocab.lexicon import FLAGS
from . import entities
from .span import Span
from .span_group import SpanGroup
from .text_bound import retokenize_bound
from .token import Token

if TYPE_CHECKING:
    from .forward import Doc

__all__ = ["Retokenizer"]

_SETTABLE = (*COLUMNS, "NORM", *FLAGS, "_")

Head = Token | tuple[Token, int]


@dataclass(frozen=True)
class _Change:
    """Tokens ``start`` to ``end`` become the tokens ``orths``, with one dict of attributes each.
    ``heads`` are those of a split."""

    start: int
    end: int
    source: int
    orths: list[str]
    attrs: list[dict[str, Any]]
    heads: list[Head] | None = None

    @property
    def outward(self) -> int:
        """Which of the new tokens stands for the old one: the first whose head isn't among them,
        or that is its own."""
        for i, head in enumerate(self.heads or ()):
            token, k = head if isinstance(head, tuple) else (head, None)
            if token.i != self.start or k == i:
                return i
        return 0


class Retokenizer:
    """Collects merges and splits, and does them all when the ``with`` block ends without an error.

    Indices in the block are those of the document before. Tokens and spans that were taken from
    the document before have the old indices and mustn't be used after; ``doc.spans`` and
    ``doc.ents`` move along.
    """

    __slots__ = ("_changes", "_doc", "_taken")

    def __init__(self, doc: Doc) -> None:
        self._doc = doc
        self._changes: list[_Change] = []
        self._taken: set[int] = set()

    def merge(self, span: Span, attrs: Mapping[str | int, Any] | None = None) -> None:
        """Make one token of a span.

        It takes the annotation of the span's root and the joined lemmas; ``attrs`` overrides
        that, by attribute (``"LEMMA"``, ``"TAG"``, ..., and ``"_"`` for custom attributes). A flag
        (``"IS_STOP"``) is set for the word, wherever it stands. The same merge twice is one.
        Raises :class:`DataError` for a token that is merged or split already.
        """
        if span.doc is not self._doc:
            raise DataError(f"the span {span.text!r} is of another document")
        if not len(span):
            raise DataError(f"a span without tokens (at token {span.start}) can't be merged")
        if any((span.start, span.end) == (each.start, each.end) for each in self._changes):
            return  # the same merge once more
        self._take(span.start, span.end)
        given = self._attrs(attrs or {})
        if self._doc.column("LEMMA") is not None:
            given.setdefault("LEMMA", span.lemma_)
        root = span.root.i
        self._changes.append(_Change(span.start, span.end, root, [span.text], [given]))

    def split(
        self,
        token: Token,
        orths: Sequence[str],
        heads: Sequence[Head],
        attrs: Mapping[str | int, Any] | None = None,
    ) -> None:
        """Make several tokens of one.

        ``orths`` are their texts, which together must give the token's. ``heads`` has the head of
        each: a token, or a tuple ``(token, k)`` for the k-th new token of one that is split.
        ``attrs`` has a list with one value for each of them, by attribute. Raises
        :class:`DataError` if these don't fit together.
        """
        if token.doc is not self._doc:
            raise DataError(f"the token {token.text!r} is of another document")
        if "".join(orths) != token.text or not all(orths):
            raise DataError(
                f"token {token.i} ({token.text!r}) can't be split into {list(orths)}: joined, they "
                f"must give its text, and none can be empty"
            )
        if len(heads) != len(orths):
            raise DataError(f"{len(heads)} heads for {len(orths)} new tokens {list(orths)}")
        values: list[dict[str, Any]] = [{} for _ in orths]
        for key, items in self._attrs(attrs or {}).items():
            if isinstance(items, str) or len(items) != len(orths):
                raise DataError(
                    f"attrs: {key} needs one value for each of the {len(orths)} new tokens"
                )
            for new, item in zip(values, items, strict=True):
                new[key] = item
        if self._doc.column("LEMMA") is not None:
            for new, orth in zip(values, orths, strict=True):
                new.setdefault("LEMMA", orth)
        self._take(token.i, token.i + 1)
        change = _Change(token.i, token.i + 1, token.i, list(orths), values, list(heads))
        self._changes.append(change)

    def _take(self, start: int, end: int) -> None:
        for i in range(start, end):
            if i in self._taken:
                raise DataError(
                    f"token {i} ({self._doc.words[i]!r}) is to be merged or split twice: "
                    f"changes in one block can't overlap"
                )
        self._taken.update(range(start, end))

    def _attrs(self, attrs: Mapping[str | int, Any]) -> dict[str, Any]:
        given = {key if key == "_" else attr_name(key): value for key, value in attrs.items()}
        for name in given:
            if name not in _SETTABLE or name == "HEAD":
                raise DataError(
                    f"attrs: {name} of a new token can't be set, but {', '.join(_SETTABLE)} can"
                )
        pos = given.get("POS")
        pos = [pos] if isinstance(pos, str) else pos if isinstance(pos, list) else []
        check_strings("POS", (value for value in pos if isinstance(value, str)), "attrs")
        custom = given.get("_", {})
        for values in custom if isinstance(custom, list) else [custom]:
            for name in values if isinstance(values, Mapping) else [values]:
                found = self._doc.vocab.extensions.find("token", name)
                if not found or found.method or (found.getter and not found.setter):
                    raise DataError(
                        f"attrs: token._.{name} can't be set: it is a method, has a getter without "
                        f"a setter, or wasn't declared"
                    )
        return given

    def __enter__(self) -> Retokenizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._changes:
            _apply(self._doc, sorted(self._changes, key=lambda change: change.start))
        self._changes = []
        self._taken = set()


class _Map:
    """Where tokens went. ``first`` and ``last`` are each old token's first and last new one,
    ``stands`` the new one that heads refer to; ``source`` is each new token's old one."""

    def __init__(self, size: int, changes: Sequence[_Change]) -> None:
        # How many new tokens each old one makes.
        made = np.ones(size, dtype=np.int64)
        for change in changes:
            made[change.start : change.end] = 0
            made[change.start] = len(change.orths)
        ends = np.cumsum(made)
        self.first = ends - made
        self.last = ends - 1
        self.stands = self.first.copy()
        self.source = np.repeat(np.arange(size), made)
        for change in changes:
            new = self.first[change.start]
            self.first[change.start : change.end] = new
            self.stands[change.start : change.end] = new + change.outward
            self.source[new : new + len(change.orths)] = change.source


def _apply(doc: Doc, changes: Sequence[_Change]) -> None:
    places = _Map(len(doc), changes)
    heads = _new_heads(doc, changes, places)
    columns = {name: doc.column(name) for name in COLUMNS if name != "HEAD"}
    groups = [_moved_group(group, places) for group in (doc._spans or {}).values()]
    old_spaces = doc.spaces
    doc.rows = doc.rows[places.source]
    doc.spaces = old_spaces[places.source]
    doc._starts = doc._columns = None
    for name, column in columns.items():
        if column is not None:
            doc.set_column(name, column[places.source])
    if heads is not None:
        doc.set_column("HEAD", heads)
    for change in changes:
        new = int(places.first[change.start])
        doc.spaces[new : new + len(change.orths)] = False
        doc.spaces[new + len(change.orths) - 1] = old_spaces[change.end - 1]
        _set_bounds(doc, change, new, columns)
        for i, (orth, attrs) in enumerate(zip(change.orths, change.attrs, strict=True)):
            norm = attrs.pop("NORM", None)
            doc.rows[new + i] = doc.lexicon.row(orth, norm)
    for change in changes:
        for i, attrs in enumerate(change.attrs):
            _set_attrs(doc, int(places.first[change.start]) + i, attrs)
    entities.mend(doc)
    if doc.tensor.size:
        doc.tensor = doc.tensor[places.source]
    for name, attrs, spans in groups:
        doc.spans[name] = SpanGroup(
            doc, name=name, attrs=attrs, spans=[Span(doc, *span) for span in spans]
        )
    retokenize_bound(doc, places.source)


def _new_heads(doc: Doc, changes: Sequence[_Change], places: _Map) -> NDArray[np.int64] | None:
    heads = doc.column("HEAD")
    if heads is None:
        if not any(change.heads for change in changes):
            return None
        heads = np.arange(len(doc))
    new = places.stands[heads[places.source]]
    for change in changes:
        for i, head in enumerate(change.heads or ()):
            token, k = head if isinstance(head, tuple) else (head, None)
            target = places.stands[token.i] if k is None else places.first[token.i] + k
            if not 0 <= target <= places.last[-1]:
                raise DataError(f"the head {head!r} of {change.orths[i]!r} is no token")
            new[places.first[change.start] + i] = target
    return np.asarray(new)


def _moved_group(group: SpanGroup, places: _Map) -> tuple[str, dict[str, Any], list[Any]]:
    spans = []
    for span in group:
        start = int(places.first[span.start]) if span.start < len(places.first) else 0
        end = max(start, int(places.last[span.end - 1]) + 1) if len(span) else start
        spans.append((start, end, span.label_, span.kb_id_, span.id_))
    return group.name, group.attrs, spans


def _set_bounds(
    doc: Doc, change: _Change, new: int, columns: Mapping[str, NDArray[Any] | None]
) -> None:
    """Sentence starts and entity codes at a change, where the source's value may be wrong."""
    starts, iob = columns["SENT_START"], columns["ENT_IOB"]
    size = len(change.orths)
    if starts is not None:
        known = starts[change.start]
        doc.writable("SENT_START")[new] = known
        doc.writable("SENT_START")[new + 1 : new + size] = -1 if known else 0
    if iob is not None:
        code = iob[change.source]
        if code == IOB_IN and (iob[change.start : change.source] == IOB_BEGIN).any():
            code = IOB_BEGIN
        doc.writable("ENT_IOB")[new] = code
        doc.writable("ENT_IOB")[new + 1 : new + size] = IOB_IN if code == IOB_BEGIN else code


def _set_attrs(doc: Doc, i: int, attrs: Mapping[str, Any]) -> None:
    for name, value in attrs.items():
        if name == "_":
            for key, item in value.items():
                doc[i]._.set(key, item)
        elif name == "MORPH" and not isinstance(value, int):
            doc[i].set_morph(value)
        elif name in STRING_COLUMNS:
            number = doc.strings_of(name).add(value) if isinstance(value, str) else int(value)
            doc.writable(name)[i] = number
            if name == "ENT_TYPE" and number and doc[i].ent_iob not in (IOB_BEGIN, IOB_IN):
                doc.writable("ENT_IOB")[i] = IOB_BEGIN
        elif name in FLAGS:
            setattr(doc[i].lex, name.lower(), value)
        else:
            doc.writable(name)[i] = value
