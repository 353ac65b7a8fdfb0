"""Entities, between spans and the columns ENT_IOB, ENT_TYPE, ENT_KB_ID and ENT_ID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..vocab.columns import IOB_BEGIN, IOB_IN, IOB_MISSING, IOB_OUT

if TYPE_CHECKING:
    from .forward import Doc, Span

__all__ = ["assign", "bounds", "fields", "within"]


def fields(
    doc: Doc, first: int = 0, last: int | None = None
) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    """Start, end, label id, id in a knowledge base and own id of each entity, a list of each.

    Only tokens from ``first`` to ``last`` are looked at: entities that reach beyond are cut there.
    """
    iob, labels = doc.column("ENT_IOB"), doc.column("ENT_TYPE")
    if iob is None or labels is None:
        return [], [], [], [], []
    iob, labels = iob[first:last], labels[first:last]
    inside = ((iob == IOB_BEGIN) | (iob == IOB_IN)) & (labels != 0)
    begins = inside.copy()
    # "I" goes on with the entity before it if there is one, of the same label.
    begins[1:] &= (iob[1:] == IOB_BEGIN) | ~inside[:-1] | (labels[1:] != labels[:-1])
    stops = inside.copy()
    stops[:-1] &= begins[1:] | ~inside[1:]
    starts = np.flatnonzero(begins)
    ends = np.flatnonzero(stops) + 1
    kb_ids, ids = doc.column("ENT_KB_ID"), doc.column("ENT_ID")
    none = [0] * len(starts)
    return (
        (starts + first).tolist(),
        (ends + first).tolist(),
        labels[starts].tolist(),
        none if kb_ids is None else kb_ids[starts + first].tolist(),
        none if ids is None else ids[starts + first].tolist(),
    )


def bounds(doc: Doc) -> list[tuple[int, int, int]]:
    """Start, end and label id of each entity, in order."""
    return list(zip(*fields(doc)[:3], strict=True))


def within(doc: Doc, start: int, end: int) -> list[tuple[int, int, int, int, int]]:
    """The fields of the entities that have a token from ``start`` to ``end``. Of one that reaches
    beyond, one more token is told, on that side: enough to see that it does."""
    found = zip(*fields(doc, max(0, start - 1), end + 1), strict=True)
    return [each for each in found if each[0] < end and start < each[1]]


def assign(
    doc: Doc, ents: Sequence[Span], groups: Mapping[str, Sequence[Span]], default: str
) -> None:
    """Set the entity columns, see :meth:`Doc.set_ents`."""
    codes = {"blocked": IOB_BEGIN, "missing": IOB_MISSING, "outside": IOB_OUT}
    if default not in (*codes, "unmodified"):
        raise DataError(
            f"default must be {', '.join(map(repr, [*codes, 'unmodified']))}, not '{default}'"
        )
    _check(doc, ents, groups)
    names = ["ENT_IOB", "ENT_TYPE"]
    for name, values in (("ENT_KB_ID", [s.kb_id for s in ents]), ("ENT_ID", [s.id for s in ents])):
        if any(values) or doc.column(name) is not None:
            names.append(name)
    columns = {name: doc.writable(name) for name in names}
    if default != "unmodified":
        for name, column in columns.items():
            column[:] = codes[default] if name == "ENT_IOB" else 0
    for group, members in groups.items():
        for span in members:
            for name, column in columns.items():
                column[span.start : span.end] = codes[group] if name == "ENT_IOB" else 0
    for span in ents:
        value = {"ENT_TYPE": span.label, "ENT_KB_ID": span.kb_id, "ENT_ID": span.id}
        for name, column in columns.items():
            column[span.start : span.end] = IOB_IN if name == "ENT_IOB" else value[name]
        columns["ENT_IOB"][span.start] = IOB_BEGIN
    mend(doc)


def mend(doc: Doc) -> None:
    """An "I" that has lost the entity before it becomes a "B"."""
    iob, labels = doc.column("ENT_IOB"), doc.column("ENT_TYPE")
    if iob is None or labels is None or not len(iob):
        return
    lost = (iob == IOB_IN) & (labels != 0)
    inside = ((iob[:-1] == IOB_IN) | (iob[:-1] == IOB_BEGIN)) & (labels[1:] == labels[:-1])
    lost[1:] &= ~inside
    doc.writable("ENT_IOB")[lost] = IOB_BEGIN


def _check(doc: Doc, ents: Sequence[Span], groups: Mapping[str, Sequence[Span]]) -> None:
    taken: dict[int, str] = {}
    for kind, members in {"entities": ents, **groups}.items():
        for span in members:
            if not hasattr(span, "start"):
                raise DataError(f"{kind}: give a list of spans, not of {type(span).__name__}s")
            if span.doc is not doc:
                raise DataError(f"the span {span.text!r} is of another document")
            if kind == "entities" and span.start == span.end:
                raise DataError(f"an entity at token {span.start} is empty")
            for i in range(span.start, span.end):
                if i in taken:
                    raise DataError(
                        f"token {i} ({doc.words[i]!r}) is in two spans, {taken[i]} and {kind} "
                        f"{span.text!r}: entities can't overlap (doc.spans can hold spans that do)"
                    )
                taken[i] = f"{kind} {span.text!r}"
