"""What people write by hand: matchers, and components that work by rule, not by training.

>>> nlp.add_pipe("merge_entities")  # doctest: +SKIP
"""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "attributes.component": ["AttributeRuler"],
        "cleaning": ["DocCleaner"],
        "dependency_matcher": ["DependencyMatcher"],
        "fuzzy": ["levenshtein", "levenshtein_compare"],
        "lemmas.component": ["Lemmatizer"],
        "lemmas.lookups": ["Lookups", "Table", "load_lookups"],
        "lemmas.modes": ["LemmaRules", "LemmaTables", "Mode", "Word", "by_lookup", "by_rules"],
        "matcher": ["Matcher"],
        "merging": ["merge_entities", "merge_noun_chunks", "merge_subtokens"],
        "matching.time_limit": ["RegexTimeoutError"],
        "matching.validation": ["PatternError", "UnknownRuleError", "validate_token_pattern"],
        "phrase_matcher": ["PhraseMatcher"],
        "rulers.entity_ruler": ["EntityRuler"],
        "rulers.filters": ["prioritize_existing_ents_filter", "prioritize_new_ents_filter"],
        "rulers.span_ruler": ["SpanRuler"],
        "scorers": [
            "attribute_ruler_scorer",
            "entity_ruler_scorer",
            "overlapping_labeled_spans_scorer",
        ],
    },
)
