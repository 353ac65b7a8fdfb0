"""Embedding layers and output layers of the neural components, as thinc models."""

from __future__ import annotations

from .character_embed import CharacterEmbed
from .combine import Embed, add, remap_ids
from .extract import FeatureExtractor
from .flat import flat_array
from .listener import (
    GradFactor,
    Link,
    Tok2VecListener,
    find_listeners,
    grad_factor_of,
    listened_feature,
    make_listener,
    step_grad_factors,
)
from .multi_hash import MultiHashEmbed
from .tagger import Tagger, Tagger_v1, best_classes
from .tok2vec import HashEmbedCNN, Tok2Vec, Tok2Vec_v1
from .window import (
    MaxoutWindowEncoder,
    MaxoutWindowEncoder_v1,
    MishWindowEncoder,
    MishWindowEncoder_v1,
)

__all__ = [
    "CharacterEmbed",
    "Embed",
    "FeatureExtractor",
    "GradFactor",
    "HashEmbedCNN",
    "Link",
    "MaxoutWindowEncoder",
    "MaxoutWindowEncoder_v1",
    "MishWindowEncoder",
    "MishWindowEncoder_v1",
    "MultiHashEmbed",
    "Tagger",
    "Tagger_v1",
    "Tok2Vec",
    "Tok2VecListener",
    "Tok2Vec_v1",
    "add",
    "best_classes",
    "find_listeners",
    "flat_array",
    "grad_factor_of",
    "listened_feature",
    "make_listener",
    "remap_ids",
    "step_grad_factors",
]
