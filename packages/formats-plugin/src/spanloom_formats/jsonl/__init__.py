"""Annotated texts, one JSON object a line."""

from __future__ import annotations

__all__: list[str] = []
