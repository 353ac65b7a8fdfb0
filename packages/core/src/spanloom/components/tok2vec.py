"""The ``tok2vec`` component: one token-to-vector layer for all components that listen to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..plugins.factory import NewConfig, component_defaults
from ..tokens.batch import Feature, FloatsList, flatten
from .encoder import Encoder

if TYPE_CHECKING:
    from ..layers.types import TokenModel
    from ..vocab.protocols import PipelineLike

__all__ = ["TOK2VEC_MODEL", "Tok2Vec", "make_tok2vec"]

TOK2VEC_MODEL: dict[str, Any] = {
    "@architectures": "spanloom.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 96,
    "depth": 4,
    "embed_size": 2000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}
"""Default encoder, shared or of one component."""

#: Sizes of the layer in new configs: what it costs grows with width times width times depth.
_SIZES: Mapping[str, Mapping[str, int]] = {
    "efficiency": {"width": 96, "depth": 4},
    "accuracy": {"width": 256, "depth": 8},
}

#: Where the width of the shared layer stands in new configs.
_WIDTH = "${components.tok2vec.model.encode.width}"


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


def init_config(config: dict[str, Any], asked: NewConfig) -> None:
    """A layer of the size that was asked for, with the features of a table if there is one."""
    config["components"][asked.encoder]["model"] = {
        "@architectures": "spanloom.Tok2Vec.v2",
        "embed": {
            "@architectures": "spanloom.MultiHashEmbed.v2",
            "width": _WIDTH,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": [5000, 1000, 2500, 2500],
            "include_static_vectors": asked.vectors is not None,
        },
        "encode": {
            "@architectures": "spanloom.MaxoutWindowEncoder.v2",
            **_SIZES[asked.optimize],
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }


@component_defaults(
    {"model": TOK2VEC_MODEL},
    listener={
        "@architectures": "spanloom.Tok2VecListener.v1",
        "width": _WIDTH,
        "upstream": "tok2vec",
    },
    init_config=init_config,
)
def make_tok2vec(nlp: PipelineLike, name: str, model: TokenModel) -> Tok2Vec:
    """Factory of ``tok2vec``."""
    return Tok2Vec(nlp.vocab, model, name)
