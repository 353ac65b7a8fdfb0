"""Tokens and entity tags line by line: IOB, BILUO, CoNLL-2003."""

from __future__ import annotations

__all__: list[str] = []
