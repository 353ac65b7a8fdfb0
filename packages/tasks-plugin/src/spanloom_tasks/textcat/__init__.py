"""Text classifiers: the component, its models, its scores."""

from __future__ import annotations

__all__: list[str] = []
