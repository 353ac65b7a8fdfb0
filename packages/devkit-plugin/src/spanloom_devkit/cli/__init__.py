"""The commands ``plugins doctor`` and ``plugins new``."""

from __future__ import annotations

__all__: list[str] = []
