# Made by tools/make_stubs.py from the table in __init__.py.

from .attributes.component import AttributeRuler as AttributeRuler
from .cleaning import DocCleaner as DocCleaner
from .dependency_matcher import DependencyMatcher as DependencyMatcher
from .fuzzy import levenshtein as levenshtein
from .fuzzy import levenshtein_compare as levenshtein_compare
from .lemmas.component import Lemmatizer as Lemmatizer
from .lemmas.lookups import Lookups as Lookups
from .lemmas.lookups import Table as Table
from .lemmas.lookups import load_lookups as load_lookups
from .lemmas.modes import LemmaRules as LemmaRules
from .lemmas.modes import LemmaTables as LemmaTables
from .lemmas.modes import Mode as Mode
from .lemmas.modes import Word as Word
from .lemmas.modes import by_lookup as by_lookup
from .lemmas.modes import by_rules as by_rules
from .matcher import Matcher as Matcher
from .matching.time_limit import RegexTimeoutError as RegexTimeoutError
from .matching.validation import PatternError as PatternError
from .matching.validation import UnknownRuleError as UnknownRuleError
from .matching.validation import validate_token_pattern as validate_token_pattern
from .merging import merge_entities as merge_entities
from .merging import merge_noun_chunks as merge_noun_chunks
from .merging import merge_subtokens as merge_subtokens
from .phrase_matcher import PhraseMatcher as PhraseMatcher
from .rulers.entity_ruler import EntityRuler as EntityRuler
from .rulers.filters import prioritize_existing_ents_filter as prioritize_existing_ents_filter
from .rulers.filters import prioritize_new_ents_filter as prioritize_new_ents_filter
from .rulers.span_ruler import SpanRuler as SpanRuler
from .scorers import attribute_ruler_scorer as attribute_ruler_scorer
from .scorers import entity_ruler_scorer as entity_ruler_scorer
from .scorers import overlapping_labeled_spans_scorer as overlapping_labeled_spans_scorer

__all__ = [
    "AttributeRuler",
    "DependencyMatcher",
    "DocCleaner",
    "EntityRuler",
    "LemmaRules",
    "LemmaTables",
    "Lemmatizer",
    "Lookups",
    "Matcher",
    "Mode",
    "PatternError",
    "PhraseMatcher",
    "RegexTimeoutError",
    "SpanRuler",
    "Table",
    "UnknownRuleError",
    "Word",
    "__version__",
    "attribute_ruler_scorer",
    "by_lookup",
    "by_rules",
    "entity_ruler_scorer",
    "levenshtein",
    "levenshtein_compare",
    "load_lookups",
    "merge_entities",
    "merge_noun_chunks",
    "merge_subtokens",
    "overlapping_labeled_spans_scorer",
    "prioritize_existing_ents_filter",
    "prioritize_new_ents_filter",
    "validate_token_pattern",
]
__version__: str
