"""Scorers as configs name them: functions that return a function of examples."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from spanloom.examples import Example
from spanloom.scoring import score_entities, score_sentences, score_spans
from spanloom.scoring.makers import Scorer

from .parser.scoring import score_dependencies
from .textcat.scoring import score_cats

__all__ = [
    "ner_scorer",
    "parser_scorer",
    "span_finder_scorer",
    "textcat_multilabel_scorer",
    "textcat_scorer",
]


def parser_scorer() -> Scorer:
    """``dep_uas``, ``dep_las``, ``dep_las_per_type``, and the scores of sentences."""
    return _score_trees


def _score_trees(examples: Iterable[Example]) -> dict[str, Any]:
    examples = list(examples)
    return {**score_sentences(examples), **score_dependencies(examples)}


def ner_scorer() -> Scorer:
    """``ents_p``, ``ents_r``, ``ents_f`` and ``ents_per_type``."""
    return score_entities


def span_finder_scorer(spans_key: str = "sc") -> Scorer:
    """``spans_{spans_key}_p``, ``_r`` and ``_f`` of spans whatever their label."""
    return partial(_score_bounds, key=spans_key)


def _score_bounds(examples: Iterable[Example], key: str) -> dict[str, Any]:
    scores = score_spans(examples, key, labeled=False)
    del scores[f"spans_{key}_per_type"]
    return scores


def textcat_scorer() -> Scorer:
    """``cats_score`` and the other scores of labels that exclude each other."""
    return partial(score_cats, multi_label=False)


def textcat_multilabel_scorer() -> Scorer:
    """``cats_score`` and the other scores of labels that don't exclude each other."""
    return partial(score_cats, multi_label=True)
