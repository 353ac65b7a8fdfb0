"""The commands ``convert`` and ``debug data``."""

from __future__ import annotations

__all__: list[str] = []
