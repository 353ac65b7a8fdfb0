"""The neutral language, for text of many languages or of one without rules of its own."""

from __future__ import annotations

from .base import LanguageDefaults

__all__ = ["MultiLanguage"]


class MultiLanguage(LanguageDefaults):
    """Rules that suit any language written with spaces."""
