"""Scorers as configs name them: functions that return a function of examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from spanloom.scoring import score_column, score_features
from spanloom.scoring.makers import Scorer

if TYPE_CHECKING:
    from spanloom.examples.example import Example

__all__ = ["attribute_ruler_scorer"]


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
