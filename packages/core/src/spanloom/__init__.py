"""Spanloom: natural language processing that is installed piece by piece.

Importing this package imports nothing else: each public name is loaded when it is first used.
"""

from __future__ import annotations

from .io.late_torch import hold_back_torch
from .io.lazy import lazy_names

__version__ = "0.1.0"

hold_back_torch()

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "components": ["Encoder", "TrainableComponent"],
        "config": ["Config"],
        "examples": ["Example"],
        "pipeline": ["Pipeline", "blank", "load"],
        "plugins.registries": ["registry"],
        "tokens": ["Doc", "Span", "Token"],
        "tokens.batch": ["Batch"],
        "training": ["train"],
        "vocab": ["Lexeme", "StringStore", "Vocab"],
    },
    absent={
        "Language": "the class of pipelines is spanloom.Pipeline",
        "explain": "use spanloom_spacy.explain",
        "attrs": "attributes are named by strings; spanloom_spacy.attrs has their numbers",
        "info": "read nlp.meta, or use the command spanloom info",
        "prefer_gpu": "use thinc.api.prefer_gpu, or --gpu-id of a command",
        "require_cpu": "use thinc.api.require_cpu",
        "require_gpu": "use thinc.api.require_gpu, or --gpu-id of a command",
        "scorer": "use nlp.evaluate and spanloom.scoring; spanloom_spacy.scorer has a Scorer",
        "symbols": "attributes are named by strings; spanloom_spacy.attrs has their numbers",
        "util": "spanloom_spacy.util has what is most used of it",
    },
)
