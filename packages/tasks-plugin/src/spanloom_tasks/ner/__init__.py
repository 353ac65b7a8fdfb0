"""Entity recognizers: one by transitions, one by a beam of them."""

from __future__ import annotations

__all__: list[str] = []
