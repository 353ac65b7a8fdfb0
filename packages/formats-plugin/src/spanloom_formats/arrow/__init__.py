"""Arrow and Parquet: tables of documents, ours and those of other tools."""

from __future__ import annotations

__all__: list[str] = []
