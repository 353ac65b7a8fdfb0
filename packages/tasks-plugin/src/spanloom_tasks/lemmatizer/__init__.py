"""Lemmas that are learnt: the component, and the trees of edits that it chooses from."""

from __future__ import annotations

__all__: list[str] = []
