"""Static word vectors for Spanloom: tables, their formats, similarity, and features for models.

Importing this package imports nothing else: each public name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .build import Chunk, Source, write_table
    from .classifier import SimilarityClassifier
    from .distill import Distillation, distill
    from .evaluate import evaluate_analogies, evaluate_similarity
    from .formats import read_source, write_source
    from .formats.gensim import from_gensim, to_gensim
    from .index import Index
    from .opening import open_vectors, read_vectors, write_vectors
    from .problems import Problem, Problems
    from .pruning import Merge, prune
    from .static import StaticVectors
    from .subwords import Subwords
    from .table import Table
    from .vocabulary import Vocabulary, count_words, read_vocabulary

__version__ = "0.1.0"

_HOMES = {
    "Chunk": "build",
    "Distillation": "distill",
    "Index": "index",
    "Merge": "pruning",
    "Problem": "problems",
    "Problems": "problems",
    "SimilarityClassifier": "classifier",
    "Source": "build",
    "StaticVectors": "static",
    "Subwords": "subwords",
    "Table": "table",
    "Vocabulary": "vocabulary",
    "count_words": "vocabulary",
    "distill": "distill",
    "evaluate_analogies": "evaluate",
    "evaluate_similarity": "evaluate",
    "from_gensim": "formats.gensim",
    "open_vectors": "opening",
    "prune": "pruning",
    "read_source": "formats",
    "read_vectors": "opening",
    "read_vocabulary": "vocabulary",
    "to_gensim": "formats.gensim",
    "write_source": "formats",
    "write_table": "build",
    "write_vectors": "opening",
}

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


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'spanloom_vectors' has no attribute '{name}'") from None
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
