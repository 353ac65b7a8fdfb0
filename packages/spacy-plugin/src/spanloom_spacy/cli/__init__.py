"""The commands ``languages import`` and ``languages list``."""

from __future__ import annotations

__all__: list[str] = []
