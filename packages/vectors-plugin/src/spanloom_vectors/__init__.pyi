# Made by tools/make_stubs.py from the table in __init__.py.

from .build import Chunk as Chunk, Source as Source, write_table as write_table
from .classifier import SimilarityClassifier as SimilarityClassifier
from .distill import Distillation as Distillation, distill as distill
from .evaluate import (
    evaluate_analogies as evaluate_analogies,
    evaluate_similarity as evaluate_similarity,
)
from .formats import read_source as read_source, write_source as write_source
from .formats.gensim import from_gensim as from_gensim, to_gensim as to_gensim
from .index import Index as Index
from .opening import (
    open_vectors as open_vectors,
    read_vectors as read_vectors,
    write_vectors as write_vectors,
)
from .problems import Problem as Problem, Problems as Problems
from .pruning import Merge as Merge, prune as prune
from .static import StaticVectors as StaticVectors
from .subwords import Subwords as Subwords
from .table import Table as Table
from .vocabulary import (
    Vocabulary as Vocabulary,
    count_words as count_words,
    read_vocabulary as read_vocabulary,
)

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
