"""The component ``readability``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spanloom import Doc, Pipeline

__all__ = ["Readability", "make_readability", "syllables"]

_VOWELS = re.compile(r"[aeiouy]+")


def syllables(word: str) -> int:
    """Syllables of an English word by its groups of vowels; 0 for what has no letter."""
    lower = word.lower()
    if not any(map(str.isalpha, lower)):
        return 0
    groups = len(_VOWELS.findall(lower))
    silent = lower.endswith("e") and not lower.endswith("le") and groups > 1
    return max(1, groups - silent)


class Readability:
    """Writes ``token._.syllables`` and ``doc._.reading_ease``.

    The score is 206.835 - 1.015 words/sentences - 84.6 syllables/words (Flesch 1948). A document
    without words has none.
    """

    def __init__(self, min_words: int) -> None:
        self.min_words = min_words

    def __call__(self, doc: Doc) -> Doc:
        """Annotate one document."""
        counts = [syllables(word) for word in doc.words]
        for token, count in zip(doc, counts, strict=True):
            token._.syllables = count
        words = sum(count > 0 for count in counts)
        if words >= self.min_words:
            sentences = len(list(doc.sents)) if doc.has_annotation("SENT_START") else 1
            ease = 206.835 - 1.015 * words / sentences - 84.6 * sum(counts) / words
            doc._.reading_ease = round(ease, 2)
        return doc


def make_readability(nlp: Pipeline, name: str, min_words: int = 1) -> Readability:
    """Factory of ``readability``. Texts with fewer words than ``min_words`` get no score."""
    return Readability(max(1, min_words))
