"""Pretraining for Spanloom: start an encoder from what raw text teaches."""

from __future__ import annotations

from spanloom.io.lazy import lazy_names

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "corpus": ["JsonlCorpus", "PlainTextCorpus"],
        "loop": ["pretrain_steps"],
        "objectives": ["ClozeTask", "PretrainCharacters", "PretrainVectors"],
        "run": ["PretrainResult", "pretrain"],
        "settings": ["Settings", "read_settings"],
        "task": ["Pretrainable", "PretrainingTask"],
        "weights": [
            "LoadedWeights",
            "apply_weights",
            "encoder_bytes",
            "find_encoder",
            "init_tok2vec",
            "weights_hash",
        ],
    },
)
