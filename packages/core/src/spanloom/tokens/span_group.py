"""Named groups of spans, which may overlap: ``doc.spans["name"]``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, overload

from ..errors import DataError
from ..vocab.absent import absent
from .span import Span

if TYPE_CHECKING:
    from .forward import Doc

__all__ = ["SpanGroup", "SpanGroups"]


@absent("SpanGroup")
class SpanGroup:
    """A list of spans of one document, with a name and attributes of its own."""

    __slots__ = ("_spans", "attrs", "doc", "name")

    def __init__(
        self,
        doc: Doc,
        *,
        name: str = "",
        attrs: dict[str, Any] | None = None,
        spans: Iterable[Span] = (),
    ) -> None:
        self.doc = doc
        self.name = name
        self.attrs = dict(attrs or {})
        self._spans: list[Span] = []
        self.extend(spans)

    def _checked(self, span: Span) -> Span:
        if span.doc is not self.doc:
            raise DataError(
                f"the span {span.text!r} is of another document than the group '{self.name}'"
            )
        return span

    def append(self, span: Span) -> None:
        """Add a span. Raises :class:`DataError` if it's of another document."""
        self._spans.append(self._checked(span))

    def extend(self, spans: Iterable[Span]) -> None:
        """Add spans. Raises :class:`DataError` if one is of another document."""
        self._spans.extend([self._checked(span) for span in spans])

    @property
    def has_overlap(self) -> bool:
        """Whether two of the spans share a token."""
        spans = sorted(self._spans, key=lambda span: (span.start, span.end))
        return any(one.end > two.start for one, two in zip(spans, spans[1:], strict=False))

    def copy(self, doc: Doc | None = None) -> SpanGroup:
        """The same spans, of another document with the same tokens if one is given."""
        doc = doc or self.doc
        spans = [Span(doc, s.start, s.end, s.label_, s.kb_id_, s.id_) for s in self._spans]
        return SpanGroup(doc, name=self.name, attrs=self.attrs, spans=spans)

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self._spans)

    @overload
    def __getitem__(self, key: int) -> Span: ...
    @overload
    def __getitem__(self, key: slice) -> list[Span]: ...
    def __getitem__(self, key: int | slice) -> Span | list[Span]:
        return self._spans[key]

    def __setitem__(self, key: int, span: Span) -> None:
        self._spans[key] = self._checked(span)

    def __delitem__(self, key: int) -> None:
        del self._spans[key]

    def __add__(self, other: Iterable[Span]) -> SpanGroup:
        group = self.copy()
        group.extend(other)
        return group

    def __iadd__(self, other: Iterable[Span]) -> SpanGroup:
        self.extend(other)
        return self

    def __eq__(self, other: object) -> bool:  # a group can change: it has no hash
        return (
            isinstance(other, SpanGroup)
            and self.doc is other.doc
            and (self.name, self.attrs, self._spans) == (other.name, other.attrs, other._spans)
        )

    def __repr__(self) -> str:
        return f"SpanGroup({self.name!r}, {self._spans!r})"


def filter_spans(*spans: Iterable[Span]) -> list[Span]:
    """Of spans that overlap the longest, of equally long ones the first; in order of the text."""
    taken: set[int] = set()
    kept = []
    for span in sorted(chain(*spans), key=lambda span: (span.start - span.end, span.start)):
        if taken.isdisjoint(range(span.start, span.end)):
            taken.update(range(span.start, span.end))
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


class SpanGroups(dict[str, SpanGroup]):
    """The groups of a document by name. A list of spans that is put in becomes a group."""

    __slots__ = ("doc",)

    def __init__(self, doc: Doc, groups: Iterable[SpanGroup] = ()) -> None:
        super().__init__()
        self.doc = doc
        for group in groups:
            self[group.name] = group

    def __setitem__(self, name: str, value: SpanGroup | Iterable[Span]) -> None:
        if not isinstance(value, SpanGroup):
            value = SpanGroup(self.doc, name=name, spans=value)
        elif value.doc is not self.doc:
            raise DataError(f"the group '{value.name}' is of another document")
        elif value.name != name:
            value = SpanGroup(self.doc, name=name, attrs=value.attrs, spans=value)
        super().__setitem__(name, value)

    def setdefault(self, name: str, default: Iterable[Span] = ()) -> SpanGroup:
        """The group of this name, made of the spans ``default`` if there is none."""
        if name not in self:
            self[name] = default
        return self[name]

    def update(self, *groups: Mapping[str, Iterable[Span]], **more: Iterable[Span]) -> None:  # type: ignore[override]
        """Set several groups, as for a dict."""
        for name, value in dict(*groups, **more).items():
            self[name] = value

    def copy(self, doc: Doc | None = None) -> SpanGroups:
        """The same groups, of another document with the same tokens if one is given."""
        doc = doc or self.doc
        return SpanGroups(doc, [group.copy(doc) for group in self.values()])

    def __reduce__(self) -> Any:
        raise TypeError("groups of spans are saved with their document")
