"""Spans that may overlap: what finds them, what labels them, and what suggests them."""

from __future__ import annotations

__all__: list[str] = []
