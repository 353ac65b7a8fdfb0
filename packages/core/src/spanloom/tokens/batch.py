"""Batches: where activations and gradients of shared layers meet.

An encoder component writes a :class:`Feature` on the batch. A listener layer returns the values of
its producer's feature, and its backward adds to the feature's gradient. When all heads have run,
the pipeline calls :meth:`Batch.backward`, which gives each encoder its summed gradient once. No
layer keeps state, and the order of the heads doesn't matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PipelineError

if TYPE_CHECKING:
    from .doc import Doc

__all__ = ["Batch", "Feature", "FloatsList", "flatten"]


class FloatsList(list[Any]):
    """A list of arrays, one for each document, that are views on one flat array.

    ``flat`` has shape ``(sum(lengths), width)``. A layer that works on the whole batch takes
    ``flat`` without a copy; one that works on documents takes the items.
    """

    __slots__ = ("flat", "lengths")

    def __init__(self, flat: Any, lengths: NDArray[np.int64]) -> None:
        self.flat = flat
        self.lengths = lengths
        ends = np.cumsum(lengths).tolist()
        super().__init__(flat[start:end] for start, end in zip([0, *ends[:-1]], ends))


def flatten(arrays: Sequence[Any], xp: Any = np) -> Any:
    """The rows of all ``arrays``, shape ``(n, width)``; not copied for a :class:`FloatsList`."""
    if isinstance(arrays, FloatsList):
        return arrays.flat
    return xp.concatenate(list(arrays)) if arrays else xp.zeros((0, 0), dtype="f")


class Feature:
    """What an encoder computed for a batch, and the gradient that comes back.

    ``values`` is whatever the encoder hands out (a :class:`FloatsList` for token vectors).
    ``backward`` takes the summed gradient, flat, or is ``None`` when the encoder isn't trained.
    """

    __slots__ = ("backward", "gradient", "producer", "values")

    def __init__(
        self, producer: str, values: Any, backward: Callable[[Any], Any] | None = None
    ) -> None:
        self.producer = producer
        self.values = values
        self.backward = backward
        self.gradient: Any = None

    @property
    def wants_gradient(self) -> bool:
        """Whether anything is done with a gradient: a layer may save itself the work else."""
        return self.backward is not None

    def add(self, gradient: Any, factor: float = 1.0) -> None:
        """Add ``factor * gradient`` (flat, the shape of ``values.flat``). The caller's array is
        never kept or changed."""
        if self.backward is None or factor == 0.0:
            return
        if self.gradient is None:
            self.gradient = gradient * factor
        elif factor == 1.0:
            self.gradient += gradient
        else:
            self.gradient += gradient * factor


class Batch(list["Doc"]):
    """A ``list[Doc]`` that carries the features of shared encoders, and flat views of its tokens.

    It can be passed to any layer of type ``Model[list[Doc], ...]``. Don't change the list itself
    once a flat view was taken.
    """

    __slots__ = ("__dict__", "features")

    def __init__(self, docs: Iterable[Doc]) -> None:
        super().__init__(docs)
        self.features: dict[str, Feature] = {}

    @classmethod
    def of(cls, docs: Sequence[Doc]) -> Batch:
        """``docs`` itself when it is a batch, else a new batch of them."""
        return docs if isinstance(docs, cls) else cls(docs)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens in each document, shape ``(len(self),)``."""
        return np.fromiter((len(doc) for doc in self), dtype=np.int64, count=len(self))

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """Lexicon rows of all tokens, shape ``(n,)``. All documents must share one lexicon."""
        if not self:
            return np.zeros(0, dtype=np.int32)
        lexicon = self[0].lexicon
        if any(doc.lexicon is not lexicon for doc in self):
            texts = [text for doc in self for text in doc.words]
            return np.asarray(lexicon.rows_of(texts))
        return np.concatenate([doc.rows for doc in self])

    @cached_property
    def types(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Distinct lexicon rows in the batch, and for each token the index of its own among them:
        what depends on the word type alone is computed once for each type, then gathered."""
        types, inverse = np.unique(self.rows, return_inverse=True)
        return types, inverse

    def feature(self, producer: str, listener: str = "a listener") -> Feature:
        """The feature that ``producer`` wrote.

        Raises :class:`PipelineError` if it hasn't run on this batch.
        """
        try:
            return self.features[producer]
        except KeyError:
            have = ", ".join(map(repr, self.features)) or "none"
            raise PipelineError(
                f"{listener} needs the output of '{producer}', which hasn't run on these documents "
                f"(available: {have}). Put '{producer}' before the components that listen to it, "
                "and run the documents through the pipeline."
            ) from None

    def backward(self) -> None:
        """Give each encoder its summed gradient, last encoder first, each once. An encoder that
        nobody sent a gradient to is left alone."""
        for feature in reversed(list(self.features.values())):
            if feature.backward is not None and feature.gradient is not None:
                feature.backward(feature.gradient)
                feature.gradient = None
