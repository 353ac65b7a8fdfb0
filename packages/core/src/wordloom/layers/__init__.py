"""Embedding layers and output layers of the neural components, as thinc models."""

from __future__ import annotations

from .flat import flat_array
from .window import (
    MaxoutWindowEncoder,
    MaxoutWindowEncoder_v1,
    MishWindowEncoder,
    MishWindowEncoder_v1,
)

__all__ = [
    "MaxoutWindowEncoder",
    "MaxoutWindowEncoder_v1",
    "MishWindowEncoder",
    "MishWindowEncoder_v1",
    "flat_array",
]
