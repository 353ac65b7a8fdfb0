"""Vectors of a document, and the hooks that stand in for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray

from ..vocab.vectors import HasVector, cosine

if TYPE_CHECKING:
    from .forward import Doc

__all__ = ["has_vector", "hook", "hooks", "similarity", "vector", "vector_norm", "warn_hooks"]


def hooks(doc: Doc, kind: str) -> dict[str, Any]:
    """The hooks for the "doc", "token" or "span", by name: the document's own dict."""
    by_kind: dict[str, dict[str, Any]] = doc._extra().setdefault("hooks", {})
    return by_kind.setdefault(kind, {})


def hook(doc: Doc, kind: str, name: str) -> Callable[..., Any] | None:
    """See :meth:`Doc.hook`."""
    if doc._more is None or "hooks" not in doc._more:
        return None
    return hooks(doc, kind).get(name)


def warn_hooks(doc: Doc, stacklevel: int) -> None:
    """Warn where a document has hooks, which are code and aren't saved."""
    if doc._more is not None and any(doc._more.get("hooks", {}).values()):
        warn(
            f"the hooks of the document {doc.text[:40]!r} are functions, which aren't saved, "
            f"pickled or sent from other processes: set them again where it is read",
            UserWarning,
            stacklevel=stacklevel,
        )


def vector(doc: Doc) -> NDArray[np.float32]:
    """See :attr:`Doc.vector`."""
    own = hook(doc, "doc", "vector")
    if own:
        return np.asarray(own(doc))
    vectors = doc.vocab.vectors
    if vectors is None and doc.tensor.size:
        return np.asarray(doc.tensor.mean(axis=0))
    if vectors is None or not len(doc):
        return np.zeros(doc.vocab.vectors_length, dtype=np.float32)
    return np.asarray(vectors.token_vectors(doc)[0].mean(axis=0))


def has_vector(doc: Doc) -> bool:
    """See :attr:`Doc.has_vector`."""
    own = hook(doc, "doc", "has_vector")
    if own:
        return bool(own(doc))
    if doc.vocab.vectors is None:
        return bool(doc.tensor.size)
    return bool(doc.vocab.vectors.token_vectors(doc)[1].any())


def vector_norm(doc: Doc) -> float:
    """See :attr:`Doc.vector_norm`."""
    own = hook(doc, "doc", "vector_norm")
    return float(own(doc) if own else np.linalg.norm(doc.vector))


def similarity(doc: Doc, other: HasVector) -> float:
    """See :meth:`Doc.similarity`."""
    own = hook(doc, "doc", "similarity")
    return float(own(doc, other) if own else cosine(doc, other))
