"""What speaks spaCy: its names in configs, its files of documents, without spaCy installed."""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "dialect": ["SPACY", "SpacyDialect"],
        "docbin": ["DocBin"],
        "files": ["read_spacy", "write_spacy"],
        "glossary": ["explain"],
        "writing": ["to_spacy"],
    },
)
