"""Scores of sentences and of entities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .counts import Counts, solid_bounds

if TYPE_CHECKING:
    from ..example import Example
    from ..tokens import Doc

__all__ = ["score_entities", "score_sentences"]


def score_sentences(examples: Iterable[Example]) -> dict[str, Any]:
    """``sents_p``, ``sents_r`` and ``sents_f``: sentences with the same first and last character.

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
        counts.add_sets(found, wanted)
        for label in {entity[0] for entity in found | wanted}:
            per_type.setdefault(label, Counts()).add_sets(
                {entity for entity in found if entity[0] == label},
                {entity for entity in wanted if entity[0] == label},
            )
    if not counts:
        return {**counts.named("ents"), "ents_per_type": None}
    table = {label: each.to_dict() for label, each in sorted(per_type.items())}
    return {**counts.named("ents"), "ents_per_type": table}


def _entities(doc: Doc) -> set[tuple[str, int, int]]:
    bounds = solid_bounds(doc)
    return {(e.label_, int(bounds[e.start]), int(bounds[e.end])) for e in doc.ents}


def _outside(
    entities: set[tuple[str, int, int]], reference: Doc, missing: Any
) -> set[tuple[str, int, int]]:
    """Entities that touch no token without annotation."""
    if not missing.any():
        return entities
    bounds = solid_bounds(reference)
    gaps = [(bounds[i], bounds[i + 1]) for i in np.flatnonzero(missing).tolist()]
    return {e for e in entities if not any(e[1] < end and start < e[2] for start, end in gaps)}
