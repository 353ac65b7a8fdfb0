"""Names that distributions outside core offer, for the hint "pip install ..." when one is absent.

It is a table and not a look-up in an index of packages: nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["COMMANDS", "KNOWN", "providers"]

_TRANSFORMERS = "spanloom-transformers"
_VECTORS = "spanloom-vectors"
_PRETRAIN = "spanloom-pretrain"


def _as(owners: tuple[str, ...], *names: str) -> list[str]:
    """Each name as each owner's."""
    return [f"{owner}.{name}" for name in names for owner in owners]


_TRF_OWNERS = (_TRANSFORMERS, "spanloom", "spacy-transformers")
_OWNERS = ("spanloom", "spacy")
_OBJECTIVES = ("PretrainCharacters.v1", "PretrainVectors.v1")

_OFFERS: dict[str, dict[str, list[str]]] = {
    _TRANSFORMERS: {
        "factories": ["transformer", "token_splitter"],
        "architectures": _as(
            _TRF_OWNERS,
            "TransformerModel.v1",
            "TransformerModel.v2",
            "TransformerModel.v3",
            "TransformerListener.v1",
            "Tok2VecTransformer.v1",
            "Tok2VecTransformer.v2",
            "Tok2VecTransformer.v3",
        ),
        "span_getters": _as(_TRF_OWNERS, "doc_spans.v1", "sent_spans.v1", "strided_spans.v1"),
        "annotation_setters": _as(_TRF_OWNERS, "null_annotation_setter.v1"),
        "encoders": _as((_TRANSFORMERS, "spanloom"), "TextEncoder.v1"),
    },
    _VECTORS: {
        "factories": ["similarity_classifier"],
        "architectures": _as((_VECTORS, *_OWNERS), "StaticVectors.v1", "StaticVectors.v2"),
        "vectors": _as((_VECTORS, *_OWNERS), "Vectors.v1"),
    },
    _PRETRAIN: {
        "architectures": _as((_PRETRAIN, *_OWNERS), *_OBJECTIVES),
        "objectives": _as((_PRETRAIN, *_OWNERS), *_OBJECTIVES),
        "readers": _as((_PRETRAIN, *_OWNERS), "JsonlCorpus.v1"),
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


COMMANDS: Mapping[str, str] = {
    "init vectors": _VECTORS,
    "pretrain": _PRETRAIN,
    "vectors": _VECTORS,
}
"""Command -> the distribution that offers it."""
