"""Base noun phrases: the rules of languages, and the trees that they look at."""

from __future__ import annotations

__all__: list[str] = []
