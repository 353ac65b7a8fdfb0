"""Scorers as configs name them: functions that return a function of examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from spanloom.scoring import score_column, score_entities, score_features, spans_scorer
from spanloom.scoring.makers import Scorer

if TYPE_CHECKING:
    from spanloom.examples.example import Example

__all__ = ["attribute_ruler_scorer", "entity_ruler_scorer", "overlapping_labeled_spans_scorer"]


def attribute_ruler_scorer() -> Scorer:
    """``tag_acc``, ``pos_acc``, ``morph_acc``, ``lemma_acc``, the ``morph_micro_`` scores and
    ``morph_per_feat``."""
    return _score_attributes


def _score_attributes(examples: Iterable[Example]) -> dict[str, Any]:
    examples = list(examples)
    scores: dict[str, Any] = {}
    for column in ("TAG", "POS", "MORPH", "LEMMA"):
        scores |= score_column(examples, column, column.lower())
    return scores | score_features(examples)


def entity_ruler_scorer() -> Scorer:
    """``ents_p``, ``ents_r``, ``ents_f`` and ``ents_per_type``."""
    return score_entities


def overlapping_labeled_spans_scorer(spans_key: str = "ruler") -> Scorer:
    """``spans_{spans_key}_p``, ``_r`` and ``_f``, and ``spans_{spans_key}_per_type``."""
    return spans_scorer(spans_key)
