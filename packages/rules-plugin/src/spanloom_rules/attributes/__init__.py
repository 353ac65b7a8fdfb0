"""Attributes of tokens by pattern: the component, the patterns that are looked up, what is set."""

from __future__ import annotations

__all__: list[str] = []
