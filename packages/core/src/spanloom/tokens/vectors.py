"""Vectors of a document, and the hooks that stand in for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..vocab.vectors import HasVector, cosine

if TYPE_CHECKING:
    from .doc import Doc

__all__ = ["VectorMixin"]


class VectorMixin:
    """The part of :class:`~spanloom.tokens.Doc` that deals with vectors."""

    __slots__ = ()

    @property
    def user_hooks(self) -> dict[str, Any]:
        """Functions that stand in for ``vector``, ``has_vector``, ``vector_norm``, ``similarity``
        and ``sents`` of this document."""
        return self._hooks("doc")

    @property
    def user_token_hooks(self) -> dict[str, Any]:
        """The same for its tokens."""
        return self._hooks("token")

    @property
    def user_span_hooks(self) -> dict[str, Any]:
        """The same for its spans."""
        return self._hooks("span")

    def hook(self, kind: str, name: str) -> Callable[..., Any] | None:
        """The hook of that name for the "doc", "token" or "span", ``None`` if there isn't one."""
        more = cast("Doc", self)._more
        if more is None or "hooks" not in more:
            return None
        return cast("Callable[..., Any] | None", self._hooks(kind).get(name))

    def _hooks(self, kind: str) -> dict[str, Any]:
        hooks: dict[str, Any] = cast("Doc", self)._extra().setdefault("hooks", {})
        return cast(dict[str, Any], hooks.setdefault(kind, {}))

    @property
    def tensor(self) -> Any:
        """Vectors of the tokens that a component left, shape ``(n, width)``; empty if none did."""
        return (cast("Doc", self)._more or {}).get("tensor", np.zeros(0, dtype=np.float32))

    @tensor.setter
    def tensor(self, value: Any) -> None:
        cast("Doc", self)._extra()["tensor"] = value

    @property
    def vector(self) -> NDArray[np.float32]:
        """The mean of the tokens' vectors, shape ``(width,)``: of the vocab's vectors, else of
        :attr:`tensor`; or what the hook gives."""
        doc = cast("Doc", self)
        hook = self.hook("doc", "vector")
        if hook:
            return np.asarray(hook(doc))
        vectors = doc.vocab.vectors
        if vectors is None and self.tensor.size:
            return np.asarray(self.tensor.mean(axis=0))
        if vectors is None or not len(doc):
            return np.zeros(doc.vocab.vectors_length, dtype=np.float32)
        return np.asarray(vectors.token_vectors(doc)[0].mean(axis=0))

    @property
    def has_vector(self) -> bool:
        """Whether there is a vector for one of its tokens."""
        doc = cast("Doc", self)
        hook = self.hook("doc", "has_vector")
        if hook:
            return bool(hook(doc))
        if doc.vocab.vectors is None:
            return bool(self.tensor.size)
        return bool(doc.vocab.vectors.token_vectors(doc)[1].any())

    @property
    def vector_norm(self) -> float:
        """The L2 norm of the vector."""
        hook = self.hook("doc", "vector_norm")
        return float(hook(self) if hook else np.linalg.norm(self.vector))

    def similarity(self, other: HasVector) -> float:
        """The cosine of the vectors of this document and of another, or a span, token, lexeme."""
        hook = self.hook("doc", "similarity")
        return float(hook(self, other) if hook else cosine(self.vector, other.vector))
