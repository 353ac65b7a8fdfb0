"""The ``tok2vec`` component: one token-to-vector layer for all components that listen to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..plugins.factory import component_defaults
from ..tokens.batch import Feature, FloatsList, flatten
from .base import Encoder

if TYPE_CHECKING:
    from ..layers.types import TokenModel
    from ..vocab.protocols import PipelineLike

__all__ = ["Tok2Vec", "make_tok2vec"]


class Tok2Vec(Encoder):
    """Holds a ``Model[list[Doc], list[Floats2d]]`` that others share."""

    idle_alone: ClassVar[bool] = True

    def feature_of(self, values: Any, backward: Callable[[Any], Any] | None = None) -> Feature:
        """The token vectors, whose gradient comes back flat, shape ``(n tokens, width)``."""
        if not isinstance(values, FloatsList):
            xp = self.model.ops.xp
            lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
            values = FloatsList(flatten(values, xp), lengths)
        if backward is None:
            return Feature(self.name, values)
        lengths = values.lengths
        return Feature(self.name, values, lambda flat: backward(FloatsList(flat, lengths)))


@component_defaults(
    {
        "model": {
            "@architectures": "spanloom.HashEmbedCNN.v2",
            "pretrained_vectors": None,
            "width": 96,
            "depth": 4,
            "embed_size": 2000,
            "window_size": 1,
            "maxout_pieces": 3,
            "subword_features": True,
        }
    }
)
def make_tok2vec(nlp: PipelineLike, name: str, model: TokenModel) -> Tok2Vec:
    """Factory of ``tok2vec``."""
    return Tok2Vec(nlp.vocab, model, name)
