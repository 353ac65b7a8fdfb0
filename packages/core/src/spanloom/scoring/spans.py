"""Scores of sentences and of spans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .counts import Counts, solid_bounds

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..tokens import Doc

__all__ = ["Spans", "add_spans", "named_scores", "score_sentences", "score_spans"]


def score_sentences(examples: Iterable[Example]) -> dict[str, Any]:
    """``sents_p``, ``sents_r`` and ``sents_f``: sentences with the same first and last character,
    the measure of the CoNLL 2018 shared task (Zeman et al. 2018).

    References without sentence boundaries don't count. A predicted document without boundaries has
    no sentences.
    """
    counts = Counts()
    for example in examples:
        gold = _sentences(example.reference)
        if gold is not None:
            counts.add_sets(_sentences(example.predicted) or set(), gold)
    return counts.named("sents")


def _sentences(doc: Doc) -> set[tuple[int, int]] | None:
    """Each sentence as the offsets of its first character and past its last, whitespace left out;
    ``None`` without annotation."""
    starts = doc.column("SENT_START")
    if starts is None or not starts.any():
        if doc.column("HEAD") is None:
            return None
        firsts = np.asarray([sentence.start for sentence in doc.sents], dtype=np.int64)
    else:
        firsts = np.flatnonzero(starts == 1)
    bounds = solid_bounds(doc)
    edges = np.unique(np.concatenate([[0], bounds[firsts], bounds[-1:]]))
    return set(zip(edges[:-1].tolist(), edges[1:].tolist()))


def score_spans(
    examples: Iterable[Example], key: str = "sc", *, labeled: bool = True
) -> dict[str, Any]:
    """Scores of the spans of the group ``key``, which may overlap: ``spans_{key}_p``, ``_r`` and
    ``_f``, and ``spans_{key}_per_type``.

    A span is right if first character, last character and label agree (without ``labeled``, the
    characters alone): exact match, as for entities, counted as sets of all documents together.
    References without the group don't count; one that has it empty does.
    """
    counts = Counts()
    per_type: dict[str, Counts] = {}
    for example in examples:
        if key in example.reference.spans:
            found, wanted = (
                _group(doc, key, labeled) for doc in (example.predicted, example.reference)
            )
            add_spans(found, wanted, counts, per_type)
    return named_scores(f"spans_{key}", counts, per_type)


Spans = set[tuple[str, int, int]]
"""The label of each span, where its first character is and where its last one ends."""


def add_spans(found: Spans, wanted: Spans, counts: Counts, per_type: dict[str, Counts]) -> None:
    """Count the spans of a document, of all labels and of each."""
    counts.add_sets(found, wanted)
    for label in {span[0] for span in found | wanted}:
        per_type.setdefault(label, Counts()).add_sets(
            {span for span in found if span[0] == label},
            {span for span in wanted if span[0] == label},
        )


def named_scores(prefix: str, counts: Counts, per_type: dict[str, Counts]) -> dict[str, Any]:
    """The scores of what was counted, as evaluations name them."""
    table = {label: each.to_dict() for label, each in sorted(per_type.items())}
    return {**counts.named(prefix), f"{prefix}_per_type": table if counts else None}


def _group(doc: Doc, key: str, labeled: bool) -> Spans:
    if key not in doc.spans:
        return set()
    bounds = solid_bounds(doc)
    return {
        (span.label_ if labeled else "", int(bounds[span.start]), int(bounds[span.end]))
        for span in doc.spans[key]
    }
