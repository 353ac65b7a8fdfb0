"""Corpora: reading annotated data, batching it, writing documents, annotating files.

Formats enter through the registries `converters` (reading) and `writers`; this floor knows none.
"""

from __future__ import annotations

from .corpus import Corpus, data_files, read_docs

__all__ = ["Corpus", "data_files", "read_docs"]
