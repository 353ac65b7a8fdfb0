"""Scores of entities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .counts import Counts, solid_bounds
from .spans import Spans, add_spans, named_scores

if TYPE_CHECKING:
    from ..examples.example import Example
    from ..tokens import Doc

__all__ = ["score_entities"]


def score_entities(examples: Iterable[Example]) -> dict[str, Any]:
    """``ents_p``, ``ents_r``, ``ents_f`` over all entities, and ``ents_per_type``.

    An entity is right if first character, last character and label agree (the measure of CoNLL
    2003, Tjong Kim Sang and De Meulder). References without entity annotation don't count; where
    single tokens of a reference have none, predictions that touch them don't count either.
    """
    counts = Counts()
    per_type: dict[str, Counts] = {}
    for example in examples:
        marks = example.reference.column("ENT_IOB")
        if marks is None or not np.any(marks):
            continue
        wanted, found = _entities(example.reference), _entities(example.predicted)
        found = _outside(found, example.reference, marks == 0)
        add_spans(found, wanted, counts, per_type)
    return named_scores("ents", counts, per_type)


def _entities(doc: Doc) -> Spans:
    bounds = solid_bounds(doc)
    return {(e.label_, int(bounds[e.start]), int(bounds[e.end])) for e in doc.ents}


def _outside(entities: Spans, reference: Doc, missing: Any) -> Spans:
    """Entities that touch no token without annotation."""
    if not missing.any():
        return entities
    bounds = solid_bounds(reference)
    gaps = [(bounds[i], bounds[i + 1]) for i in np.flatnonzero(missing).tolist()]
    return {e for e in entities if not any(e[1] < end and start < e[2] for start, end in gaps)}
