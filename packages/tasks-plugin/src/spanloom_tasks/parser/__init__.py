"""The dependency parser: arc-eager transitions, non-projective trees by lifting."""

from __future__ import annotations

__all__: list[str] = []
