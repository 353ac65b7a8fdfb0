"""Token-to-vector models: an embedding of words, and an encoder of their context."""

from __future__ import annotations

from typing import Any

from thinc.api import Model, chain
from thinc.types import Floats2d

from ..tokens import Doc
from .multi_hash import MultiHashEmbed
from .window import MaxoutWindowEncoder, windowed

__all__ = ["HashEmbedCNN", "Tok2Vec", "Tok2Vec_v1"]


def Tok2Vec(
    embed: Model[list[Doc], list[Floats2d]], encode: Model[list[Floats2d], list[Floats2d]]
) -> Model[list[Doc], list[Floats2d]]:
    """Vectors of tokens in context: ``encode`` over what ``embed`` gives for each word.

    The references ``embed`` and ``encode`` lead to the two parts.
    """
    model: Model[Any, Any] = chain(embed, encode)
    if encode.has_dim("nO"):
        model.set_dim("nO", encode.get_dim("nO"))
    model.set_ref("embed", embed)
    model.set_ref("encode", encode)
    return model


def Tok2Vec_v1(
    embed: Model[list[Doc], list[Floats2d]], encode: Model[Floats2d, Floats2d]
) -> Model[list[Doc], list[Floats2d]]:
    """As :func:`Tok2Vec`, for the window encoders of version 1."""
    model: Model[Any, Any] = chain(embed, windowed(encode))
    model.set_dim("nO", encode.get_dim("nO"))
    model.set_ref("embed", embed)
    model.set_ref("encode", encode)
    return model


def HashEmbedCNN(
    *,
    width: int = 96,
    depth: int = 4,
    embed_size: int = 2000,
    window_size: int = 1,
    maxout_pieces: int = 3,
    subword_features: bool = True,
    pretrained_vectors: bool | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """The standard model: hash embedding, then a window encoder of maxout.

    ``embed_size`` is the number of rows for ``NORM``; with ``subword_features`` prefix, suffix and
    shape get half of it each (not useful where most words are one character).
    ``pretrained_vectors`` is ``include_static_vectors`` of :func:`MultiHashEmbed`.
    """
    attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"] if subword_features else ["NORM"]
    rows = [embed_size, *[embed_size // 2] * (len(attrs) - 1)]
    return Tok2Vec(
        MultiHashEmbed(width, attrs, rows, bool(pretrained_vectors)),
        MaxoutWindowEncoder(width, window_size, maxout_pieces, depth),
    )
