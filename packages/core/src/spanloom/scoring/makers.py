"""Scorers as configs name them: functions that return a function of examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from .spans import score_sentences, score_spans
from .tokens import score_column, score_morphology

if TYPE_CHECKING:
    from ..examples.example import Example

__all__ = [
    "Scorer",
    "lemmatizer_scorer",
    "morphologizer_scorer",
    "senter_scorer",
    "spans_scorer",
    "tagger_scorer",
]

Scorer = Callable[[Iterable["Example"]], dict[str, Any]]


def tagger_scorer() -> Scorer:
    """``tag_acc`` and ``tag_per_type``."""
    return partial(score_column, column="TAG", name="tag", per_type=True)


def lemmatizer_scorer() -> Scorer:
    """``lemma_acc``."""
    return partial(score_column, column="LEMMA", name="lemma")


def morphologizer_scorer() -> Scorer:
    """``pos_acc``, ``pos_per_type``, ``morph_acc``, ``morph_micro_p``, ``_r``, ``_f`` and
    ``morph_per_feat``."""
    return score_morphology


def senter_scorer() -> Scorer:
    """``sents_p``, ``sents_r`` and ``sents_f``."""
    return score_sentences


def spans_scorer(spans_key: str = "sc") -> Scorer:
    """``spans_{spans_key}_p``, ``_r`` and ``_f``, and ``spans_{spans_key}_per_type``."""
    return partial(score_spans, key=spans_key)
