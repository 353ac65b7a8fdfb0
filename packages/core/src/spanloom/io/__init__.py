"""Files: written whole or not at all, read line by line, packed as msgpack; lazy imports.

This floor knows no documents and no configs; it imports only `spanloom.errors`.
"""

from __future__ import annotations

__all__: list[str] = []
