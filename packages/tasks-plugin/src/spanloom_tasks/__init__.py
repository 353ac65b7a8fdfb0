"""Dependency parser, entity recognizers and text classifiers for Spanloom pipelines."""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "transition_based.model": ["TransitionBasedParser"],
        "lemmatizer.component": ["EditTreeLemmatizer"],
        "lemmatizer.edit_trees": ["EditTrees"],
        "ner.beam": ["BeamEntityRecognizer"],
        "ner.component": ["EntityRecognizer"],
        "spanloom.scoring": ["score_entities"],
        "parser.beam": ["BeamDependencyParser"],
        "parser.component": ["DependencyParser"],
        "parser.scoring": ["score_dependencies"],
        "scorers": [
            "ner_scorer",
            "parser_scorer",
            "span_finder_scorer",
            "textcat_multilabel_scorer",
            "textcat_scorer",
        ],
        "spans.categorizer": ["SpanCategorizer"],
        "spans.finder": ["SpanFinder"],
        "spans.suggesters": [
            "Suggester",
            "ngram_range_suggester",
            "ngram_suggester",
            "preset_spans_suggester",
        ],
        "textcat.component": ["TextCategorizer"],
        "textcat.model": [
            "TextCatBOW",
            "TextCatCNN",
            "TextCatEnsemble",
            "TextCatParametricAttention",
            "TextCatReduce",
        ],
        "textcat.ngrams": ["extract_ngrams"],
        "textcat.scoring": ["roc_auc", "score_cats"],
    },
)
