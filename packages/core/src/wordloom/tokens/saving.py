"""Documents as bytes, JSON and files."""

from __future__ import annotations

__all__ = ["SavingMixin"]


class SavingMixin:
    """The part of :class:`~wordloom.tokens.Doc` that saves and reads."""

    __slots__ = ()
