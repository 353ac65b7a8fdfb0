"""Examples: a predicted document beside its reference, with their tokens aligned."""

from __future__ import annotations

from .alignment import Alignment
from .example import Example
from .from_dict import get_words_and_spaces
from .offsets import MisalignedWarning

__all__ = ["Alignment", "Example", "MisalignedWarning", "get_words_and_spaces"]
