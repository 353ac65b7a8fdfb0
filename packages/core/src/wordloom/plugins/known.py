"""Names that distributions outside core offer, for the hint "pip install ..." when one is absent.

It is a table and not a look-up in an index of packages: nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["COMMANDS", "KNOWN", "providers"]

_TRANSFORMERS = "wordloom-transformers"
_VECTORS = "wordloom-vectors"
_PRETRAIN = "wordloom-pretrain"


def _both(*names: str) -> list[str]:
    """Each name as ours and as the one that configs written for spacy-transformers use."""
    return [f"{owner}.{name}" for name in names for owner in (_TRANSFORMERS, "spacy-transformers")]


_OFFERS: dict[str, dict[str, list[str]]] = {
    _TRANSFORMERS: {
        "factories": ["transformer", "token_splitter"],
        "architectures": _both(
            "TransformerModel.v1",
            "TransformerModel.v2",
            "TransformerModel.v3",
            "TransformerListener.v1",
            "Tok2VecTransformer.v1",
            "Tok2VecTransformer.v2",
            "Tok2VecTransformer.v3",
        ),
        "span_getters": _both("doc_spans.v1", "sent_spans.v1", "strided_spans.v1"),
        "annotation_setters": _both("null_annotation_setter.v1"),
    },
    _VECTORS: {
        "architectures": [
            "spacy.StaticVectors.v1",
            "spacy.StaticVectors.v2",
            "wordloom-vectors.StaticVectors.v1",
            "wordloom-vectors.StaticVectors.v2",
            "wordloom.StaticVectors.v1",
            "wordloom.StaticVectors.v2",
        ],
        "vectors": ["spacy.Vectors.v1", "wordloom-vectors.Vectors.v1"],
    },
    _PRETRAIN: {
        "architectures": [
            "spacy.PretrainCharacters.v1",
            "spacy.PretrainVectors.v1",
            "wordloom-pretrain.PretrainCharacters.v1",
            "wordloom-pretrain.PretrainVectors.v1",
        ],
        "objectives": [
            "wordloom-pretrain.Characters.v1",
            "wordloom-pretrain.Vectors.v1",
        ],
        "readers": ["spacy.JsonlCorpus.v1", "wordloom-pretrain.JsonlCorpus.v1"],
    },
}

KNOWN: Mapping[str, Mapping[str, str]] = {
    registry: {name: dist for dist, offers in _OFFERS.items() for name in offers.get(registry, [])}
    for registry in sorted({registry for offers in _OFFERS.values() for registry in offers})
}
"""Registry -> name -> the distribution that offers it."""


def providers(registry: str) -> Mapping[str, str]:
    """Names of a registry that first-party distributions outside core offer, and which one."""
    return KNOWN.get(registry, {})


COMMANDS: Mapping[str, str] = {"init vectors": _VECTORS, "pretrain": _PRETRAIN}
"""Command -> the distribution that offers it."""
