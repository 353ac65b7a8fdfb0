"""Languages whose scripts put no spaces between words: one token for each character."""

from __future__ import annotations

from .base import LanguageDefaults

__all__ = ["Burmese", "Chinese", "Japanese", "Khmer", "Lao", "Thai", "Tibetan", "Unspaced"]


class Unspaced(LanguageDefaults):
    """Base of the languages in this module."""

    spaced = False
    has_case = False


class Burmese(Unspaced):
    """Burmese."""

    code = "my"


class Chinese(Unspaced):
    """Chinese."""

    code = "zh"


class Japanese(Unspaced):
    """Japanese."""

    code = "ja"


class Khmer(Unspaced):
    """Khmer."""

    code = "km"


class Lao(Unspaced):
    """Lao."""

    code = "lo"


class Thai(Unspaced):
    """Thai."""

    code = "th"


class Tibetan(Unspaced):
    """Tibetan."""

    code = "bo"
