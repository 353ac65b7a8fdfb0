"""Static word vectors for Spanloom: tables, their formats, similarity, and features for models."""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "build": ["Chunk", "Source", "write_table"],
        "classifier": ["SimilarityClassifier"],
        "distill": ["Distillation", "distill"],
        "evaluate": ["evaluate_analogies", "evaluate_similarity"],
        "formats": ["read_source", "write_source"],
        "formats.gensim": ["from_gensim", "to_gensim"],
        "index": ["Index"],
        "opening": ["open_vectors", "read_vectors", "write_vectors"],
        "problems": ["Problem", "Problems"],
        "pruning": ["Merge", "prune"],
        "static": ["StaticVectors"],
        "subwords": ["Subwords"],
        "table": ["Table"],
        "vocabulary": ["Vocabulary", "count_words", "read_vocabulary"],
    },
)
