"""Formats of annotated data for Spanloom: CoNLL-U, tags by line, JSONL, Arrow and Parquet; and
augmenters of what is read."""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "applying": ["Applied", "apply_pipeline"],
        "augmenting.augmenters": [
            "character_noise",
            "combined_augmenter",
            "lower_case",
            "orth_variants_augmenter",
        ],
        "arrow.files": ["read_arrow", "read_parquet", "write_arrow", "write_parquet"],
        "arrow.tables": ["from_arrow", "to_arrow"],
        "conllu.reading": ["read_conllu"],
        "conllu.writing": ["write_conllu"],
        "inspection": ["check_data", "inspect_data"],
        "iob.files": ["read_iob", "write_biluo", "write_conll", "write_iob"],
        "jsonl.files": ["read_jsonl", "write_jsonl"],
    },
)
