"""CoNLL-U, the format of Universal Dependencies treebanks."""

from __future__ import annotations

__all__: list[str] = []
