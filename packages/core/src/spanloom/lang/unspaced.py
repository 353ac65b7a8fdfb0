"""Languages whose scripts put no spaces between words: one token for each character."""

from __future__ import annotations

from .base import LanguageDefaults

__all__ = ["Burmese", "Chinese", "Japanese", "Khmer", "Lao", "Thai", "Tibetan", "Unspaced"]


class Unspaced(LanguageDefaults):
    """Base of the languages in this module."""

    spaced = False
    has_case = False


def _language(name: str, code: str) -> type[Unspaced]:
    fields = {"__doc__": f"{name}.", "__module__": __name__, "code": code}
    return type(name, (Unspaced,), fields)


Burmese = _language("Burmese", "my")
Chinese = _language("Chinese", "zh")
Japanese = _language("Japanese", "ja")
Khmer = _language("Khmer", "km")
Lao = _language("Lao", "lo")
Thai = _language("Thai", "th")
Tibetan = _language("Tibetan", "bo")
