"""Examples: a predicted document beside its reference, with their tokens aligned."""

from __future__ import annotations

from .alignment import Alignment
from .example import Example

__all__ = ["Alignment", "Example"]
