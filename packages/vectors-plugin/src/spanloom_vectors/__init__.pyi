# Made by tools/make_stubs.py from the table in __init__.py.

from .build import Chunk as Chunk
from .build import Source as Source
from .build import write_table as write_table
from .classifier import SimilarityClassifier as SimilarityClassifier
from .distill import Distillation as Distillation
from .distill import distill as distill
from .evaluate import evaluate_analogies as evaluate_analogies
from .evaluate import evaluate_similarity as evaluate_similarity
from .formats import read_source as read_source
from .formats import write_source as write_source
from .formats.gensim import from_gensim as from_gensim
from .formats.gensim import to_gensim as to_gensim
from .index import Index as Index
from .opening import open_vectors as open_vectors
from .opening import read_vectors as read_vectors
from .opening import write_vectors as write_vectors
from .problems import Problem as Problem
from .problems import Problems as Problems
from .pruning import Merge as Merge
from .pruning import prune as prune
from .static import StaticVectors as StaticVectors
from .subwords import Subwords as Subwords
from .table import Table as Table
from .vocabulary import Vocabulary as Vocabulary
from .vocabulary import count_words as count_words
from .vocabulary import read_vocabulary as read_vocabulary

__all__ = [
    "Chunk",
    "Distillation",
    "Index",
    "Merge",
    "Problem",
    "Problems",
    "SimilarityClassifier",
    "Source",
    "StaticVectors",
    "Subwords",
    "Table",
    "Vocabulary",
    "__version__",
    "count_words",
    "distill",
    "evaluate_analogies",
    "evaluate_similarity",
    "from_gensim",
    "open_vectors",
    "prune",
    "read_source",
    "read_vectors",
    "read_vocabulary",
    "to_gensim",
    "write_source",
    "write_table",
    "write_vectors",
]
__version__: str
