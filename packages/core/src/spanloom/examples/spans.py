"""Spans of one document of an example in the tokens of the other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..tokens import Doc, Span
from ..vocab.columns import IOB_OUT
from .alignment import Alignment, AlignmentArray
from .from_dict import entity_tags

__all__ = ["aligned_entity_tags", "aligned_spans"]


def aligned_spans(
    spans: Iterable[Span], target: Doc, aligned: AlignmentArray, *, allow_overlap: bool = False
) -> list[Span]:
    """The spans of ``target`` with the same text as ``spans``, white space and case aside.

    ``aligned`` leads from the tokens of the spans to those of ``target``. A span whose bounds are
    no bounds of tokens there is left out, and so is, without ``allow_overlap``, one that shares a
    token with one before it.
    """
    found = []
    taken: set[int] = set()
    for span in spans:
        places = [int(i) for token in range(span.start, span.end) for i in aligned[token]]
        if not places:
            continue
        start, end = min(places), max(places) + 1
        if _bare(target[start:end]) != _bare(span):
            continue
        if not allow_overlap and not taken.isdisjoint(range(start, end)):
            continue
        taken.update(range(start, end))
        found.append(Span(target, start, end, span.label_, span.kb_id_, span.id_))
    return found


def _bare(span: Span) -> str:
    return "".join(span.text.lower().split())


def aligned_entity_tags(x: Doc, y: Doc, alignment: Alignment) -> list[str | None]:
    """See :meth:`Example.get_aligned_ner`: the tags of ``y`` on the tokens of ``x``."""
    iob = y.column("ENT_IOB")
    if iob is None:
        return [None] * len(x)
    y2x, x2y = alignment.y2x, alignment.x2y
    shadow = Doc.from_rows(x.vocab, x.text, x.rows, x.spaces, x.lexicon)
    shadow.set_ents(aligned_spans(y.ents, shadow, y2x))
    tags: list[str | None] = list(entity_tags(shadow))
    outside = np.append(iob == IOB_OUT, True)
    for i, tag in enumerate(tags):
        # A token of which the reference says something else than what became of it isn't known.
        if tag == "O" and not outside[x2y[i]].all():
            tags[i] = None
    return tags
