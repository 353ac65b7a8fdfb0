# Made by tools/make_stubs.py from the table in __init__.py.

from .lemmatizer.component import EditTreeLemmatizer as EditTreeLemmatizer
from .lemmatizer.edit_trees import EditTrees as EditTrees
from .ner.beam import BeamEntityRecognizer as BeamEntityRecognizer
from .ner.component import EntityRecognizer as EntityRecognizer
from .parser.beam import BeamDependencyParser as BeamDependencyParser
from .parser.component import DependencyParser as DependencyParser
from .parser.scoring import score_dependencies as score_dependencies
from .scorers import ner_scorer as ner_scorer
from .scorers import parser_scorer as parser_scorer
from .scorers import span_finder_scorer as span_finder_scorer
from .scorers import textcat_multilabel_scorer as textcat_multilabel_scorer
from .scorers import textcat_scorer as textcat_scorer
from spanloom.scoring import score_entities as score_entities
from .spans.categorizer import SpanCategorizer as SpanCategorizer
from .spans.finder import SpanFinder as SpanFinder
from .spans.suggesters import Suggester as Suggester
from .spans.suggesters import ngram_range_suggester as ngram_range_suggester
from .spans.suggesters import ngram_suggester as ngram_suggester
from .spans.suggesters import preset_spans_suggester as preset_spans_suggester
from .textcat.component import TextCategorizer as TextCategorizer
from .textcat.model import TextCatBOW as TextCatBOW
from .textcat.model import TextCatCNN as TextCatCNN
from .textcat.model import TextCatEnsemble as TextCatEnsemble
from .textcat.model import TextCatParametricAttention as TextCatParametricAttention
from .textcat.model import TextCatReduce as TextCatReduce
from .textcat.ngrams import extract_ngrams as extract_ngrams
from .textcat.scoring import roc_auc as roc_auc
from .textcat.scoring import score_cats as score_cats
from .transition_based.model import TransitionBasedParser as TransitionBasedParser

__all__ = [
    "BeamDependencyParser",
    "BeamEntityRecognizer",
    "DependencyParser",
    "EditTreeLemmatizer",
    "EditTrees",
    "EntityRecognizer",
    "SpanCategorizer",
    "SpanFinder",
    "Suggester",
    "TextCatBOW",
    "TextCatCNN",
    "TextCatEnsemble",
    "TextCatParametricAttention",
    "TextCatReduce",
    "TextCategorizer",
    "TransitionBasedParser",
    "__version__",
    "extract_ngrams",
    "ner_scorer",
    "ngram_range_suggester",
    "ngram_suggester",
    "parser_scorer",
    "preset_spans_suggester",
    "roc_auc",
    "score_cats",
    "score_dependencies",
    "score_entities",
    "span_finder_scorer",
    "textcat_multilabel_scorer",
    "textcat_scorer",
]
__version__: str
