"""Examples that are altered as they are read, so that a pipeline learns to bear what it didn't see.

What is made anew is the text; annotation follows its tokens.
"""

from __future__ import annotations

from .augmenters import (
    Augmenter,
    character_noise,
    combined_augmenter,
    lower_case,
    orth_variants_augmenter,
)

__all__ = [
    "Augmenter",
    "character_noise",
    "combined_augmenter",
    "lower_case",
    "orth_variants_augmenter",
]
