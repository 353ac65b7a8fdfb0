"""Components that set entities and spans by patterns."""

from __future__ import annotations

__all__: list[str] = []
