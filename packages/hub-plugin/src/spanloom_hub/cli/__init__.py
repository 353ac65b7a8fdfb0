"""The commands ``package`` and ``download``."""

from __future__ import annotations

__all__: list[str] = []
