"""Scores of predicted against reference annotation, as pure functions of examples.

Definitions are spaCy's, so that figures can be compared: tokens of the two documents are aligned,
a predicted token that covers exactly one reference token is compared with it, and accuracy is the
F1 of the pairs of token and value. Where the references have no annotation of a kind, its scores
are ``None``: that is not the same as 0.
"""

from __future__ import annotations

from .counts import Counts
from .entities import score_entities
from .makers import (
    lemmatizer_scorer,
    morphologizer_scorer,
    senter_scorer,
    spans_scorer,
    tagger_scorer,
)
from .spans import score_sentences, score_spans
from .tokens import score_column, score_features, score_morphology, score_tokenization

__all__ = [
    "Counts",
    "lemmatizer_scorer",
    "morphologizer_scorer",
    "score_column",
    "score_entities",
    "score_features",
    "score_morphology",
    "score_sentences",
    "score_spans",
    "score_tokenization",
    "senter_scorer",
    "spans_scorer",
    "tagger_scorer",
]
