"""What the components that choose actions share: their base, and the model that scores states."""

from __future__ import annotations

__all__: list[str] = []
