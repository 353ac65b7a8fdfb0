"""Documents as bytes: columns of a batch packed together, and ``.loom`` files of them."""

from __future__ import annotations

__all__: list[str] = []
