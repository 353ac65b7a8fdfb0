"""Lemmas by tables and rules: the component, its modes, and what single languages do."""

from __future__ import annotations

__all__: list[str] = []
